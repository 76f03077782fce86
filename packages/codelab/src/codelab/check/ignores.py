"""The patterns of an ignore file, such as .gitignore, and the line of it that leaves a file out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


@dataclass(frozen=True)
class IgnoreLine:
    """A line of an ignore file that is a pattern."""

    file: str
    number: int
    pattern: str


@dataclass(frozen=True)
class Ignored:
    """What these lines leave out, read in their order. `from_root`: as in .dockerignore, all begin at the folder."""

    lines: tuple[IgnoreLine, ...]
    from_root: bool = False

    @cached_property
    def _spec(self) -> GitIgnoreSpec:
        # Imported here: most copies have no such file.
        from pathspec import GitIgnoreSpec

        return GitIgnoreSpec.from_lines(self._patterns())

    def _patterns(self) -> Iterable[str]:
        """Yield the pattern of each line; an empty one for a line that git skips too."""
        from pathspec import GitIgnoreSpec

        for line in self.lines:
            pattern = line.pattern
            if self.from_root:
                pattern = f"{'!' * pattern.startswith('!')}/{pattern.lstrip('!/')}"
            try:
                GitIgnoreSpec.from_lines([pattern])
            except ValueError:
                pattern = ""
            yield pattern

    def find_reason(self, file: str) -> IgnoreLine | None:
        """Return the line that leaves this file out; None if it is taken in."""
        if not self.lines:
            return None
        found = self._spec.check_file(file)
        return self.lines[found.index] if found.include and found.index is not None else None


def read_ignore_lines(file: str, text: str) -> list[IgnoreLine]:
    """Return the lines of an ignore file that are patterns."""
    lines = ((number, line.strip()) for number, line in enumerate(text.splitlines(), 1))
    return [IgnoreLine(file, number, line) for number, line in lines if line and not line.startswith("#")]

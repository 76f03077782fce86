"""The course on disk: its modules and tracks, found by the names that people type."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from codelab.errors import CodelabError
from codelab.invocation import suggest
from codelab.readme.model import Codelab, Page, Track
from codelab.readme.parser import read_codelab, read_page
from codelab.readme.sections import NEXT
from codelab.readme.trees import held

_NUMBER = re.compile(r"mod(\d+)-")
_LINK_TO_MODULE = re.compile(r"\]\(\.\./(mod\d+-[\w-]+)/README\.md\)")


@dataclass(frozen=True)
class TrackRef:
    """A track together with its codelab: its name, its folders, and the learner's copy."""

    codelab: Codelab
    track: Track

    @property
    def is_main(self) -> bool:
        """True for the module's first track, from START to FINISH."""
        return self.track is self.codelab.tracks[0]

    @property
    def introduction(self) -> str:
        """The Markdown that introduces the track: the README's introduction for the main one, else the track's own."""
        return self.codelab.introduction if self.is_main else self.track.text

    @property
    def name(self) -> str:
        """The name that commands take: "mod2-cloudndb" for the main track, else "mod2-cloudndb/FINISH"."""
        module = self.codelab.module
        return module if self.is_main else f"{module}/{self.track.start}"

    @property
    def root(self) -> Path:
        """The folder of the course."""
        return self.codelab.readme.parent.parent

    @property
    def copy(self) -> Path:
        """The learner's folder, as in work/mod2-cloudndb or work/mod2-cloudndb-FINISH."""
        return self.root / "work" / self.name.replace("/", "-")

    @property
    def start(self) -> Path:
        """The folder that the track starts from."""
        return self.codelab.readme.parent / self.track.start

    @property
    def finish(self) -> Path:
        """The folder that the track ends with."""
        return self.codelab.readme.parent / self.track.finish


class Course:
    """The modules below a folder. Raises CodelabError if there are none."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._codelabs: dict[tuple[str, int], Codelab] = {}
        if not self.modules:
            raise CodelabError(f"{root}: no modules here; a module is a folder such as mod1-flask with a README.md")

    @cached_property
    def modules(self) -> list[str]:
        """The modules' folders by their number."""
        found = [path.parent.name for path in self.root.glob("mod*-*/README.md") if _NUMBER.match(path.parent.name)]
        return sorted(found, key=lambda name: (int(_NUMBER.findall(name)[0]), name))

    def codelab(self, module: str) -> Codelab:
        """Return a module's codelab; it is read once for each version of its README.

        Raises CodelabError if the README is missing, as while a branch is checked out, or breaks the grammar.
        """
        readme = held(self.root, f"{module}/README.md")
        try:
            version = (module, readme.stat().st_mtime_ns)
        except OSError as error:
            raise CodelabError(f"{module}/README.md: this codelab cannot be read ({error.strerror})") from error
        if version not in self._codelabs:
            self._codelabs[version] = read_codelab(readme)
        return self._codelabs[version]

    def other_pages(self) -> Iterator[Page]:
        """Yield the pages beside the codelabs."""
        for path in self._other_paths():
            yield read_page(path, self.root)

    def other_page(self, name: str) -> Page | None:
        """Return the page of this name beside the codelabs, as in "docs/support.md"; None if there is none."""
        found = next((path for path in self._other_paths() if path.relative_to(self.root).as_posix() == name), None)
        return read_page(found, self.root) if found else None

    def _other_paths(self) -> list[Path]:
        return sorted(
            [
                *self.root.glob("*.md"),
                *self.root.glob("docs/*.md"),
                *self.root.glob("one-app/*.md"),
                *self.root.glob("examples/*.md"),
            ]
        )

    def tracks(self) -> Iterator[TrackRef]:
        """Yield every track of every module, the main ones first in theirs."""
        for module in self.modules:
            codelab = self.codelab(module)
            yield from (TrackRef(codelab, track) for track in codelab.tracks)

    def track(self, name: str) -> TrackRef:
        """Return the track that a person means by "mod2", "mod2-cloudndb", "mod2-cloudndb/FINISH" or its copy's path.

        Raises CodelabError, with the names there are, for any other.
        """
        wanted = name.rstrip("/").removeprefix("work/")
        module, _, start = wanted.partition("/")
        if found := self._module(module):
            codelab = self.codelab(found)
            for track in codelab.tracks:
                if track.start == (start or "START"):
                    return TrackRef(codelab, track)
            starts = ", ".join(f"{codelab.module}/{track.start}" for track in codelab.tracks)
            raise CodelabError(f'"{name}": no codelab starts from this folder; choose one of {starts}')
        for ref in self.tracks():
            if ref.copy.name == wanted:
                return ref
        raise self._no_module(name)

    def module(self, name: str) -> str:
        """Return the module that a person means by "mod2" or "mod2-cloudndb/"; raises CodelabError for any other."""
        found = self._module(name.rstrip("/"))
        if not found:
            raise self._no_module(name)
        return found

    def _module(self, name: str) -> str | None:
        return next((known for known in self.modules if name in (known, known.partition("-")[0])), None)

    def _no_module(self, name: str) -> CodelabError:
        return CodelabError(
            f'"{name}": no such module; choose one of {", ".join(self.modules)} (`{suggest("list")}` shows all tracks)'
        )

    def after(self, ref: TrackRef) -> TrackRef | None:
        """Return the track to continue with: the one that begins where this one ends, else the README's next module."""
        for track in ref.codelab.tracks:
            if track.start == ref.track.finish:
                return TrackRef(ref.codelab, track)
        text = ref.codelab.section(NEXT).text.partition("Next: ")[2]
        module = _LINK_TO_MODULE.search(text)
        return self.track(module[1]) if module else None


def find_course(directory: Path) -> Course:
    """Return the course that a directory lies in; from anywhere else, the one this package is part of.

    Raises CodelabError if there is neither, as with an installed package and a directory outside any course.
    """
    for candidate in [directory, *directory.parents, *Path(__file__).parents]:
        # A copy in work/ has the name of its module, but neither a README nor a START.
        if (candidate / "mod1-flask" / "README.md").is_file() and (candidate / "mod1-flask" / "START").is_dir():
            return Course(candidate)
    raise CodelabError(f"{directory}: no codelabs here; go to your clone of the repository, where mod1-flask is")

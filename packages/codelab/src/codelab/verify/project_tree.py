"""Checks the project tree of a codelab: it shows FINISH as it is, and says what each file is for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from codelab.errors import Problem
from codelab.readme.model import Codelab, Fence
from codelab.readme.sections import HAVE
from codelab.readme.trees import read_tree

TREE = "tree"
# The lines of the drawing, the name, and the remark behind "# ".
_ENTRY = re.compile(r"((?:│   |    )*)(?:├── |└── )(\S+)(?: +# (.+))?")
_EXAMPLE = '"├── NAME  # what it is for"'


@dataclass(frozen=True)
class _Entry:
    """A line of the tree: a file, or a folder if its name ends in "/"."""

    line: int
    depth: int
    name: str
    remark: str | None
    text: str


def check_project_tree(codelab: Codelab) -> Iterator[Problem]:
    """Yield a problem for each line of a tree that is not as the folder is, and for a codelab without one of FINISH."""
    section = codelab.section(HAVE)
    trees = codelab.page.fences_in(TREE)
    wanted = f"{codelab.module}/{codelab.tracks[0].finish}"
    if not any(fence in section.fences and fence.text.startswith(f"{wanted}\n") for fence in trees):
        text = f'this section needs a ```tree fence that begins with "{wanted}"'
        yield Problem(codelab.page.name, section.line, text)
    for fence in trees:
        yield from _check(codelab, fence)


def _check(codelab: Codelab, fence: Fence) -> Iterator[Problem]:
    page = codelab.page.name
    folder = fence.text.partition("\n")[0]
    folders = {f"{codelab.module}/{name}" for track in codelab.tracks for name in (track.start, track.finish)}
    if folder not in folders:
        known = ", ".join(sorted(folders))
        yield Problem(page, fence.line + 1, f'a tree begins with a folder of this module, not with "{folder}": {known}')
        return
    entries = []
    for number, line in list(fence.numbered_lines())[1:]:
        found = _ENTRY.fullmatch(line)
        if not found:
            yield Problem(page, number, f"write a line of a tree as {_EXAMPLE}")
            return
        entries.append(_Entry(number, len(found[1]) // 4, found[2], found[3], line))
    yield from _check_files(codelab, fence, folder, entries)
    for entry, drawn in zip(entries, _drawn(entries), strict=True):
        if not entry.text.startswith(f"{drawn}{entry.name}"):
            yield Problem(page, entry.line, f'draw this line as "{drawn}{entry.name}"')


def _check_files(codelab: Codelab, fence: Fence, folder: str, entries: list[_Entry]) -> Iterator[Problem]:
    page = codelab.page.name
    there = set(read_tree(codelab.readme.parent / folder.partition("/")[2]))
    shown = set()
    parents: list[str] = []
    for entry in entries:
        parents = [*parents[: entry.depth], entry.name]
        path = "".join(parents)
        if entry.name.endswith("/"):
            if not any(file.startswith(path) for file in there):
                yield Problem(page, entry.line, f"{folder} has no folder {path}")
            continue
        shown.add(path)
        if path not in there:
            yield Problem(page, entry.line, f"{folder} has no file {path}")
        elif not entry.remark:
            yield Problem(page, entry.line, f'say behind "# " what {path} is for')
    for path in sorted(there - shown):
        yield Problem(page, fence.line, f"this tree lacks {path}")


def _drawn(entries: list[_Entry]) -> Iterator[str]:
    """Yield the lines that connect each entry with its folder."""
    for number, entry in enumerate(entries):
        following = entries[number + 1 :]
        *above, last = (_continues(following, depth) for depth in range(entry.depth + 1))
        yield "".join("│   " if goes_on else "    " for goes_on in above) + ("├── " if last else "└── ")


def _continues(following: list[_Entry], depth: int) -> bool:
    """Return whether the folder at this depth has a further entry."""
    return next((entry.depth == depth for entry in following if entry.depth <= depth), False)

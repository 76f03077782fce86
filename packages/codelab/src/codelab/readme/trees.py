"""Folders as data: a tree is the text of each file by its path, and a diff leads from one tree to the next."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from unidiff.constants import LINE_TYPE_NO_NEWLINE
from unidiff.errors import UnidiffParseError
from unidiff.patch import Hunk, PatchedFile, PatchSet

from codelab.errors import CodelabError, Problem, ReadmeError
from codelab.readme.model import Codelab, Fence, Track
from localcloud.files.paths import OutsideError, format_name, parse_relative_path, resolve_inside
from localcloud.files.reading import MAX_BYTES, NotReadError, check_is_file, read_file, recode_utf16

Tree = Mapping[str, str]

MAX_FILES = 500
MAX_DEPTH = 20
# Of all files together; what comes after is named and not read.
MAX_TREE_BYTES = 5 * MAX_BYTES

# A folder of such a name is in the place of a file of the course.
_NAMES_A_FILE = re.compile(r"(^|/)(\w+\.(py|html|txt|yaml)|Dockerfile|Procfile)$")
# Left behind by running, installing and looking at an app; no part of it.
_LEFT_BEHIND = {"__pycache__", ".git", ".venv", ".DS_Store", ".idea", ".pytest_cache", ".vscode", "lib", "node_modules"}
# pip reads its requirements in UTF-16, too: PowerShell's `>` writes it.
_PIP_READS = ".txt"
_ONLY_DIFFS = 'expected a diff that begins with "--- a/FILE" and "+++ b/FILE"'


class Unread(str):
    """The text that a tree has for a file that is not read, and the reason."""

    __slots__ = ("expected", "found")

    def __new__(cls, reason: NotReadError) -> Unread:
        """Make the text from the reason."""
        text = super().__new__(cls, f"(not read: {reason})")
        text.expected, text.found = reason.expected, reason.found
        return text

    expected: str
    found: str


def read_tree(folder: Path) -> dict[str, str]:
    """Return the folder's files; bytes that are not UTF-8 become U+FFFD.

    A file that is too large or binary, a named pipe, and a link out of the folder are an `Unread`. Raises
    CodelabError if there is no such folder, or it holds too many files.
    """
    if not folder.is_dir():
        raise CodelabError(f"{folder}: no such folder")
    tree: dict[str, str] = {}
    size = 0
    for name in sorted(_files(folder), key=lambda name: name.split("/")):
        text = _text(folder, name, MAX_TREE_BYTES - size)
        if text is not None:
            size += len(text)
            tree[format_name(name)] = text
    return tree


def _files(folder: Path) -> Iterator[str]:
    """Yield the paths of all files below the folder, and of folders that have the name of a file."""
    waiting = [""]
    count = 0
    while waiting:
        below = waiting.pop()
        try:
            entries = list(os.scandir(folder / below))
        except OSError as error:
            raise CodelabError(f"{folder / below}: this folder cannot be read ({error.strerror})") from error
        for entry in entries:
            if entry.name in _LEFT_BEHIND or entry.name.endswith(".pyc"):
                continue
            name = f"{below}{entry.name}"
            is_folder = entry.is_dir(follow_symlinks=False)
            if is_folder:
                waiting.append(f"{name}/")
            if not is_folder or _NAMES_A_FILE.search(name):
                yield name
            count += 1
            if count > MAX_FILES or name.count("/") >= MAX_DEPTH:
                raise CodelabError(
                    f"{format_name(str(folder / name))}: a copy has at most {MAX_FILES} files in folders {MAX_DEPTH} "
                    "deep; move what is no part of the app somewhere else"
                )


def _text(folder: Path, name: str, left: int) -> str | None:
    """Return one file's text in the tree; None for a link to a folder and for one to nowhere."""
    path = folder / name
    try:
        if path.is_symlink():
            _refuse_link_outside(folder, name)
            if not path.exists() or path.is_dir():
                return None
        if stat.S_ISDIR(path.lstat().st_mode):
            check_is_file(path.lstat().st_mode)
        content = read_file(path)
        if len(content) > left:
            raise NotReadError(f"at most {MAX_TREE_BYTES:,} bytes in all files together", "more")
        if name.endswith(_PIP_READS):
            with suppress(UnicodeDecodeError):
                content = recode_utf16(content)
        if b"\0" in content:
            raise NotReadError("a text file", "a binary one")
    except NotReadError as error:
        return Unread(error)
    except OSError as error:
        return Unread(NotReadError("a file that can be read", str(error.strerror)))
    return content.decode(errors="replace")


def _refuse_link_outside(folder: Path, name: str) -> None:
    try:
        resolve_inside(folder, name)
    except OutsideError as error:
        target = format_name(os.readlink(folder / name))
        raise NotReadError("a file of this folder", f"a link out of it, to {target}") from error


def write_tree(tree: Tree, folder: Path) -> None:
    """Write these files into the folder; others in it stay.

    Raises CodelabError, with nothing written, for a name that leads out of the folder, and if something that is no file
    has the name.
    """
    places = {name: place_in(folder, name) for name in tree}
    for name, text in tree.items():
        path = places[name]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


def place_in(folder: Path, name: str) -> Path:
    """Return where a file of a tree lies in the folder; raises CodelabError if that is elsewhere, or no file."""
    path = held(folder, name)
    try:
        if path.exists():
            check_is_file(path.stat().st_mode)
    except NotReadError as error:
        raise CodelabError(f"{format_name(str(path))}: {error}; move it away") from error
    return path


def held(folder: Path, name: str) -> Path:
    """Return the path of a name below a folder; raises CodelabError for a name that leads out of it."""
    try:
        return resolve_inside(folder, name)
    except OutsideError as error:
        raise CodelabError(f"{format_name(str(folder))}: {error}") from error


def step_trees(codelab: Codelab, track: Track) -> list[dict[str, str]]:
    """Return START and what it is after each step: one tree more than there are steps.

    Raises ReadmeError for a diff that does not apply exactly where it says.
    """
    tree = read_tree(held(codelab.readme.parent, track.start))
    trees = [tree]
    for step in track.steps:
        for diff in step.diffs:
            tree = apply_diff(tree, diff, codelab.page.name)
        trees.append(tree)
    return trees


def apply_diff(tree: Tree, diff: Fence, readme: str) -> dict[str, str]:
    """Return the tree with a diff applied: at the very lines it names, with no fuzz.

    Raises ReadmeError, with the line of the README, where it cannot be.
    """

    def problem(line: int | None, text: str) -> ReadmeError:
        return ReadmeError([Problem(readme, diff.line + (line or 0), text)])

    try:
        files = PatchSet(diff.text)
    except UnidiffParseError as error:
        reason = " ".join(str(error).split())
        raise problem(0, f"this diff is cut off, or its @@ lines count wrongly ({reason})") from error
    if not files:
        raise problem(0, 'this fence has no diff; begin one with "--- a/FILE" and "+++ b/FILE"')
    result = dict(tree)
    for file in files:
        line = _line_of(file[0]) - 2 if file else 0
        try:
            old, new = _path(file.source_file, "a/"), _path(file.target_file, "b/")
        except OutsideError as error:
            raise problem(line, f"{error}; name a file of the app") from error
        if "" in (old, new):
            raise problem(line, f'{_ONLY_DIFFS}, found "{file.source_file}" and "{file.target_file}"')
        if old and old not in result:
            raise problem(line, f"this diff changes {old}, which does not exist at this step")
        if new and new != old and new in result:
            raise problem(line, f"this diff creates {new}, which exists already at this step")
        lines = result.pop(old).splitlines(keepends=True) if old else []
        text = _patched(lines, file, problem)
        if new:
            result[new] = text
        elif text:
            raise problem(line, f"this diff deletes {old}, but leaves lines of it")
    return dict(sorted(result.items()))


def _path(name: str, prefix: str) -> str | None:
    """Return the path in a header of a diff, None for /dev/null, and "" where the prefix is missing.

    Raises OutsideError for a path that does not stay in the folder.
    """
    if name == "/dev/null":
        return None
    return parse_relative_path(name.removeprefix(prefix)).as_posix() if name.startswith(prefix) else ""


def _line_of(hunk: Hunk) -> int:
    """Return the line of a hunk's head in its diff; a file's head is in the two lines before the first."""
    first: int | None = hunk[0].diff_line_no
    return (first or 1) - 1


def _patched(lines: list[str], file: PatchedFile, problem: Callable[[int | None, str], ReadmeError]) -> str:
    result: list[str] = []
    done = 0
    for hunk in file:
        # An empty range is given by the line before it: that is how a diff says where lines are added.
        before = hunk.source_start - (hunk.source_length > 0)
        last = _line_of(hunk)
        result += lines[done:before]
        done = before
        if hunk.target_start - (hunk.target_length > 0) != len(result):
            expected_start = len(result) + (hunk.target_length > 0)
            raise problem(_line_of(hunk), f"expected +{expected_start} in @@, found +{hunk.target_start}")
        for line in hunk:
            # The note that a line end is missing has no number of its own.
            last = line.diff_line_no or last
            if line.is_context or line.is_removed:
                found = lines[done] if done < len(lines) else "the end of the file"
                if found != line.value:
                    expected, found = line.value.rstrip("\n"), found.rstrip("\n")
                    raise problem(
                        line.diff_line_no,
                        f'expected line {done + 1} of {file.path} to be "{expected}", found "{found}"',
                    )
                done += 1
            if line.is_context or line.is_added:
                result.append(line.value)
            if line.line_type == LINE_TYPE_NO_NEWLINE:
                raise problem(last, f"{file.path} has to end with a line end")
    return "".join(result + lines[done:])

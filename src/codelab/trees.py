"""Folders as data: a tree is the text of each file by its path, and a diff leads from one tree to the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from unidiff.constants import LINE_TYPE_NO_NEWLINE
from unidiff.errors import UnidiffParseError
from unidiff.patch import Hunk, PatchedFile, PatchSet

from codelab.errors import CodelabError, Problem, ReadmeError
from codelab.model import Codelab, Fence, Track

Tree = Mapping[str, str]

# What running, installing and looking at a folder leaves in it, which is no part of the app.
_LEFT_BEHIND = {"__pycache__", ".git", ".venv", ".DS_Store", ".idea", ".pytest_cache", ".vscode", "lib", "node_modules"}
_ONLY_DIFFS = 'expected a diff that begins with "--- a/FILE" and "+++ b/FILE"'


def read_tree(folder: Path) -> dict[str, str]:
    """Return the folder's files; bytes that are no UTF-8 become U+FFFD, so that no file stops the reading.

    Raises CodelabError if there is no such folder, or a file cannot be read.
    """
    if not folder.is_dir():
        raise CodelabError(f"{folder}: expected a folder with an app, found none")
    tree = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if _LEFT_BEHIND.isdisjoint(name.parts) and path.suffix != ".pyc" and path.is_file():
            try:
                tree[name.as_posix()] = path.read_bytes().decode(errors="replace")
            except OSError as error:
                raise CodelabError(f"{path}: expected a file that can be read ({error.strerror})") from error
    return tree


def write_tree(tree: Tree, folder: Path) -> None:
    """Write these files into the folder; others in it stay."""
    for name, text in tree.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


def step_trees(codelab: Codelab, track: Track) -> list[dict[str, str]]:
    """Return START and what it is after each step: one tree more than there are steps.

    Raises ReadmeError for a diff that does not apply exactly where it says.
    """
    tree = read_tree(codelab.readme.parent / track.start)
    trees = [tree]
    for step in track.steps:
        for diff in step.diffs:
            tree = apply_diff(tree, diff, f"{codelab.module}/{codelab.readme.name}")
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
        raise problem(0, f"{_ONLY_DIFFS}, found one that is cut or miscounted ({error})") from error
    if not files:
        raise problem(0, f"{_ONLY_DIFFS}, found none")
    result = dict(tree)
    for file in files:
        old, new = _path(file.source_file, "a/"), _path(file.target_file, "b/")
        line = _line_of(file[0]) - 2 if file else 0
        if "" in (old, new):
            raise problem(line, f'{_ONLY_DIFFS}, found "{file.source_file}" and "{file.target_file}"')
        if old and old not in result:
            raise problem(line, f"expected {old} to change, and there is no such file at this step")
        if new and new != old and new in result:
            raise problem(line, f"expected {new} to be new, and it exists already at this step")
        lines = result.pop(old).splitlines(keepends=True) if old else []
        text = _patched(lines, file, problem)
        if new:
            result[new] = text
        elif text:
            raise problem(line, f"expected {old} to be deleted, and the diff leaves lines of it")
    return dict(sorted(result.items()))


def _path(name: str, prefix: str) -> str | None:
    """Return the path in a header of a diff, None for /dev/null, and "" where the prefix is missing."""
    if name == "/dev/null":
        return None
    return name.removeprefix(prefix) if name.startswith(prefix) else ""


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
        result += lines[done:before]
        done = before
        if hunk.target_start - (hunk.target_length > 0) != len(result):
            expected_start = len(result) + (hunk.target_length > 0)
            raise problem(_line_of(hunk), f"expected +{expected_start} in @@, found +{hunk.target_start}")
        for line in hunk:
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
                raise problem(line.diff_line_no, f"expected {file.path} to end in a line end, found none")
    return "".join(result + lines[done:])

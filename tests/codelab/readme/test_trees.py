"""Folders as trees, and the diffs between them: applied exactly where they say, or refused with a line and a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from codelab.errors import CodelabError, ReadmeError
from codelab.readme import Fence, read_tree, write_tree
from codelab.readme.trees import apply_diff

TREE = {"main.py": "one\ntwo\nthree\n"}
CHANGE = "--- a/main.py\n+++ b/main.py\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n"


@pytest.mark.parametrize(
    ("diff", "result"),
    [
        (CHANGE, {"main.py": "one\n2\nthree\n"}),
        ("--- /dev/null\n+++ b/a/new.txt\n@@ -0,0 +1 @@\n+new\n", {**TREE, "a/new.txt": "new\n"}),
        ("--- a/main.py\n+++ /dev/null\n@@ -1,3 +0,0 @@\n-one\n-two\n-three\n", {}),
        (
            "diff --git a/main.py b/app.py\nrename from main.py\nrename to app.py\n"
            "--- a/main.py\n+++ b/app.py\n@@ -3 +3 @@\n-three\n+3\n",
            {"app.py": "one\ntwo\n3\n"},
        ),
    ],
    ids=["a change", "a new file", "a deleted file", "a renamed file"],
)
def test_diff_is_applied(diff: str, result: dict[str, str]) -> None:
    assert apply_diff(TREE, Fence(10, "diff", diff), "README.md") == result


@pytest.mark.parametrize(
    ("diff", "line", "message"),
    [
        ("no diff\n", 10, "this fence has no diff"),
        (CHANGE.replace("@@ -1,2 +1,2", "@@ -1,3 +1,3"), 10, "cut off, or its @@ lines count wrongly"),
        (CHANGE.replace("a/main.py", "main.py"), 11, 'found "main.py" and "b/main.py"'),
        (CHANGE.replace("b/main.py", "b/../main.py"), 11, "name a file of the app"),
        (CHANGE.replace("main.py", "app.py"), 11, "this diff changes app.py, which does not exist at this step"),
        (
            "--- /dev/null\n+++ b/main.py\n@@ -0,0 +1 @@\n+new\n",
            11,
            "this diff creates main.py, which exists already at this step",
        ),
        (
            "--- a/main.py\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-one\n-two\n",
            11,
            "this diff deletes main.py, but leaves lines of it",
        ),
        (CHANGE.replace("-two", "-deux"), 15, 'expected line 2 of main.py to be "deux", found "two"'),
        (CHANGE.replace("+1,2", "+2,2"), 13, "expected +1 in @@, found +2"),
        (CHANGE + "\\ No newline at end of file\n", 16, "main.py has to end with a line end"),
    ],
)
def test_diff_that_does_not_apply_is_named_with_its_line(diff: str, line: int, message: str) -> None:
    with pytest.raises(ReadmeError) as raised:
        apply_diff(TREE, Fence(10, "diff", diff), "mod/README.md")
    (problem,) = raised.value.problems
    assert (problem.file, problem.line) == ("mod/README.md", line)
    assert message in problem.text


def test_tree_is_written_and_read_again(tmp_path: Path) -> None:
    tree = {"a/b.txt": "b\n", "c.txt": "ü\n"}
    write_tree(tree, tmp_path)
    assert read_tree(tmp_path) == tree


def test_what_running_an_app_leaves_behind_is_not_read(tmp_path: Path) -> None:
    write_tree({"main.py": "", "__pycache__/main.pyc": "", "main.pyc": "", "lib/flask.py": ""}, tmp_path)
    assert read_tree(tmp_path) == {"main.py": ""}


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_requirements_in_utf16_are_text(tmp_path: Path, codec: str) -> None:
    content = "\ufeffFlask==3.1.3\n".encode(codec)
    for name in ("requirements.txt", "more/base.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    assert read_tree(tmp_path) == {"more/base.txt": "Flask==3.1.3\n", "requirements.txt": "Flask==3.1.3\n"}


# Python reads no UTF-16; the second is UTF-32, and the third breaks off in a letter.
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("main.py", "x = 1\n".encode("utf-16")),
        ("requirements.txt", "Flask\n".encode("utf-32")),
        ("requirements.txt", "Flask".encode("utf-16") + b"\0"),
    ],
)
def test_other_file_with_nul_bytes_is_binary(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert "a binary one" in read_tree(tmp_path)[name]


def test_folder_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CodelabError, match="none: no such folder"):
        read_tree(tmp_path / "none")


def test_name_that_leads_out_of_the_folder_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(CodelabError):
        write_tree({"a.txt": "a\n", "../b.txt": "b\n"}, tmp_path / "copy")
    assert not list(tmp_path.iterdir())

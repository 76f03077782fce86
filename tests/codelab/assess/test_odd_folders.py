"""Files that are no code are listed as not read, and everything else is still found."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from codelab.assess import Area, assess
from codelab.assess.folder import read_folder
from codelab.errors import CodelabError
from tests.codelab.assess.apps import COURSE, assess_app, places, write_app


def test_what_cannot_be_read_is_listed_and_the_rest_is_found(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    os.mkfifo(tmp_path / "pipe.zip")
    (tmp_path / "link.py").symlink_to("/etc/passwd")
    (tmp_path / "bytes.py").write_bytes(b"\xff\xfe\x00p")
    (tmp_path / "latin.py").write_bytes(b"# coding: latin-1\nx = '\xe9'\nprint x\n")
    (tmp_path / "unknown.py").write_bytes(b"# coding: nonsense\nprint 'x'\n")
    files = {"deep.py": f"x = {'.'.join('a' * 20_000)}\n", "broken.yaml": "a: [\n", "cron.yaml": "cron: 3\n"}

    assessment = assess_app(tmp_path, files)

    unread = {place.partition(" ")[0].partition(":")[0] for place in places(assessment, Area.UNREAD)["files"]}
    assert unread == {"pipe.py", "link.py", "bytes.py", "deep.py", "broken.yaml"}
    assert places(assessment, Area.PYTHON2) == {"print": ["latin.py:3 print", "unknown.py:2 print"]}


def test_a_name_of_two_lines_is_printed_in_one(tmp_path: Path) -> None:
    found = places(assess_app(tmp_path, {"a\nb.py": "print 'x'\n"}), Area.PYTHON2)

    assert found == {"print": ["a\\nb.py:1 print"]}


@pytest.mark.parametrize(("limit", "files"), [("MAX_FILES", "files"), ("MAX_PYTHON", "Python files")])
def test_a_folder_of_more_files_than_an_app_has_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, files: str
) -> None:
    monkeypatch.setattr(f"codelab.assess.folder.{limit}", 2)
    for name in "abc":
        (tmp_path / f"{name}.py").touch()

    with pytest.raises(CodelabError, match=f": more than 2 {files}; name the folder with your app.yaml$"):
        read_folder(tmp_path)


def test_only_own_python_counts_for_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("codelab.assess.folder.MAX_PYTHON", 1)
    for name in ("main.py", ".git/a.py", "node_modules/a.py", "env/a.py", "env/b.py", "env/pyvenv.cfg"):
        write_app(tmp_path, {name: ""})

    assert list(read_folder(tmp_path).python) == ["main.py"]


def test_progress_is_told_for_each_file(tmp_path: Path) -> None:
    counts: list[int] = []
    for name in "abc":
        (tmp_path / f"{name}.py").touch()

    read_folder(tmp_path, counts.append)

    assert counts == [1, 2, 3]


def test_progress_has_the_number_of_files_while_reading(tmp_path: Path) -> None:
    said: list[str] = []

    assess(COURSE, write_app(tmp_path, {f"{number}.py": "" for number in range(102)}), on_progress=said.append)

    assert said[:2] == ["Reading the folder: 1 file ...", "Reading the folder: 101 files ..."]

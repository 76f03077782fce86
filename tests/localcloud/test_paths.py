"""Every kind of name that leads out of its folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from localcloud.files.paths import OutsideError, format_name, resolve_inside


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with a file, beside a secret, and with links to both."""
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "sub" / "file.txt").write_text("here")
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "root-too").mkdir()
    (root / "in").symlink_to("sub/file.txt")
    (root / "out").symlink_to("../secret.txt")
    (root / "folder-out").symlink_to(tmp_path)
    (root / "absolute").symlink_to("/etc")
    (root / "round").symlink_to("round")
    return root


@pytest.mark.parametrize(
    "name", ["sub/file.txt", "sub//./file.txt", "in", "~/x", "none/there", "..x", "round", "%2e%2e/x"]
)
def test_name_inside_is_a_path_below_the_folder(root: Path, name: str) -> None:
    assert resolve_inside(root, name) == root / name


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("/etc/passwd", "write it relative"),
        ("//etc/passwd", "write it relative"),
        ("../secret.txt", 'contains ".."'),
        ("sub/../../secret.txt", 'contains ".."'),
        ("sub/..", 'contains ".."'),
        ("..", "does not name a file"),
        (".", "does not name a file"),
        ("", "does not name a file"),
        ("..\\secret.txt", "not a backslash"),
        ("C:\\secret.txt", "not a backslash"),
        ("a\0b", "contains a NUL byte"),
        ("a/" * 5_000, "more than 4,096 characters"),
        ("out", "a link that leads out"),
        ("folder-out/secret.txt", "a link that leads out"),
        ("folder-out/root-too", "a link that leads out"),
        ("absolute/passwd", "a link that leads out"),
        ("\ud800", "is not a path"),
    ],
)
def test_name_that_leads_out_is_refused_in_one_line(root: Path, name: str, reason: str) -> None:
    with pytest.raises(OutsideError, match=reason) as caught:
        resolve_inside(root, name)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400 + len(os.fspath(root))


def test_folder_that_is_reached_through_a_link_holds_its_files(root: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root)
    assert resolve_inside(tmp_path / "link", "sub/file.txt").read_text() == "here"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("main.py", "main.py"),
        ("caf\u00e9.txt", "caf\u00e9.txt"),
        (os.fsdecode(b"caf\xe9.txt"), r"caf\xe9.txt"),
        ("a\nb\x1b[31m", r"a\nb\x1b[31m"),
        ("\ud800", r"\ud800"),
        ("x" * 200, "x" * 100 + "..."),
    ],
)
def test_name_is_shown_in_one_printable_line(name: str, text: str) -> None:
    assert format_name(name) == text

"""Files that are read and copied, and pipes, devices and the like in the place of a file."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from localcloud.files.reading import NotReadError, copy_folder, read_file


@contextmanager
def named_socket(path: Path) -> Iterator[None]:
    """Bind a socket to a short name, as the system allows no long one."""
    with socket.socket(socket.AF_UNIX) as listener:
        before = Path.cwd()
        os.chdir(path.parent)
        listener.bind(path.name)
        os.chdir(before)
        yield


def test_file_of_the_limit_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 10)
    assert read_file(tmp_path / "file", 10) == b"x" * 10


def test_file_over_the_limit_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 11)
    with pytest.raises(NotReadError, match="expected at most 10 bytes, found 11"):
        read_file(tmp_path / "file", 10)


def test_file_without_a_size_is_read_to_the_limit_only() -> None:
    with pytest.raises(NotReadError, match="expected at most 10 bytes, found 11"):
        read_file(Path("/proc/self/environ" if Path("/proc/self/environ").exists() else "/etc/services"), 10)


def test_named_pipe_is_named_and_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotReadError, match="expected a file, found a named pipe"):
        read_file(tmp_path / "pipe")  # opening it would wait for a writer


@pytest.mark.parametrize(("name", "kind"), [("/dev/zero", "a device"), ("/", "a folder"), ("link", "a device")])
def test_what_is_no_file_is_named(tmp_path: Path, name: str, kind: str) -> None:
    (tmp_path / "link").symlink_to("/dev/zero")
    with pytest.raises(NotReadError, match=f"found {kind}"):
        read_file(tmp_path / name)


def test_socket_is_named(tmp_path: Path) -> None:
    with named_socket(tmp_path / "socket"), pytest.raises(NotReadError, match="found a socket"):
        read_file(tmp_path / "socket")


def test_copy_has_files_and_links_and_nothing_from_outside(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "sub").mkdir(parents=True)
    (source / "sub" / "file").write_text("text")
    (source / "in").symlink_to("sub/file")
    (source / "round").symlink_to("round")
    (source / "out").symlink_to("/etc/passwd")
    (source / "endless").symlink_to("/dev/zero")
    os.mkfifo(source / "pipe")
    (source / "lib").mkdir()
    (source / "sub" / "lib").mkdir()
    copy_folder(source, tmp_path / "copy", lambda path: path == source / "lib")
    found = {path.relative_to(tmp_path / "copy").as_posix() for path in (tmp_path / "copy").rglob("*")}
    assert found == {"sub", "sub/file", "sub/lib", "in", "round"}
    assert os.readlink(tmp_path / "copy" / "in") == "sub/file"

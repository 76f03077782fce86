"""Temporary folders: removed with their owner, or by the next process if the owner was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from datastore_emulator.scratch import Scratch, clear_abandoned
from localcloud import Cloud
from tests.support.deadline import DEADLINE


def started(code: str, tmp_path: Path) -> subprocess.Popen[str]:
    """Start Python with the test's folder for temporary files, and return it when it has printed a line."""
    program = subprocess.Popen(
        [sys.executable, "-u", "-c", code],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdout
    assert program.stdout.readline()
    return program


HOLD = """
from datastore_emulator.scratch import Scratch
scratch = Scratch("localcloud-test-")
open(scratch.name + "/file", "w").close()
print(scratch.name)
input()
"""
CLOUD = """
from pathlib import Path
from localcloud import Cloud
from localcloud.services import Memorystore
cloud, memorystore = Cloud(), Memorystore()
memorystore.start()
print("ready")
input()
"""


@pytest.fixture
def clear(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], set[str]]:
    """Clear abandoned folders as a new process does, and return the names that are left."""

    def clear() -> set[str]:
        monkeypatch.setattr("datastore_emulator.scratch._cleared", set())
        clear_abandoned(tmp_path)
        return {path.name for path in tmp_path.iterdir()}

    return clear


def test_folder_is_removed_after_use() -> None:
    with Scratch("localcloud-test-") as name:
        assert Path(name).is_dir()
        assert Path(name).stat().st_mode & 0o077 == 0
    assert not Path(name).exists()


def test_folder_is_removed_when_the_program_ends(tmp_path: Path) -> None:
    program = started(HOLD, tmp_path)
    program.communicate("\n", timeout=DEADLINE)
    assert list(tmp_path.iterdir()) == []


def test_folder_of_a_killed_owner_is_cleared(tmp_path: Path, clear: Callable[[], set[str]]) -> None:
    program = started(HOLD, tmp_path)
    program.kill()
    program.communicate(timeout=DEADLINE)
    assert len(list(tmp_path.iterdir())) == 1
    assert clear() == set()


def test_folder_of_a_living_owner_stays(tmp_path: Path, clear: Callable[[], set[str]]) -> None:
    program = started(HOLD, tmp_path)
    assert len(clear()) == 1
    program.communicate("\n", timeout=DEADLINE)


def test_own_folder_stays(tmp_path: Path, clear: Callable[[], set[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Scratch("codelab-") as name:
        assert clear() == {Path(name).name}


def test_folder_of_another_program_stays(tmp_path: Path, clear: Callable[[], set[str]]) -> None:
    (tmp_path / "localcloud-without-a-lock-held-abc").mkdir()
    (tmp_path / "localcloud-file-held-abc").touch()
    other = tmp_path / "other"
    other.mkdir()
    (other / ".owner").touch()
    (tmp_path / "localcloud-link-held-abc").symlink_to(other)
    (tmp_path / "somebody-held-abc").mkdir()
    (tmp_path / "somebody-held-abc" / ".owner").touch()
    elsewhere = tmp_path / "localcloud-linked-lock-held-abc"
    elsewhere.mkdir()
    (elsewhere / ".owner").symlink_to(other / ".owner")
    before = {path.name for path in tmp_path.iterdir()}
    assert clear() == before


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root makes another user's folder")
def test_folder_of_another_user_stays(tmp_path: Path, clear: Callable[[], set[str]]) -> None:
    folder = tmp_path / "localcloud-held-abc"
    folder.mkdir()
    (folder / ".owner").touch()
    os.chown(folder, 12345, 12345)
    assert clear() == {folder.name}


def test_next_cloud_removes_folders_of_a_killed_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = started(CLOUD, tmp_path)
    program.send_signal(signal.SIGKILL)
    program.communicate(timeout=DEADLINE)
    left = {path.name for path in tmp_path.iterdir()}
    assert {name.rpartition("held-")[0] for name in left} == {
        "localcloud-",
        "localcloud-datastore-",
        "localcloud-memorystore-",
    }
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("datastore_emulator.scratch._cleared", set())
    with Cloud():
        assert left & {path.name for path in tmp_path.iterdir()} == set()
    end = time.monotonic() + DEADLINE
    while list(tmp_path.iterdir()) and time.monotonic() < end:
        time.sleep(0.05)
    assert list(tmp_path.iterdir()) == []

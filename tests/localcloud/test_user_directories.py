"""The directories in which localcloud keeps data and packages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from datastore_emulator.errors import UserError
from localcloud.cache import cache_directory, describe_size, measure_cache, remove_cache
from localcloud.cli import main
from localcloud.run_command import ensure_default_data
from tests.support.course import ROOT
from tests.support.deadline import DEADLINE

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="macOS has directories of its own for this")


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the user an empty home, and no variable that names a directory."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("LOCALCLOUD_CACHE", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)


@on_linux
def test_data_is_in_local_share(tmp_path: Path) -> None:
    assert ensure_default_data("demo") == tmp_path / ".local" / "share" / "localcloud" / "demo.sqlite3"


def test_data_is_in_xdg_data_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert ensure_default_data("demo") == tmp_path / "data" / "localcloud" / "demo.sqlite3"
    assert (tmp_path / "data" / "localcloud").is_dir()


def test_data_directory_that_cannot_be_made_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a file").touch()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "a file"))
    with pytest.raises(UserError, match=r"a file/localcloud: cannot make this directory .* choose another file with"):
        ensure_default_data("demo")


@on_linux
def test_packages_are_in_cache(tmp_path: Path) -> None:
    assert cache_directory() == tmp_path / ".cache" / "localcloud"


def test_packages_are_in_xdg_cache_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    assert cache_directory() == tmp_path / "caches" / "localcloud"


def test_localcloud_cache_beats_xdg_cache_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    monkeypatch.setenv("LOCALCLOUD_CACHE", str(tmp_path / "own"))
    assert cache_directory() == tmp_path / "own"


@on_linux
def test_relative_xdg_cache_home_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "caches")
    assert cache_directory() == tmp_path / ".cache" / "localcloud"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Fill a cache of 3 MB, in which there is something of the user's own."""
    directory = tmp_path / "caches"
    monkeypatch.setenv("LOCALCLOUD_CACHE", str(directory))
    for name in ("environments/0a/lib", "python27-0123456789abcdef0123", "legacy-sdk-0123456789abcdef0123"):
        (directory / name).mkdir(parents=True)
        (directory / name / "module.py").write_bytes(b"x" * 1_000_000)
    os.link(directory / "environments/0a/lib/module.py", directory / "environments/0a/lib/same.py")
    (directory / "python27-0123456789abcdef0123.lock").touch()
    (directory / "mine.txt").write_text("mine")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "mine.txt").write_text("mine")
    (directory / "containers").symlink_to(tmp_path / "elsewhere")
    return directory


def test_size_counts_a_file_with_two_names_once(cache: Path) -> None:
    assert 3_000_000 <= measure_cache() < 3_200_000


def test_removal_leaves_what_is_not_ours(cache: Path, tmp_path: Path) -> None:
    remove_cache()
    assert [path.name for path in cache.iterdir()] == ["mine.txt"]
    assert (tmp_path / "elsewhere" / "mine.txt").exists()


def test_removal_of_last_file_removes_the_directory(cache: Path) -> None:
    (cache / "mine.txt").unlink()
    remove_cache()
    assert not cache.exists()


def test_file_that_cannot_be_removed_is_named(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", f"{path}/0a")

    monkeypatch.setattr("shutil.rmtree", refuse)
    with pytest.raises(UserError, match=r"caches/environments/0a: cannot be removed: permission denied$"):
        remove_cache()


@pytest.mark.parametrize(
    ("size", "words"), [(12, "12 bytes"), (1_234, "1.2 kB"), (170_400_000, "170 MB"), (1_810_000_000, "1.8 GB")]
)
def test_size_is_described(size: int, words: str) -> None:
    assert describe_size(size) == words


def test_command_says_size_and_how_to_remove_it(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert [main(["clean"]), main(["clean", "--cache"]), main(["clean", "--cache"])] == [0, 0, 0]
    assert capsys.readouterr().out.splitlines() == [
        f"{cache}: keeps 3.0 MB of apps' packages; remove them: localcloud clean --cache",
        f"{cache}: removed 3.0 MB of apps' packages",
        f"{cache}: no apps' packages are kept here",
    ]


def test_make_clean_says_what_it_keeps_and_needs_no_environment(cache: Path, tmp_path: Path) -> None:
    copy = tmp_path / "course"
    for package in ("localcloud", "datastore-emulator"):
        shutil.copytree(ROOT / "packages" / package / "src", copy / "packages" / package / "src")
    shutil.copy(ROOT / "Makefile", copy)
    for name in ("tests", "mod1-flask", "one-app", "examples"):
        (copy / name).mkdir()

    def clean(*words: str) -> str:
        command = [
            "make",
            "--no-print-directory",
            "-C",
            str(copy),
            f"PYTHON={sys._base_executable} -S",
            "clean",
            *words,
        ]
        return subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=True).stdout

    assert clean() == f"{cache}: keeps 3.0 MB of apps' packages; remove them: make clean CACHE=1\n"
    assert clean("CACHE=1") == f"{cache}: removed 3.0 MB of apps' packages\n"

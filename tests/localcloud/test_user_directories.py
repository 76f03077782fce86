"""The directories in which localcloud keeps data and packages."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from datastore_emulator.errors import UserError
from localcloud.cli import _ensure_default_data
from localcloud.runtimes.cache import cache_directory

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="macOS has directories of its own for this")


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the user an empty home, and no variable that names a directory."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("LOCALCLOUD_CACHE", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)


@on_linux
def test_data_is_in_local_share(tmp_path: Path) -> None:
    assert _ensure_default_data("demo") == tmp_path / ".local" / "share" / "localcloud" / "demo.sqlite3"


def test_data_is_in_xdg_data_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert _ensure_default_data("demo") == tmp_path / "data" / "localcloud" / "demo.sqlite3"
    assert (tmp_path / "data" / "localcloud").is_dir()


def test_data_directory_that_cannot_be_made_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a file").touch()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "a file"))
    with pytest.raises(UserError, match=r"a file/localcloud: cannot make this directory .* choose another file with"):
        _ensure_default_data("demo")


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

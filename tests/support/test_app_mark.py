"""A test that starts an app has the mark `app`, or fails."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests import conftest as suite

# What starting an app does first, without its packages.
START = "from localcloud.cache import cache_directory as cache; (cache() / 'environments').mkdir(parents=True)"
IN_PROCESS = f"\ndef test_one():\n    {START}\n"
BY_COMMAND = f"""
import subprocess
def test_one():
    subprocess.run([{sys.executable!r}, "-c", "{START}"], check=True)
"""


@pytest.mark.parametrize("test", [IN_PROCESS, BY_COMMAND], ids=["in process", "by a command"])
@pytest.mark.parametrize("mark", ["", "import pytest\npytestmark = pytest.mark.app\n"], ids=["unmarked", "marked"])
def test_test_that_starts_an_app_fails_without_the_mark(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mark: str, test: str
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("LOCALCLOUD_CACHE", str(tmp_path / "cache"))
    pytester.makepyfile(mark + test)
    done = pytester.runpytest_inprocess("-p", "no:cacheprovider", plugins=[suite])
    done.assert_outcomes(passed=int(bool(mark)), failed=int(not mark))
    if not mark:
        done.stdout.fnmatch_lines(["*test_one starts an app: mark it with pytest.mark.app*"])

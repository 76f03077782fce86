"""Build the wheels of packages/ and install them into empty environments."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from uv import find_uv_bin

from tests.support.deadline import DEADLINE

ROOT = Path(__file__).parents[2]


class Environment:
    """An environment of the tests' Python, empty but for the wheels and packages it was made with."""

    def __init__(self, directory: Path, wheels: Sequence[Path], packages: Sequence[str] = ()) -> None:
        """Make the environment; packages from the index have the versions of requirements.lock."""
        self.directory = directory
        _uv("venv", "--quiet", "--no-project", "--python", sys.executable, str(directory))
        install = ["pip", "install", "--quiet", "--python", str(self.command("python"))]
        _uv(*install, "--constraints", str(ROOT / "requirements.lock"), *map(str, wheels), *packages)

    def command(self, name: str) -> Path:
        """Return the path of a console command in the environment."""
        return self.directory / ("Scripts" if os.name == "nt" else "bin") / name

    def run(self, *argv: str | Path, **options: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a program to its end and return what it printed; the test fails if the program does."""
        ended = subprocess.run(
            [str(word) for word in argv], capture_output=True, text=True, timeout=DEADLINE, env=plain_environment(),
            cwd=options.get("cwd", self.directory), check=False,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended

    def distribution(self, name: str) -> Distribution:
        """Return what is recorded about an installed distribution."""
        (packages,) = self.directory.glob("[Ll]ib/**/site-packages")
        return next(
            found
            for found in distributions(path=[str(packages)])
            if canonicalize_name(found.metadata["Name"]) == canonicalize_name(name)
        )

    def dependencies(self, name: str) -> set[str]:
        """Return the names of what a distribution itself requires, without extras."""
        requirements = map(Requirement, self.distribution(name).requires or [])
        return {canonicalize_name(one.name) for one in requirements if "extra" not in str(one.marker or "")}


def build_wheel(package: str, directory: Path) -> Path:
    """Build the wheel of packages/PACKAGE into the directory, and return its path."""
    before = set(directory.glob("*.whl"))
    _uv("build", "--quiet", "--wheel", "--out-dir", str(directory), str(ROOT / "packages" / package))
    (wheel,) = set(directory.glob("*.whl")) - before
    return wheel


def plain_environment() -> dict[str, str]:
    """Return this process's variables without those that would let a program see the repository or an emulator."""
    hidden = ("PYTHONPATH", "DATASTORE_", "GOOGLE_CLOUD_", "VIRTUAL_ENV", "PYTEST_")
    return {name: value for name, value in os.environ.items() if not name.startswith(hidden)}


def _uv(*arguments: str) -> None:
    settings = {**_index(), **plain_environment(), "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}
    ended = subprocess.run(
        [find_uv_bin(), *arguments], capture_output=True, text=True, timeout=DEADLINE, env=settings, check=False
    )
    assert ended.returncode == 0, f"uv {' '.join(arguments)}:\n{ended.stderr}"


@functools.cache
def _index() -> dict[str, str]:
    """Return pip's index as uv's setting: a mirror that pip was configured with is uv's as well, as in the Makefile."""
    asked = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    found = subprocess.run(asked, capture_output=True, text=True, timeout=DEADLINE, check=False).stdout.strip()
    return {"UV_DEFAULT_INDEX": found} if found else {}

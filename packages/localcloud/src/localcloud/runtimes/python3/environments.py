"""Environments of an app's own requirements, made with uv and cached by their content."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from filelock import FileLock
from uv import find_uv_bin

from datastore_emulator.errors import UserError
from localcloud.cache import cache_directory
from localcloud.files.paths import format_name
from localcloud.launch.packages import read_with_includes
from localcloud.runtimes.install_errors import InstallError
from localcloud.runtimes.package_sources import PackageSources
from localcloud.runtimes.python3.interpreters import Interpreter

# What a message calls packages that no file names.
_PACKAGES = "the app's packages"


def ensure_environment(
    interpreter: Interpreter,
    requirements: Sequence[Path],
    packages: Sequence[str] = (),
    constraints: Path | None = None,
    image_packages: Sequence[str] = (),
    report: Callable[[str], None] = lambda line: None,
    sources: PackageSources | None = None,
) -> Path:
    """Make an environment of exactly these requirements, if the cache has none, and return its directory.

    `image_packages` are installed before the requirements, which may replace them. With `sources` the requirements
    and packages may name packages there, and the environment is new. Raises UserError if the cache cannot be written or
    a requirement cannot be installed.
    """
    if sources:
        _make(sources.environment, interpreter, requirements, packages, constraints, image_packages, report, sources)
        return sources.environment
    key = _content_key(interpreter, requirements, [*image_packages, *packages], constraints)
    home = cache_directory() / "environments"
    directory = home / key
    if (directory / ".ready").exists():
        return directory
    try:
        home.mkdir(parents=True, exist_ok=True)
        with FileLock(home / f"{key}.lock"):
            if not (directory / ".ready").exists():
                _make(directory, interpreter, requirements, packages, constraints, image_packages, report)
    except OSError as error:
        raise UserError(
            f"{home}: cannot write an app's packages here ({error.strerror}); "
            "set LOCALCLOUD_CACHE to a directory you can write"
        ) from error
    return directory


def install_to(directory: Path, packages: Sequence[str], interpreter: Interpreter) -> None:
    """Install these packages, without their dependencies, into a directory; raises UserError if that fails."""
    target = ["--no-deps", "--python", interpreter.path, "--target", str(directory)]
    _uv(["pip", "install", "--quiet", *target, *packages], " ".join(packages), interpreter.version)


def _make(
    directory: Path,
    interpreter: Interpreter,
    requirements: Sequence[Path],
    packages: Sequence[str],
    constraints: Path | None,
    image_packages: Sequence[str],
    report: Callable[[str], None],
    sources: PackageSources | None = None,
) -> None:
    named = " ".join([*map(str, requirements), *packages]) or "no packages"
    version = interpreter.version
    report(f"making an environment of Python {version} with {named}")
    shutil.rmtree(directory, ignore_errors=True)
    install = ["pip", "install", "--quiet", "--python", str(directory / "bin" / "python")]
    if not sources:  # an environment that is made anew after each save is not worth it
        install.append("--compile-bytecode")
    _uv(["venv", "--quiet", "--no-project", "--python", interpreter.path, str(directory)], named, version)
    if image_packages:
        _uv([*install, *image_packages], named, version)
    files = sources.requirements if sources else [file.resolve() for file in requirements]
    arguments = [argument for file in files for argument in ("-r", str(file))] + list(packages)
    if arguments:
        if constraints:
            arguments += ["-c", str(constraints)]
        _uv([*install, *arguments], " ".join(map(str, requirements)) or _PACKAGES, version, sources)
    (directory / ".ready").touch()


def _uv(arguments: Sequence[str], named: str, python: str, sources: PackageSources | None = None) -> None:
    settings = {**_index_settings(), **os.environ, "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}
    # An app's packages do not go into an activated environment, or the one of this tool.
    settings.pop("VIRTUAL_ENV", None)
    # The app's own settings of uv do not count: the platforms install with pip. uv looks for them in its project.
    command = [find_uv_bin(), "--project", "/", *arguments]
    directory = sources.directory if sources else "/"
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=settings, cwd=directory, check=False)
    except (OSError, ValueError) as error:  # too many packages for one command line, or a NUL byte in a name
        raise UserError(f"{format_name(named)}: cannot be installed ({error}); shorten it") from error
    if done.returncode:
        stderr = sources.in_original(done.stderr) if sources else done.stderr
        raise InstallError(format_name(named), python, stderr)


def _index_settings() -> dict[str, str]:
    """Return pip's package index as a setting of uv: users set a mirror for pip, and seldom for uv."""
    if os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("UV_INDEX_URL"):
        return {}
    settings = pip_settings()
    return {"UV_DEFAULT_INDEX": settings["index-url"]} if "index-url" in settings else {}


def pip_settings() -> dict[str, str]:
    """Return the settings of this machine's pip by their names, as in "index-url"."""
    if not shutil.which("pip"):
        return {}
    listing = subprocess.run(["pip", "config", "list"], capture_output=True, text=True, check=False).stdout
    return dict(re.findall(r"^(?:global|install|:env:)\.([a-z-]+)='(.*)'$", listing, re.MULTILINE))


def _content_key(
    interpreter: Interpreter, requirements: Sequence[Path], packages: Sequence[str], constraints: Path | None
) -> str:
    digest = hashlib.sha256("\n".join([interpreter.path, interpreter.version, platform.machine(), *packages]).encode())
    for file in [*requirements, *([constraints] if constraints else [])]:
        for text in read_with_includes(file):
            digest.update(b"\0" + text.encode())
    return digest.hexdigest()[:20]

"""Environments made from an app's own requirements, cached by their content."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from filelock import FileLock
from uv import find_uv_bin

from datastore_emulator.errors import UserError
from localcloud.files.paths import format_name
from localcloud.files.reading import NotReadError, read_file
from localcloud.runtimes.cache import cache_directory
from localcloud.runtimes.python3.interpreters import Interpreter

_INCLUDE = re.compile(r"\s*(?:-r|-c|--requirement|--constraint)[ =]\s*(\S+)")


def ensure_environment(
    interpreter: Interpreter,
    requirements: Sequence[Path],
    packages: Sequence[str] = (),
    constraints: Path | None = None,
    image_packages: Sequence[str] = (),
    report: Callable[[str], None] = lambda line: None,
) -> Path:
    """Return an environment's directory with exactly these requirements, making it if it is not in the cache.

    `image_packages` are there before the requirements are installed, which may replace them.

    Raises UserError if the cache cannot be written or a requirement cannot be installed.
    """
    key = _content_key(interpreter, requirements, [*image_packages, *packages], constraints)
    home = cache_directory() / "environments"
    place = home / key
    if (place / ".ready").exists():
        return place
    try:
        home.mkdir(parents=True, exist_ok=True)
        with FileLock(home / f"{key}.lock"):
            if not (place / ".ready").exists():
                _make(place, interpreter, requirements, packages, constraints, image_packages, report)
    except OSError as error:
        raise UserError(
            f"{home}: an app's packages are kept here, and it cannot be written ({error.strerror}); "
            "set LOCALCLOUD_CACHE to a directory that can"
        ) from error
    return place


def install_to(directory: Path, packages: Sequence[str], interpreter: Interpreter) -> None:
    """Install just these packages, without what they depend on, into a directory; UserError if they cannot be."""
    target = ["--no-deps", "--python", interpreter.path, "--target", str(directory)]
    _uv(["pip", "install", "--quiet", *target, *packages], " ".join(packages))


def _make(
    place: Path,
    interpreter: Interpreter,
    requirements: Sequence[Path],
    packages: Sequence[str],
    constraints: Path | None,
    image_packages: Sequence[str],
    report: Callable[[str], None],
) -> None:
    named = " ".join([*map(str, requirements), *packages]) or "no packages"
    report(f"making an environment of Python {interpreter.version} with {named}")
    shutil.rmtree(place, ignore_errors=True)
    _uv(["venv", "--quiet", "--no-project", "--python", interpreter.path, str(place)], named)
    install = ["pip", "install", "--quiet", "--compile-bytecode", "--python", str(place / "bin" / "python")]
    if image_packages:
        _uv([*install, *image_packages], named)
    arguments = [argument for file in requirements for argument in ("-r", str(file.resolve()))] + list(packages)
    if arguments:
        if constraints:
            arguments += ["-c", str(constraints)]
        _uv([*install, *arguments], named)
    (place / ".ready").touch()


def _uv(arguments: Sequence[str], named: str) -> None:
    settings = {**_index_settings(), **os.environ, "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}
    # An activated environment, or one around the tool, is not where an app's packages go.
    settings.pop("VIRTUAL_ENV", None)
    try:
        done = subprocess.run(
            [find_uv_bin(), *arguments], capture_output=True, text=True, env=settings, cwd="/", check=False
        )
    except (OSError, ValueError) as error:  # too many packages for one command line, or a NUL byte in a name
        raise UserError(f"{format_name(named)}: cannot be installed ({error}); write it in a shorter way") from error
    if done.returncode:
        reason = " ".join(line.strip() for line in done.stderr.splitlines() if line.strip())
        raise UserError(f"{named}: expected packages that can be installed, but uv says: {reason}")


def _index_settings() -> dict[str, str]:
    """Return pip's index settings in uv's words: who has a package mirror has told pip, seldom uv."""
    if os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("UV_INDEX_URL"):
        return {}
    told = pip_settings()
    return {"UV_DEFAULT_INDEX": told["index-url"]} if "index-url" in told else {}


def pip_settings() -> dict[str, str]:
    """Return what this machine's pip has been told, by its options' names, as in "index-url"."""
    if not shutil.which("pip"):
        return {}
    listing = subprocess.run(["pip", "config", "list"], capture_output=True, text=True, check=False).stdout
    return dict(re.findall(r"^(?:global|install|:env:)\.([a-z-]+)='(.*)'$", listing, re.MULTILINE))


def _content_key(
    interpreter: Interpreter, requirements: Sequence[Path], packages: Sequence[str], constraints: Path | None
) -> str:
    digest = hashlib.sha256("\n".join([interpreter.path, interpreter.version, platform.machine(), *packages]).encode())
    for file in [*requirements, *([constraints] if constraints else [])]:
        for text in _texts(file, set()):
            digest.update(b"\0" + text)
    return digest.hexdigest()[:20]


def _texts(file: Path, seen: set[Path]) -> Iterator[bytes]:
    """Yield the file's text and that of every requirements file it includes."""
    if file in seen:
        return
    seen.add(file)
    try:
        text = read_file(file)
    except NotReadError as error:
        raise UserError(f"{file}: {error}; a requirements file is a file of text") from error
    except OSError as error:
        raise UserError(f"{file}: expected a requirements file, found none ({error.strerror})") from error
    yield text
    for included in _INCLUDE.findall(text.decode(errors="replace")):
        yield from _texts(file.parent / included, seen)

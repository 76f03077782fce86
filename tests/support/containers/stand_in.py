"""The files of a stand-in for Python's official image: this machine's Python, the libraries it links, pip and a shell.

It shows what a Dockerfile does with such an image. It does not show what the official image holds.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.runtimes.python3.environments import install_to
from localcloud.runtimes.python3.interpreters import Interpreter, find_interpreter
from localcloud.runtimes.python27_real import find_python27, pip_install

# The official image of Python 3 has pip only; that of Python 2.7 also has the tools that build packages.
_PIP = ("pip==26.3",)
_PIP_PYTHON27 = ("pip==20.3.4", "setuptools==44.1.1", "wheel==0.37.1")
_NOT_COPIED = (
    *("site-packages", "dist-packages", "EXTERNALLY-MANAGED"),  # installed packages, and the mark against installing
    *("test", "tests", "idlelib", "tkinter", "_tkinter*", "config-*", "*.a"),
)
# Compiled packages link these by name, and find them in every image of Debian's.
_C_LIBRARIES = re.compile(r"lib(anl|c|dl|gcc_s|m|nss_dns|nss_files|pthread|resolv|rt|stdc\+\+|util)\.so\.\d+")
_PROGRAMS = ("/bin/sh", "/usr/bin/env")
_SETTINGS = ("/etc/group", "/etc/ld.so.cache", "/etc/nsswitch.conf", "/etc/passwd", "/usr/share/zoneinfo")
_ASK = """
import json, os, platform, sys, sysconfig
paths = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "scripts")]
print(json.dumps([platform.python_version(), os.path.realpath(sys.executable)] + paths))
"""


@dataclass(frozen=True)
class StandIn:
    """A finished root file system: its Python's full version, and the PATH of the image."""

    version: str
    path: str


def lay_out(root: Path, version: str | None) -> StandIn:
    """Fill the directory with a root file system for Python `version`, as in "3.14", or the nearest that is here.

    Every file keeps its path, so that Python finds its own files however it was built. Raises UserError if there
    is no 2.7 here.
    """
    python27 = find_python27() if version == "2.7" else None
    asked = python27.path if python27 else find_interpreter(version).path
    answer = subprocess.run([asked, "-c", _ASK], capture_output=True, text=True, check=True)
    full_version, python, stdlib, platstdlib, packages, scripts = json.loads(answer.stdout)
    for library in {stdlib, platstdlib}:
        _copy(root, library, shutil.ignore_patterns(*_NOT_COPIED))
    if python27:
        pip_install(python27, _below(root, packages), _PIP_PYTHON27)
    else:
        install_to(_below(root, packages), _PIP, Interpreter(python, full_version))
    modules = [str(file) for file in _below(root, platstdlib).glob("lib-dynload/*.so")]
    for file in {python, *_PROGRAMS, *_SETTINGS, *_libraries([python, *_PROGRAMS, *modules])}:
        _copy(root, file)
    commands = _below(root, "/usr/local/bin")
    commands.mkdir(parents=True, exist_ok=True)
    for name in ("python", "python" + full_version[0], "python" + ".".join(full_version.split(".")[:2])):
        if not (commands / name).exists():
            (commands / name).symlink_to(python)
    (commands / "pip").write_text('#!/bin/sh\nexec python -m pip "$@"\n')
    (commands / "pip").chmod(0o755)
    # The Python may lie below /root, and a Dockerfile may choose another user.
    for directory, mode in (("/root", 0o755), ("/tmp", 0o1777)):
        _below(root, directory).mkdir(exist_ok=True)
        _below(root, directory).chmod(mode)
    return StandIn(full_version, f"{scripts}:/usr/local/bin:/usr/bin:/bin")


def _libraries(files: list[str]) -> set[str]:
    """Return the libraries that these files link, and the C library's other parts."""
    listing = subprocess.run(["ldd", *files], capture_output=True, text=True, check=False).stdout
    found = set(re.findall(r"(/\S+) \(0x", listing))
    for libc in [Path(name) for name in found if Path(name).name == "libc.so.6"]:
        found |= {str(file) for file in libc.parent.iterdir() if _C_LIBRARIES.fullmatch(file.name)}
    return found


def _copy(root: Path, path: str, ignore: Callable[[Any, list[str]], set[str]] | None = None) -> None:
    """Copy a file or directory to the same path below the root, following links; a missing one is left out."""
    target = _below(root, path)
    if Path(path).is_dir():
        shutil.copytree(path, target, ignore=ignore, ignore_dangling_symlinks=True, dirs_exist_ok=True)
    elif Path(path).is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)


def _below(root: Path, path: str) -> Path:
    return root / path.lstrip("/")

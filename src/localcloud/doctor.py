"""What this machine has for the local cloud and its lanes, and the one command that adds what is missing."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from localcloud.errors import LocalCloudError
from localcloud.runtimes import containers
from localcloud.runtimes.genuine_python27 import SDK, find_python27

_SECONDS = 30
# Programs that some systems know by another name.
_NAMES = {"chromium": ("chromium", "google-chrome", "chromium-browser")}


@dataclass(frozen=True)
class Finding:
    """A tool, as it was found: `where` is its path, and both are empty if it was not."""

    name: str
    version: str = ""
    where: str = ""


@dataclass(frozen=True)
class Lane:
    """A way to run the suite: the tools it needs, and the command that gets them."""

    name: str
    what: str
    needs: tuple[str, ...]
    enable: str


LANES = (
    Lane("python3", "every folder on Python 3, embedded Datastore", ("python3",), ""),
    Lane("browser", "the codelabs' page in the system's Chromium", ("chromium",), "apt install chromium"),
    Lane("python27", f"py2 folders on CPython 2.7, {SDK}", ("python2.7",), "pyenv install 2.7.18"),
    Lane(
        "redis-server",
        "mod13 on a Redis with a password and TLS",
        ("redis-server", "openssl"),
        "apt install redis-server openssl",
    ),
    Lane(
        "google-emulator",
        "Google's Datastore emulator instead of the embedded one",
        ("gcloud", "java", "cloud-datastore-emulator"),
        "gcloud components install beta cloud-datastore-emulator; Java: apt install default-jre-headless",
    ),
    Lane(
        "firestore-emulator",
        "Google's Firestore emulator in Datastore mode",
        ("gcloud", "java", "cloud-firestore-emulator"),
        "gcloud components install beta cloud-firestore-emulator; Java: apt install default-jre-headless",
    ),
    Lane(
        "containers",
        "mod4's Dockerfiles built and run; the py2 one beside CPython 2.7",
        (containers.TOOL,),
        "apt install buildah",
    ),
)


@functools.cache
def find(tool: str) -> Finding:
    """Return where a tool is and its version; one that is there but does not start counts as absent."""
    if tool == "python3":
        return Finding(tool, sys.version.split()[0], sys.executable)
    if tool == "python2.7":
        try:
            python27 = find_python27()
        except LocalCloudError:
            return Finding(tool)
        return Finding(tool, python27.version, python27.path)
    if tool == containers.TOOL:
        found = containers.find_tool()
        return Finding(tool, f"{found.name} {found.version}", found.path) if found else Finding(tool)
    if tool in ("cloud-datastore-emulator", "cloud-firestore-emulator"):
        return _component(tool)
    path = next(filter(None, map(shutil.which, _NAMES.get(tool, (tool,)))), None)
    return Finding(tool, _version(path), path) if path and _version(path) else Finding(tool)


def missing(lane: Lane) -> str | None:
    """Return why the lane cannot run here and how to enable it, in one line; None if it can."""
    absent = [tool for tool in lane.needs if not find(tool).where]
    return f"no {', no '.join(absent)}; to enable it: {lane.enable}" if absent else None


def lanes() -> list[str]:
    """Return the names of the lanes that can run here."""
    return [lane.name for lane in LANES if missing(lane) is None]


def report(say: Callable[[str], None]) -> None:
    """Say what was found, and what each lane would need."""
    for tool in dict.fromkeys(tool for lane in LANES for tool in lane.needs):
        found = find(tool)
        say(f"{tool:26} {found.version + ' at ' + found.where if found.where else 'not found'}")
    say("")
    for lane in LANES:
        say(f"{lane.name:20} {missing(lane) or 'can run'}  [{lane.what}]")


def _version(path: str) -> str:
    root = _gcloud_root()
    if root and path == shutil.which("gcloud"):
        return (root / "VERSION").read_text().strip()
    option = "version" if path.endswith("openssl") else "-version" if path.endswith("java") else "--version"
    try:
        done = subprocess.run([path, option], capture_output=True, text=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    numbers = re.search(r"\d+(?:\.\d+)+", done.stdout + done.stderr)
    return numbers[0] if numbers and not done.returncode else ""


def _component(name: str) -> Finding:
    """Return a component of the Google Cloud CLI, which has no command of its own on PATH."""
    if root := _gcloud_root():
        place = root / "platform" / name
        if place.is_dir():
            return Finding(name, "installed", str(place))
    return Finding(name)


def _gcloud_root() -> Path | None:
    """Return where the Google Cloud CLI keeps its parts: to ask itself takes a second."""
    if gcloud := shutil.which("gcloud"):
        root = Path(gcloud).resolve().parents[1]
        if (root / "VERSION").is_file():
            return root
    return None

"""What this machine has for the local cloud and its lanes, and the one command that adds what is missing."""

from __future__ import annotations

import contextlib
import functools
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from datastore_emulator.errors import UserError
from localcloud.runtimes import containers
from localcloud.runtimes.genuine_python27 import SDK, find_python27

_SECONDS = 30


@dataclass(frozen=True)
class Finding:
    """A tool, as it was found: `where` is its path, and both are empty if it was not."""

    name: str
    version: str = ""
    where: str = ""


@dataclass(frozen=True)
class Lane:
    """A way to run the suite, and the tools it needs."""

    name: str
    what: str
    needs: tuple[str, ...]


LANES = (
    Lane("python3", "every folder on Python 3, embedded Datastore", ("python3",)),
    Lane("browser", "the codelabs' page in the system's Chromium", ("chromium",)),
    Lane("python27", f"py2 folders on CPython 2.7, {SDK}", ("python2.7",)),
    Lane("redis-server", "mod13 on a Redis with a password and TLS", ("redis-server", "openssl")),
    Lane(
        "google-emulator",
        "Google's Datastore emulator instead of the embedded one",
        ("gcloud", "java", "cloud-datastore-emulator"),
    ),
    Lane(
        "firestore-emulator",
        "Google's Firestore emulator in Datastore mode",
        ("gcloud", "java", "cloud-firestore-emulator"),
    ),
    Lane(
        "containers",
        "mod4's Dockerfiles built and run; the py2 one beside CPython 2.7",
        (containers.TOOL,),
    ),
)

# Programs that some systems know by another name.
_NAMES = {"chromium": ("chromium", "google-chrome", "chromium-browser")}
# What Debian and Homebrew call what has the tool.
_PACKAGES = {
    "chromium": ("chromium", "google-chrome"),
    "java": ("default-jre-headless", "openjdk"),
    "openssl": ("openssl", "openssl"),
    "redis-server": ("redis-server", "redis"),
}
_OTHER_WAYS = {
    "gcloud": "get the Google Cloud CLI: https://docs.cloud.google.com/sdk/docs/install",
    "python2.7": "pyenv install 2.7.18",
    containers.TOOL: "apt install buildah" if sys.platform == "linux" else "run it on Linux",
}


@functools.cache
def find(tool: str) -> Finding:
    """Return where a tool is and its version; one that is there but does not start counts as absent."""
    root = _gcloud_root()
    found: Finding | None = None
    if tool == "python3":
        found = Finding(tool, sys.version.split()[0], sys.executable)
    elif tool == "python2.7":
        with contextlib.suppress(UserError):
            found = Finding(tool, find_python27().version, find_python27().path)
    elif tool == containers.TOOL:
        if container_tool := containers.find_tool():
            found = Finding(tool, f"{container_tool.name} {container_tool.version}", container_tool.path)
    elif tool.startswith("cloud-"):  # a component of gcloud, which has no command of its own on PATH
        if root and (root / "platform" / tool).is_dir():
            found = Finding(tool, "installed", str(root / "platform" / tool))
    elif tool == "gcloud" and root:  # it would take a second to say so itself
        found = Finding(tool, (root / "VERSION").read_text().strip(), shutil.which("gcloud") or "")
    elif path := next(filter(None, map(shutil.which, _NAMES.get(tool, (tool,)))), None):
        found = Finding(tool, version, path) if (version := _version(path)) else None
    return found or Finding(tool)


def missing(lane: Lane) -> str | None:
    """Return why the lane cannot run here and how to enable it, in one line; None if it can."""
    absent = [tool for tool in lane.needs if not find(tool).where]
    return f"no {', no '.join(absent)}; to enable it: {_how_to_get(absent)}" if absent else None


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


def _how_to_get(tools: Sequence[str]) -> str:
    """Return the commands, those of one package manager as one."""
    brew = sys.platform == "darwin"
    packages = [_PACKAGES[tool][brew] for tool in tools if tool in _PACKAGES]
    components = [tool for tool in tools if tool.startswith("cloud-")]
    ways = [_OTHER_WAYS[tool] for tool in tools if tool in _OTHER_WAYS]
    if components and _is_managed_by_apt():
        packages += [name.replace("cloud-", "google-cloud-cli-") for name in components]
    elif components:
        ways.append(f"gcloud components install beta {' '.join(components)}")
    if packages:
        ways.append(f"{'brew' if brew else 'apt'} install {' '.join(packages)}")
    return "; ".join(ways)


def _version(path: str) -> str:
    option = "version" if path.endswith("openssl") else "-version" if path.endswith("java") else "--version"
    try:
        done = subprocess.run([path, option], capture_output=True, text=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    numbers = re.search(r"\d+(?:\.\d+)+", done.stdout + done.stderr)
    return numbers[0] if numbers and not done.returncode else ""


def _gcloud_root() -> Path | None:
    """Return where the Google Cloud CLI keeps its parts, among them the components."""
    if gcloud := shutil.which("gcloud"):
        root = Path(gcloud).resolve().parents[1]
        if (root / "VERSION").is_file():
            return root
    return None


def _is_managed_by_apt() -> bool:
    """Whether the Google Cloud CLI leaves its components to the system's package manager."""
    root = _gcloud_root()
    config = root / "lib" / "googlecloudsdk" / "core" / "config.json" if root else None
    return bool(config and config.is_file() and json.loads(config.read_text()).get("disable_updater"))

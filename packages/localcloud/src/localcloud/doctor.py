"""The tools that the local cloud can use: the ones found on this machine, and how to get the others."""

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
from localcloud.runtimes.python27_real import find_python27

_SECONDS = 30


@dataclass(frozen=True)
class FoundTool:
    """A tool as it was found: its version and path, both empty if it was not."""

    name: str
    version: str = ""
    path: str = ""


@dataclass(frozen=True)
class Tool:
    """A tool, how to find it, and how to get it.

    `find` finds it, or one of `commands` on PATH. `package` is its name in Debian and in Homebrew. `component` marks a
    part of the Google Cloud CLI. `advice` is for a tool that comes another way.
    """

    name: str
    commands: tuple[str, ...] = ()
    find: Callable[[], FoundTool | None] | None = None
    package: tuple[str, str] | None = None
    component: bool = False
    advice: str = ""


def find(tool: Tool) -> FoundTool:
    """Return the tool's path and version; a tool that is there but does not start counts as absent."""
    if tool.find:
        return tool.find() or FoundTool(tool.name)
    if tool.component:  # it has no command of its own on PATH
        root = _gcloud_root()
        directory = root / "platform" / tool.name if root else None
        return (
            FoundTool(tool.name, "installed", str(directory))
            if directory and directory.is_dir()
            else FoundTool(tool.name)
        )
    path = next(filter(None, map(shutil.which, tool.commands or (tool.name,))), None)
    version = _version(path) if path else ""
    return FoundTool(tool.name, version, path) if path and version else FoundTool(tool.name)


def how_to_get(tools: Sequence[Tool]) -> str:
    """Return the commands that install the tools, one for each package manager."""
    brew = sys.platform == "darwin"
    packages = [tool.package[brew] for tool in tools if tool.package]
    components = [tool.name for tool in tools if tool.component]
    commands = [tool.advice for tool in tools if tool.advice]
    if components and _gcloud_is_managed_by_apt():
        packages += [name.replace("cloud-", "google-cloud-cli-") for name in components]
    elif components:
        commands.append(f"gcloud components install beta {' '.join(components)}")
    if packages:
        commands.append(f"{'brew' if brew else 'apt'} install {' '.join(packages)}")
    return "; ".join(commands)


def report(say: Callable[[str], None]) -> None:
    """Print one line for each tool."""
    for tool in TOOLS:
        say(describe(tool))


def describe(tool: Tool) -> str:
    """Return one line about a tool: where it is, or how to get it."""
    found = find(tool)
    where = f"{found.version} at {found.path}" if found.path else f"not found; to get it: {how_to_get([tool])}"
    return f"{tool.name:26} {where}"


def _find_python3() -> FoundTool:
    return FoundTool("python3", sys.version.split()[0], sys.executable)


def _find_python27() -> FoundTool | None:
    with contextlib.suppress(UserError):
        python27 = find_python27()
        return FoundTool("python2.7", python27.version, python27.path)
    return None


def _find_gcloud() -> FoundTool | None:
    """Return the Google Cloud CLI by its files: it would take a second to print its version."""
    root = _gcloud_root()
    return FoundTool("gcloud", (root / "VERSION").read_text().strip(), shutil.which("gcloud") or "") if root else None


def _gcloud_root() -> Path | None:
    """Return the directory of the Google Cloud CLI, which holds its components."""
    if gcloud := shutil.which("gcloud"):
        root = Path(gcloud).resolve().parents[1]
        if (root / "VERSION").is_file():
            return root
    return None


def _gcloud_is_managed_by_apt() -> bool:
    """Return whether the Google Cloud CLI leaves its components to the system's package manager."""
    root = _gcloud_root()
    config = root / "lib" / "googlecloudsdk" / "core" / "config.json" if root else None
    return bool(config and config.is_file() and json.loads(config.read_text()).get("disable_updater"))


@functools.cache  # by path, so that a changed PATH still counts
def _version(path: str) -> str:
    option = "version" if path.endswith("openssl") else "-version" if path.endswith("java") else "--version"
    try:
        done = subprocess.run([path, option], capture_output=True, text=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    numbers = re.search(r"\d+(?:\.\d+)+", done.stdout + done.stderr)
    return numbers[0] if numbers and not done.returncode else ""


PYTHON3 = Tool("python3", find=_find_python3)
PYTHON27 = Tool("python2.7", find=_find_python27, advice="pyenv install 2.7.18")
REDIS = Tool("redis-server", package=("redis-server", "redis"))
JAVA = Tool("java", package=("default-jre-headless", "openjdk"))
GCLOUD = Tool(
    "gcloud",
    find=_find_gcloud,
    advice="install the Google Cloud CLI: https://docs.cloud.google.com/sdk/docs/install",
)
DATASTORE_EMULATOR = Tool("cloud-datastore-emulator", component=True)
FIRESTORE_EMULATOR = Tool("cloud-firestore-emulator", component=True)

TOOLS = (PYTHON3, PYTHON27, REDIS, JAVA, GCLOUD, DATASTORE_EMULATOR, FIRESTORE_EMULATOR)

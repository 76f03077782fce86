"""The lanes. LANES is the only list of them: the README's table and the report of a run are made from it or checked."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from localcloud import doctor
from localcloud.doctor import FoundTool, Tool
from tests.support import containers
from tests.support.course import Pair
from tests.support.lanes import setups


def _find_container_tool() -> FoundTool | None:
    tool = containers.find_tool()
    return FoundTool(containers.TOOL, f"{tool.name} {tool.version}", tool.path) if tool else None


# Tools of the tests alone; those of the local cloud are in localcloud.doctor.
CHROMIUM = Tool(
    "chromium", commands=("chromium", "google-chrome", "chromium-browser"), package=("chromium", "google-chrome")
)
OPENSSL = Tool("openssl", package=("openssl", "openssl"))
CONTAINER_TOOL = Tool(
    containers.TOOL,
    find=_find_container_tool,
    advice="apt install buildah" if sys.platform == "linux" else "run the suite on Linux",
)
TOOLS = (CHROMIUM, OPENSSL, CONTAINER_TOOL)


def _no_pair(pair: Pair) -> bool:
    return False


def _every_pair(pair: Pair) -> bool:
    return True


@dataclass(frozen=True)
class Lane:
    """A way to run the suite with a real component.

    `real` says what is real in it, as in README.md's table. `needs` are the tools. `setup` starts the components for
    the pairs that `takes` accepts. `shares` says that one setup serves all pairs of a run, and `shares_apps` that one
    app also serves all folders with the same files. `prefers_python27` says that python27 folders run on a real Python
    2.7 if there is one.
    """

    name: str
    real: str
    needs: tuple[Tool, ...]
    setup: Callable[[], AbstractContextManager[setups.Setup]] | None = None
    takes: Callable[[Pair], bool] = _no_pair
    shares: bool = False
    shares_apps: bool = False
    prefers_python27: bool = False

    @property
    def missing(self) -> str | None:
        """The tools that the lane lacks here and how to get them, in one line; None if it can run."""
        absent = [tool for tool in self.needs if not doctor.find(tool).path]
        names = ", no ".join(tool.name for tool in absent)
        return f"no {names}; to enable it: {doctor.how_to_get(absent)}" if absent else None

    @property
    def has_python27(self) -> bool:
        """True if python27 folders run on a real Python 2.7 in this lane, on this machine."""
        return self.prefers_python27 and bool(doctor.find(doctor.PYTHON27).path)


def _has_python27(pair: Pair) -> bool:
    return any(folder.runs_on_python27 for folder in pair.folders)


def _has_redis(pair: Pair) -> bool:
    return any(folder.cache == "Redis" for folder in pair.folders)


def _has_container(pair: Pair) -> bool:
    # The other folder of a Python 2.7 container is App Engine's Python 2.7.
    enough = doctor.find(doctor.PYTHON27).path or not _has_python27(pair)
    return bool(enough) and any(folder.has_dockerfile for folder in pair.folders)


LANES = (
    Lane(
        "python3",
        "each folder's own packages and server, and a real Valkey; this lane always runs",
        (doctor.PYTHON3,),
        setups.python3,
        _every_pair,
        shares_apps=True,
    ),
    Lane("browser", "Chromium, on the codelabs' page", (CHROMIUM,)),
    Lane(
        "python27",
        "CPython 2.7 for Python 2.7 folders, with their own pinned packages and the last App Engine SDK for them",
        (doctor.PYTHON27,),
        setups.python27,
        _has_python27,
        prefers_python27=True,
    ),
    Lane(
        "redis-server",
        "Redis, with the password and TLS that Memorystore offers",
        (doctor.REDIS, OPENSSL),
        setups.redis_server,
        _has_redis,
    ),
    Lane(
        "google-emulator",
        "Google's Datastore emulator, also for Python 2.7 folders under the SDK",
        (doctor.GCLOUD, doctor.JAVA, doctor.DATASTORE_EMULATOR),
        setups.google_emulator,
        _every_pair,
        shares=True,
        prefers_python27=True,
    ),
    Lane(
        "firestore-emulator",
        "Google's Firestore emulator in Datastore mode",
        (doctor.GCLOUD, doctor.JAVA, doctor.FIRESTORE_EMULATOR),
        setups.firestore_emulator,
        _every_pair,
        shares=True,
    ),
    Lane(
        "containers",
        "Dockerfiles, built and run by buildah, Podman or Docker",
        (CONTAINER_TOOL,),
        setups.containers,
        _has_container,
        prefers_python27=True,
    ),
)
BY_NAME = {lane.name: lane for lane in LANES}


def table() -> str:
    """Return the rows of README.md's table."""
    return "".join(f"| `{lane.name}` | {lane.real} |\n" for lane in LANES)

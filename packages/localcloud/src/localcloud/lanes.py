"""The lanes of the course's tests, until they have a registry with the tests."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

from localcloud import doctor
from localcloud.doctor import Finding, Tool
from localcloud.runtimes import containers
from localcloud.runtimes.python27_real import SDK


@dataclass(frozen=True)
class Lane:
    """A way to run the suite, and the tools it needs."""

    name: str
    what: str
    needs: tuple[Tool, ...]


def _find_container_tool() -> Finding | None:
    tool = containers.find_tool()
    return Finding(containers.TOOL, f"{tool.name} {tool.version}", tool.path) if tool else None


CHROMIUM = Tool(
    "chromium", commands=("chromium", "google-chrome", "chromium-browser"), package=("chromium", "google-chrome")
)
OPENSSL = Tool("openssl", package=("openssl", "openssl"))
CONTAINER_TOOL = Tool(
    containers.TOOL,
    find=_find_container_tool,
    advice="apt install buildah" if sys.platform == "linux" else "run it on Linux",
)

LANES = (
    Lane("python3", "every folder on Python 3, embedded Datastore", (doctor.PYTHON3,)),
    Lane("browser", "the codelabs' page in the system's Chromium", (CHROMIUM,)),
    Lane("python27", f"py2 folders on CPython 2.7, {SDK}", (doctor.PYTHON27,)),
    Lane("redis-server", "mod13 on a Redis with a password and TLS", (doctor.REDIS, OPENSSL)),
    Lane(
        "google-emulator",
        "Google's Datastore emulator instead of the embedded one",
        (doctor.GCLOUD, doctor.JAVA, doctor.DATASTORE_EMULATOR),
    ),
    Lane(
        "firestore-emulator",
        "Google's Firestore emulator in Datastore mode",
        (doctor.GCLOUD, doctor.JAVA, doctor.FIRESTORE_EMULATOR),
    ),
    Lane("containers", "mod4's Dockerfiles built and run; the py2 one beside CPython 2.7", (CONTAINER_TOOL,)),
)


def missing(lane: Lane) -> str | None:
    """Return why the lane cannot run here and how to enable it, in one line; None if it can."""
    absent = [tool for tool in lane.needs if not doctor.find(tool).path]
    names = ", no ".join(tool.name for tool in absent)
    return f"no {names}; to enable it: {doctor.how_to_get(absent)}" if absent else None


def lanes() -> list[str]:
    """Return the names of the lanes that can run here."""
    return [lane.name for lane in LANES if missing(lane) is None]


def report(say: Callable[[str], None]) -> None:
    """Print one line for each lane: that it can run, or the tools it needs."""
    for lane in LANES:
        say(f"{lane.name:20} {missing(lane) or 'can run'}  [{lane.what}]")

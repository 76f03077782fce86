"""The contract between an app and what runs it: a `Runtime` turns a launch plan into a `Command`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from localcloud.launch.plan import LaunchPlan

Report = Callable[[str], None]
"""Receives one line before each piece of slow work, such as an installation."""


@dataclass(frozen=True)
class ServiceAddresses:
    """The addresses of the services for an app, and its ticket for the API server; `redis` is None if no Redis runs.

    With `made_up_credentials`, Google's clients take the metadata server for one that gives credentials.
    """

    project: str
    datastore: str
    api_server: tuple[str, int]
    ticket: str
    metadata: str = ""
    made_up_credentials: bool = False
    redis: tuple[str, int] | None = None
    redis_variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Instance:
    """One instance of an app: its service's name, its port, its home directory, and variables that beat all others.

    `url` is the address that visitors see.
    """

    service: str
    port: int
    home: Path
    overrides: Mapping[str, str] = field(default_factory=dict)
    url: str = ""


@dataclass(frozen=True)
class Command:
    """A process ready to start. `notes` are the first lines of its log, `caveat` ends the message if it fails.

    If it `has_own_ports`, it listens on other ports besides that of its instance.
    """

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    directory: Path
    notes: tuple[str, ...]
    caveat: str = ""
    has_own_ports: bool = False


class Runtime(Protocol):
    """A way to run apps, such as Python 3 on this machine or a container."""

    def supports(self, plan: LaunchPlan) -> bool:
        """Return whether this runtime can run the plan. Answers at once."""
        ...

    def prepare(self, plan: LaunchPlan, services: ServiceAddresses, instance: Instance, report: Report) -> Command:
        """Install or build what the plan needs, which may take minutes, and return the command that runs it.

        Calls `report` before slow work. Raises UserError if the plan cannot be run.
        """
        ...

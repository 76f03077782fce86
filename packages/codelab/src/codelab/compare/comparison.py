"""Runs START and other folders side by side and finds where their output differs from START's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from codelab.compare.app_log import AppLog
from codelab.compare.assertions import MismatchError
from codelab.compare.local_backend import FAR_FROM_UTC, LocalBackend, fresh_app
from codelab.compare.scenario import Scenario
from codelab.compare.services import CallCounts, Service
from codelab.compare.visitor import Document
from datastore_emulator.errors import UserError
from localcloud import Cloud

_ERROR = 400
_LOG_SECONDS = 5.0


@dataclass(frozen=True)
class Difference:
    """The first difference of an app from START: the scenario, what differs, and the app's own error if it had one."""

    scenario: str
    text: str
    error: str | None

    def __str__(self) -> str:
        return f"{self.text}\n{self.error}" if self.error else self.text


@dataclass(frozen=True)
class ComparedFolder:
    """A folder to run: its name in messages, its path, and the cache that its app answers from.

    `redis_names` are its own variables for the address of Redis, each with the part of it: see localcloud.Cloud.add.
    """

    name: str
    path: Path
    cache: str | None
    redis_names: Mapping[str, str] = field(default_factory=dict)


class Comparison:
    """START and other folders on one local cloud; a context manager that starts and stops their apps.

    Entering raises UserError if one of them does not start; `error_of` returns the reason. `function` is the target of
    folders without a deployment file.
    """

    def __init__(self, start: ComparedFolder, others: Sequence[ComparedFolder], function: str | None) -> None:
        self._start = start
        self._folders = [start, *others]
        self._function = function
        self._log = AppLog()
        self._cleanup = ExitStack()
        self._running: dict[str, LocalBackend] = {}
        self._transcripts: dict[str, list[Document]] = {}
        self._counts = CallCounts()
        self._called: dict[str, set[Service]] = {}
        self._cloud: Cloud | None = None

    def __enter__(self) -> Comparison:
        with ExitStack() as stack:
            counts = self._counts
            cloud = stack.enter_context(
                Cloud(log=self._log, observe=counts.count, observe_bundled=counts.count_bundled)
            )
            self._cloud = cloud
            apps = [
                cloud.add(
                    folder.path,
                    name=folder.name,
                    function=self._function,
                    environment=FAR_FROM_UTC,
                    redis_names=folder.redis_names,
                )
                for folder in self._folders
            ]
            cloud.start()
            self._running = {app.name: LocalBackend(cloud, app) for app in apps}
            self._cleanup = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._cleanup.close()
        self._running.clear()

    def error_of(self, folder: ComparedFolder) -> str | None:
        """Return the last error that the folder's app has printed, with its line in the app's own code."""
        # The log of an app that runs may be a moment behind. After the apps' end it is complete.
        patience = _LOG_SECONDS if self._running else 0
        return self._log.last_error(folder.name, folder.path, patience=patience)

    def first_difference(self, folder: ComparedFolder, scenarios: Sequence[Scenario]) -> Difference | None:
        """Run the scenarios on the folder, and on START where both must answer alike; return the first difference."""
        for scenario in scenarios:
            same = self._start.cache == folder.cache or not scenario.repeats_visitors
            try:
                if same and scenario.name not in self._transcripts:
                    self._transcripts[scenario.name] = self._transcript(self._start, scenario)
                transcript = self._transcript(folder, scenario)
            except MismatchError as mismatch:
                error = self.error_of(folder) if "status 50" in str(mismatch) else None
                return Difference(scenario.title, str(mismatch), error)
            except (UserError, httpx.HTTPError) as failed:
                return Difference(scenario.title, f"{folder.name} does not answer: {failed}", self.error_of(folder))
            if same:
                for one, other in zip(self._transcripts[scenario.name], transcript, strict=True):
                    if one != other:
                        return Difference(scenario.title, f"{folder.name}: {_difference(one, other)}", None)
        return None

    def services_called(self, folder: ComparedFolder) -> frozenset[Service]:
        """Return the services that the folder's app has called in quick scenarios, which use no service themselves."""
        return frozenset(self._called.get(folder.name, ()))

    def _read_counts(self) -> Counter[Service]:
        assert self._cloud
        return self._counts.read() + Counter({Service.REDIS: sum(self._cloud.redis_calls().values())})

    def _transcript(self, folder: ComparedFolder, scenario: Scenario) -> list[Document]:
        with fresh_app(self._running[folder.name], folder.cache) as app:
            before = self._read_counts()
            scenario(app)
            if scenario.quick:
                self._called.setdefault(folder.name, set()).update(self._read_counts() - before)
            return [_without_error_text(document) for document in app.transcript]


def _without_error_text(document: Document) -> Document:
    """Return the answer without the text of an error page, which is the framework's own."""
    return document._replace(nodes=[]) if document.status >= _ERROR else document


def _difference(start: Document, other: Document) -> str:
    if start[:2] != other[:2]:
        return f"expected {_head(start)} as from START, found {_head(other)}"
    for ours, theirs in zip(start.nodes, other.nodes, strict=False):
        if ours != theirs:
            return f"expected the page to have {ours}, as START's; found {theirs}"
    return f"expected a page of {len(start.nodes)} elements and texts, as START's; found {len(other.nodes)}"


def _head(document: Document) -> str:
    return f"status {document.status} ({document.content_type})"

"""Runs START and other folders side by side and finds where their output differs from START's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from codelab.compare.answers import Answers
from codelab.compare.app_log import AppLog
from codelab.compare.assertions import MismatchError
from codelab.compare.local_backend import FAR_FROM_UTC, LocalBackend, fresh_app
from codelab.compare.scenario import Scenario
from codelab.compare.services import ONLY_CALLED_BY_APPS, CallCounts, Service
from codelab.compare.visitor import Document
from datastore_emulator.errors import UserError
from datastore_emulator.stopping import Stopped
from localcloud import App, Cloud

_ERROR = 400
_LOG_SECONDS = 5.0
# Longer than any page takes on a busy machine; a learner does not wait longer for one that never comes.
_PATIENCE_SECONDS = 30.0


@dataclass(frozen=True)
class Difference:
    """The first difference of an app from START: the scenario, what differs, and the app's own error if it had one.

    `undecided` says that it may be right where the app is deployed, and `only_addresses` that nothing differs but the
    visitors' addresses.
    """

    scenario: str
    text: str
    error: str | None
    undecided: bool = False
    only_addresses: bool = False

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
    folders without a deployment file. `answers` has those of START that are known: it runs in other scenarios only.
    Without `runs_start` it does not start before the first of them.
    """

    def __init__(
        self,
        start: ComparedFolder,
        others: Sequence[ComparedFolder],
        function: str | None,
        *,
        answers: Answers | None = None,
        runs_start: bool = True,
    ) -> None:
        self._start = start
        self._others = list(others)
        self._function = function
        self._log = AppLog()
        self._cloud: Cloud | None = None
        self._closed = False
        self._running: dict[str, LocalBackend] = {}
        self._answers = answers or Answers()
        self._runs_start = runs_start
        self._counts = CallCounts()
        self._called: dict[str, set[Service]] = {}

    def __enter__(self) -> Comparison:
        counts = self._counts
        self._cloud = Cloud(log=self._log, observe=counts.count, observe_bundled=counts.count_bundled)
        try:
            if self._closed:
                raise Stopped
            at_once = [self._start, *self._others] if self._runs_start else self._others
            apps = [self._add(folder) for folder in at_once]
            self._cloud.start()
            self._running = {app.name: LocalBackend(self._cloud, app) for app in apps}
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the apps. May be called from any thread: what runs on another one fails at once."""
        self._closed = True  # first: the other thread makes the cloud, and then looks at this
        if self._cloud:
            self._cloud.close()

    def replace(self, folder: ComparedFolder) -> None:
        """Run what is in the folder now, in place of what it was; raises UserError if it does not start."""
        assert self._cloud
        if backend := self._running.pop(folder.name, None):
            self._cloud.remove(backend.app)
        self._called.pop(folder.name, None)
        self._log.forget(folder.name)
        self._run(folder)

    def error_of(self, folder: ComparedFolder) -> str | None:
        """Return the last error that the folder's app has printed, with its line in the app's own code."""
        # The log of an app that runs may be a moment behind. After the app's end it is complete.
        patience = _LOG_SECONDS if folder.name in self._running and not self._closed else 0
        return self._log.last_error(folder.name, folder.path, patience=patience)

    def first_difference(
        self,
        folder: ComparedFolder,
        scenarios: Sequence[Scenario],
        on_scenario: Callable[[str], None] = lambda text: None,
    ) -> Difference | None:
        """Run the scenarios on the folder, and on START where both must answer alike; return the first difference.

        `on_scenario` is called before each, as in "scenario 5 of 16: an hour passing".
        """
        for number, scenario in enumerate(scenarios, 1):
            on_scenario(f"scenario {number} of {len(scenarios)}: {scenario.title}")
            same = must_answer_alike(self._start, folder, scenario)
            try:
                transcript = self._transcript(folder, scenario)
                # Now: START may run next, and has its own visits then.
                if elsewhere := self._other_place(folder, scenario):
                    return elsewhere
                expected = self._answers_of_start(scenario) if same else transcript
            except MismatchError as mismatch:
                if elsewhere := self._other_place(folder, scenario):
                    return elsewhere
                error = self.error_of(folder) if "status 50" in str(mismatch) else None
                return Difference(scenario.title, str(mismatch), error, only_addresses=mismatch.only_addresses)
            except (UserError, httpx.HTTPError) as failed:
                return Difference(scenario.title, f"{folder.name} does not answer: {failed}", self.error_of(folder))
            for one, other in zip(expected, transcript, strict=True):
                if one != other:
                    return Difference(scenario.title, f"{folder.name}: {_difference(one, other)}", None)
        return None

    def _other_place(self, folder: ComparedFolder, scenario: Scenario) -> Difference | None:
        """Return a difference if the app keeps its visits elsewhere, and so would not show the old ones."""
        found = self._running[folder.name].describe_other_place()
        if found is None:
            return None
        place, undecided = found
        known = "it cannot be seen here whether it loses the old visits" if undecided else "so it loses the old visits"
        text = f"{folder.name} stores its visits in {place}; {known}"
        return Difference(scenario.title, text, None, undecided)

    def _answers_of_start(self, scenario: Scenario) -> list[Document]:
        if scenario.name not in self._answers:
            if self._start.name not in self._running:
                self._run(self._start)
            self._answers.keep(scenario.name, self._transcript(self._start, scenario))
        return self._answers[scenario.name]

    def _add(self, folder: ComparedFolder) -> App:
        assert self._cloud
        return self._cloud.add(
            folder.path,
            name=folder.name,
            function=self._function,
            environment=FAR_FROM_UTC,
            redis_names=folder.redis_names,
        )

    def _run(self, folder: ComparedFolder) -> None:
        assert self._cloud
        app = self._add(folder)
        try:
            app.start()
        except BaseException:
            self._cloud.remove(app)
            raise
        self._running[folder.name] = LocalBackend(self._cloud, app)

    def services_called(self, folder: ComparedFolder) -> frozenset[Service]:
        """Return the services that the folder's app has called.

        Only quick scenarios use no service themselves, so the others count for services that only apps call.
        """
        return frozenset(self._called.get(folder.name, ()))

    def _read_counts(self) -> Counter[Service]:
        assert self._cloud
        return self._counts.read() + Counter({Service.REDIS: sum(self._cloud.redis_calls().values())})

    def _transcript(self, folder: ComparedFolder, scenario: Scenario) -> list[Document]:
        with fresh_app(self._running[folder.name], folder.cache, _PATIENCE_SECONDS) as app:
            before = self._read_counts()
            scenario(app)
            called = set(self._read_counts() - before)
            self._called.setdefault(folder.name, set()).update(
                called if scenario.quick else called & ONLY_CALLED_BY_APPS
            )
            return [_without_error_text(document) for document in app.transcript]


def must_answer_alike(one: ComparedFolder, other: ComparedFolder, scenario: Scenario) -> bool:
    """Return whether both apps must give the same answers in the scenario, whichever cache each has."""
    return one.cache == other.cache or not scenario.repeats_visitors


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

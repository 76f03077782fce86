"""One of the apps of a comparison: on a local cloud of its own, with its own copy of the data."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from datastore_emulator.errors import UserError
from datastore_emulator.scratch import Scratch
from datastore_emulator.storage import copy_data
from localcloud.app import App
from localcloud.cloud import Cloud
from localcloud.compare.browser import Browser
from localcloud.compare.log_errors import LogErrors
from localcloud.compare.world.events import CloudTarget
from localcloud.effects import Effects
from localcloud.effects.watch import EffectsWatch
from localcloud.launch.plan import Platform
from localcloud.services.datastore import EmbeddedDatastore
from localcloud.traffic import Answer, RecordedRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localcloud.runtimes import Runtime

Log = Callable[[str, str], None]


@dataclass(frozen=True)
class Folder:
    """A folder to run: its name in reports, its path, and the options of `localcloud run` for it."""

    name: str
    path: Path
    function: str | None = None
    platform: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    runtimes: Sequence[Runtime] = ()

    def with_variables(self, environment: Mapping[str, str]) -> Folder:
        """Return this folder with more environment variables."""
        return replace(self, environment={**self.environment, **environment})


class Target:
    """An app that runs for a comparison; `name` tells it from the others in logs.

    `id_shift` gives its entities other ids than those of the others, so that ids are known as noise wherever they show.
    Raises UserError if its folder cannot be read, or `data` is no file of a Datastore.
    """

    def __init__(self, name: str, folder: Folder, data: Path | None, log: Log, id_shift: int = 0) -> None:
        self.name = name
        self._cleanup = ExitStack()
        self._errors = LogErrors()

        def keep_errors(app: str, line: str) -> None:
            self._errors.add(line)
            log(app, line)

        try:
            copy: Path | None = None
            if data is not None:
                copy = Path(self._cleanup.enter_context(Scratch("localcloud-compare-"))) / "data.sqlite3"
                copy_data(data, copy)
            self.cloud: Cloud = self._cleanup.enter_context(
                Cloud(data=copy or ":memory:", runtimes=folder.runtimes, log=keep_errors)
            )
            self.app: App = self.cloud.add(
                folder.path,
                name=name,
                function=folder.function,
                platform=folder.platform,
                environment=folder.environment,
            )
            self._has_answered = False
            self._watch = EffectsWatch(self.cloud, self.app)
            assert isinstance(self.cloud.datastore, EmbeddedDatastore)
            self.cloud.datastore.shift_ids(id_shift)
            self.world = CloudTarget(self.cloud, self.app, self._watch.begin)
            self._cleanup.callback(self.world.close)
            self.browser = Browser(self.app.url)
        except BaseException:
            self._cleanup.close()
            raise

    def close(self) -> None:
        """End the app and its cloud."""
        self._cleanup.close()

    def begin(self) -> None:
        """Wait until the app answers, and forget what it has done until then.

        A server may listen before it has imported the app. App Engine sends new instances this request, too.
        """
        if self.app.plan.platform in (Platform.APP_ENGINE, Platform.APP_ENGINE_PYTHON27):
            self.send(RecordedRequest("/_ah/warmup", session="warmup"))
        self._watch.begin()

    def describe_end(self) -> str:
        """Describe how the app has ended, "" if it runs."""
        return self.app.describe_end() if self.app.returncode is not None else ""

    @property
    def port(self) -> int:
        """The port of the app's address."""
        return self.browser.port

    def send(self, request: RecordedRequest) -> tuple[Answer | None, float]:
        """Send a request; return the answer, None if there is none, and the seconds that it took."""
        self._errors.forget()
        began = time.perf_counter()
        answer = self.browser.send(request)
        seconds = time.perf_counter() - began
        if self.app.returncode is not None:
            self._restart_ended(request)
            return None, seconds
        self._has_answered = self._has_answered or answer is not None
        return answer, seconds

    def _restart_ended(self, request: RecordedRequest) -> None:
        """Start an app again that has ended at a request, as its platform would; that request has no answer.

        Raises UserError for an app that has never answered.
        """
        how = f"{self.name}: at {request.method} {request.target}, the app {self.app.describe_end()}"
        if not self._has_answered:
            raise UserError(how)
        self.app.log(f"localcloud: {how}; it is started again")
        self.app.restart()

    def find_error(self) -> str:
        """Return the error that the app has logged since the last request began, "" for none."""
        return self._errors.find()

    def effects(self) -> Effects:
        """Return what the app has done since the last look, after waiting for the tasks that it has begun."""
        return self._watch.read()


def start_all(targets: Sequence[Target], on_prepare: Callable[[str], None]) -> None:
    """Install what the apps need, one after another, and start them at once; raises UserError for the first failure."""
    for target in targets:
        on_prepare(f"preparing {target.name}")
        target.app.prepare()
    with ThreadPoolExecutor(max_workers=len(targets)) as pool:
        for started in [pool.submit(target.cloud.start) for target in targets]:
            started.result()


@contextmanager
def running(
    folders: Sequence[tuple[str, Folder]], data: Path | None, log: Log, on_prepare: Callable[[str], None]
) -> Iterator[list[Target]]:
    """Run folders, each by a name for it, until the end of the block."""
    with ExitStack() as stack:
        targets = []
        for number, (name, folder) in enumerate(folders):
            target = Target(name, folder, data, log, number)
            stack.callback(target.close)
            targets.append(target)
        start_all(targets, on_prepare)
        for target in targets:
            target.begin()
        yield targets

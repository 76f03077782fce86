"""One app: its front end, and the process behind it."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import psutil

from datastore_emulator.errors import UserError
from datastore_emulator.net.ports import free_port
from localcloud.appengine.callers import Caller
from localcloud.appengine.services.app_requests import NotReachedError, send_to_app
from localcloud.frontend import TICKET, FrontEnd, RequestLog
from localcloud.frontend.blobs import Blobs
from localcloud.frontend.sign_in import ADMINISTRATOR
from localcloud.launch.plan import LaunchPlan
from localcloud.processes.process import Process, describe_other_ports
from localcloud.runtimes import Command, Instance, Runtime, ServiceAddresses
from localcloud.runtimes.google_apis import CredentialsAdvice
from localcloud.runtimes.redis_advice import RedisAdvice

Log = Callable[[str, str], None]
"""Receives an app's name and one line of its output."""

Version = tuple[LaunchPlan, Runtime, ServiceAddresses]
"""The plan, the runtime and the services that an app is started from, as its folder is now."""

# The range for apps without a port of their own. Google's tools use 8080 by default, too.
_PORTS = range(8080, 8280)
_START_SECONDS = 30
# docs/platform-facts.md, "App Engine's own requests".
_WARMUP_SOURCE = "0.1.0.3"
# $PORT in the cloud, which many apps name. Those with Python's sockets listen on our $PORT instead, by sitecustomize.
_CLOUD_PORT = 8080


class App:
    """A folder being served: a front end that visitors reach at `url`, and the app's process behind it.

    The front end listens at once, on `port`; None takes the first free one from 8080 up. The rest begins with
    `start`. Raises UserError if the port is taken. `folder` is where its files are, `home` becomes the process's home
    directory, and `overrides` beat every other variable. `free_cloud_port` moves a front end away from 8080 for an app
    that wants that port itself, and returns whether one was there. `blobs` returns the app's Blobstore. `requests` logs
    the app's requests. `spell` may be set to spell the options in the local cloud's own lines as the user types them.
    """

    def __init__(
        self,
        name: str,
        plan: LaunchPlan,
        runtime: Runtime,
        services: ServiceAddresses,
        *,
        folder: Path,
        port: int | None,
        home: Path,
        log: Log,
        overrides: Mapping[str, str],
        blobs: Callable[[], Blobs] | None = None,
        behind_load_balancer: bool = False,
        free_cloud_port: Callable[[], bool] = lambda: False,
        requests: RequestLog | None = None,
    ) -> None:
        self.name = name
        self.folder = folder
        self.spell: Callable[[str], str] = str
        self.plan = plan
        self._runtime = runtime
        self._services = services
        self._log = log
        self._free_cloud_port = free_cloud_port
        self._has_chosen_port = port is not None
        self._instance = Instance(name.replace("/", "-").lower(), free_port(), home, overrides)
        self._front_end = self._listen(
            lambda number: FrontEnd(
                plan.platform,
                self.upstream,
                port=number,
                directory=plan.directory,
                handlers=plan.handlers,
                extra_headers=self._extra_headers(),
                blobs=blobs,
                behind_load_balancer=behind_load_balancer,
                name=name,
                requests=requests,
                ended=lambda: self._failed or self.returncode is not None,
                explain=self._explain_silence,
            ),
            _PORTS if port is None else [port],
        )
        self._instance = replace(self._instance, url=self.url)
        self._command: Command | None = None
        self._noted: set[str] = set()
        self._failed = False
        self._process: Process | None = None
        # Apps start on threads of their own: one that is being started when the cloud closes must not live on.
        self._starting = threading.Lock()
        self._stopped = False

    @staticmethod
    def _listen(front_end: Callable[[int], FrontEnd], ports: Sequence[int]) -> FrontEnd:
        """Return a front end that listens on the first of the ports that is free."""
        for number in ports:
            candidate = front_end(number)
            try:
                candidate.start()
            except UserError:
                if len(ports) == 1:
                    raise
            else:
                return candidate
        raise UserError(f"no port from {_PORTS[0]} to {_PORTS[-1]} is free; choose one with --port")

    def leave_cloud_port(self) -> bool:
        """Move the front end away from 8080 if it listens there and nobody has chosen that; return whether it did."""
        if self._has_chosen_port or self._front_end.port != _CLOUD_PORT:
            return False

        def move(number: int) -> FrontEnd:
            self._front_end.port = number
            return self._front_end

        self._front_end.stop()
        self._listen(move, [number for number in _PORTS if number != _CLOUD_PORT])
        self._instance = replace(self._instance, url=self.url)
        return True

    @property
    def url(self) -> str:
        """The address for a browser, as in "http://localhost:8080"."""
        return self._front_end.url

    @property
    def ticket(self) -> str:
        """The secret by which the API server of bundled services knows the app."""
        return self._services.ticket

    @property
    def upstream(self) -> tuple[str, int]:
        """The address that the app itself listens on, behind its front end."""
        return "127.0.0.1", self._instance.port

    @property
    def returncode(self) -> int | None:
        """The process's exit code if it has ended by itself, else None."""
        process = self._process
        return process.returncode if process else None

    def route(self, choose: Callable[[str, str], App | None]) -> None:
        """Give each request to the app that `choose(host, path)` returns, to this one if it returns None."""

        def choose_front_end(host: str, path: str) -> FrontEnd | None:
            chosen = choose(host, path)
            return chosen._front_end if chosen else None

        self._front_end.choose_service = choose_front_end

    def processes(self) -> set[psutil.Process]:
        """Return the app's own process and all that it started; none if it has not been started."""
        return self._process.members() if self._process else set()

    def prepare(self) -> None:
        """Install or build what the app needs, which may take minutes; the log says what. Does nothing a second time.

        Raises UserError if that fails.
        """
        if self._command is None:
            self._command = self._runtime.prepare(
                self.plan, self._services, self._instance, lambda line: self._log(self.name, line)
            )

    def start(self) -> None:
        """Prepare the app, start it, and return when it listens; raises UserError if it exits or takes too long."""
        self.prepare()
        self._log_notes()
        self._start_process()

    def log(self, line: str) -> None:
        """Add a line of the local cloud to the app's log."""
        self._log(self.name, self.spell(line))

    def describe_end(self) -> str:
        """Describe how the app has ended and why; only for one whose `returncode` is there."""
        assert self._process
        assert self._command
        return self._process.describe_end() + self._command.caveat

    def reload(self, read: Callable[[], Version]) -> None:
        """End the app, read its folder again, and start what is in it now, at the same address.

        Raises UserError if it cannot be read or started. Then the app does not run, and visitors are told so, until the
        next reload.
        """
        self._stop_process()
        self._command = None
        self._failed = False
        try:
            self.plan, self._runtime, self._services = read()
            self._front_end.change(
                self.plan.platform,
                directory=self.plan.directory,
                handlers=self.plan.handlers,
                extra_headers=self._extra_headers(),
            )
            self.prepare()
            self._log_notes()
            self._start_process()
        except UserError:
            self._failed = True
            raise

    def _log_notes(self) -> None:
        """Log the command's notes that have not been logged before."""
        assert self._command
        for note in self._command.notes:
            if note not in self._noted:
                self._noted.add(note)
                self.log(note)

    def _extra_headers(self) -> dict[str, str]:
        return {TICKET: self._services.ticket} if self.plan.bundled_services else {}

    def restart(self) -> None:
        """End the app's process and start another, as a new version or a recycled instance would."""
        self._stop_process()
        self._start_process()

    def stop(self) -> None:
        """End the app and its front end. It cannot be started again."""
        self._front_end.stop()
        with self._starting:
            self._stopped = True
        self._stop_process()

    def _start_process(self) -> None:
        command = self._command
        assert command
        if not command.argv:  # the app is static files, which the front end serves
            return
        with self._starting:
            if self._stopped:
                raise UserError(f"{self.name}: stopped before it was started")
            process = Process(
                self.name, command.argv, dict(command.environment), command.directory, self._log_and_advise(command)
            )
            self._process = process
        self._front_end.upstream = self.upstream
        try:
            self._front_end.upstream = process.wait_for_port(
                *self.upstream, _START_SECONDS, _CLOUD_PORT, has_own_ports=command.has_own_ports
            )
        except UserError as error:
            if not process.port_taken:
                raise UserError(f"{error}{command.caveat}") from error
            if not self._free_cloud_port():
                raise UserError(f"{error}, or port 8080 must be free: --port chooses another for visitors") from error
            self._stop_process()
            self._start_process()
        else:
            if self.plan.warmup:
                self._warm_up()

    def _warm_up(self) -> None:
        """Send the instance its warmup request; a failure does not count, but is in the log."""
        instance = Caller(self._services.project, self._services.ticket, url=self.url)
        headers = [("Cookie", ADMINISTRATOR)]
        try:
            status, _ = send_to_app(instance, "GET", "/_ah/warmup", headers, b"", _WARMUP_SOURCE, _START_SECONDS)
        except NotReachedError as error:
            self.log(f"no answer to the warmup request ({error})")
        else:
            if status >= http.client.INTERNAL_SERVER_ERROR:
                self.log(f"the warmup request was answered {status}")

    def _log_and_advise(self, command: Command) -> Log:
        """Return a log for the command's output, which adds advice to it."""
        advisers: list[CredentialsAdvice | RedisAdvice] = [CredentialsAdvice(command.directory)]
        if self._services.redis is None:
            advisers.append(RedisAdvice())

        def log(name: str, line: str) -> None:
            self._log(name, line)
            for adviser in advisers:
                if advice := adviser.read(line):
                    self.log(f"localcloud: {advice}")

        return log

    def _explain_silence(self) -> str:
        """Say why the app does not listen on its port."""
        process = self._process
        if self._failed:
            return "it could not be started; see its log"
        if process is None:
            return "it is being prepared; see its log"
        if process.returncode is not None:
            return "it has ended; see its log"
        if process.other_ports:
            return f"it {describe_other_ports(process.other_ports, self._instance.port)}"
        return "it is still starting; see its log"

    def _stop_process(self) -> None:
        process, self._process = self._process, None
        if process:
            process.stop()

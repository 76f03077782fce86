"""The local cloud: one store, one cache and one Redis, and the apps that share them."""

from __future__ import annotations

import os
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Protocol

import psutil

from datastore_emulator.api.grpc_server import DatastoreServer
from datastore_emulator.api.remote import RemoteDatastore
from datastore_emulator.api.tracing import traced
from datastore_emulator.engine import Engine
from datastore_emulator.errors import UserError
from datastore_emulator.net.addresses import read_server
from datastore_emulator.net.ports import free_port, hold
from datastore_emulator.scratch import Scratch
from localcloud.appengine.call_handler import call_handler
from localcloud.appengine.server import ApiServer
from localcloud.frontend import FrontEnd
from localcloud.launch import read_plan
from localcloud.launch.plan import LaunchPlan, Platform
from localcloud.processes.process import Process
from localcloud.runtimes.command import Command, Services, command_for
from localcloud.services.clock import Clock
from localcloud.services.memorystore import Memorystore

Log = Callable[[str, str], None]

# Where apps are looked for when nobody asks for a port: 8080 is what Google's own tools take first.
_PORTS = range(8080, 8280)


class Listener(Protocol):
    """What stands in front of a Datastore, and comes back to its port after it was stopped."""

    @property
    def port(self) -> int: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...


class App:
    """A folder being served: a front end that visitors reach at `url`, and the app's process behind it."""

    def __init__(
        self,
        name: str,
        plan: LaunchPlan,
        services: Services,
        *,
        port: int | None,
        home: Path,
        log: Log,
        overrides: Mapping[str, str],
        behind_load_balancer: bool = False,
        commands: Callable[..., Command] = command_for,
    ) -> None:
        self.name = name
        self.plan = plan
        self._log = log
        self._upstream = free_port()
        # Before anything slow, so that a port which is taken is said at once.
        self._front_end = self._listen(
            lambda number: FrontEnd(
                plan.platform,
                ("127.0.0.1", self._upstream),
                port=number,
                directory=plan.directory,
                handlers=plan.handlers,
                extra_headers={"X-Appengine-Api-Ticket": services.ticket} if plan.bundled_services else {},
                behind_load_balancer=behind_load_balancer,
                ended=lambda: self.returncode is not None,
            ),
            port,
        )
        self._process: Process | None = None
        # Apps start on threads of their own: one that is being started when the cloud closes must not live on.
        self._starting = threading.Lock()
        self._stopped = False
        try:
            self._command = commands(
                plan,
                services,
                service=name.replace("/", "-").lower(),
                port=self._upstream,
                home=home,
                overrides=overrides,
                report=lambda line: log(name, line),
            )
        except BaseException:
            self._front_end.stop()
            raise

    @staticmethod
    def _listen(front_end: Callable[[int], FrontEnd], port: int | None) -> FrontEnd:
        """Return a front end that listens on the port, or on the first free one from 8080 up."""
        for number in _PORTS if port is None else [port]:
            candidate = front_end(number)
            try:
                candidate.start()
            except UserError:
                if port is not None:
                    raise
            else:
                return candidate
        raise UserError(f"no port from {_PORTS[0]} to {_PORTS[-1]} is free; choose one with --port")

    @property
    def url(self) -> str:
        """The address for a browser, as in "http://localhost:8080"."""
        return self._front_end.url

    @property
    def upstream(self) -> tuple[str, int]:
        """Where the app itself listens, behind its front end."""
        return "127.0.0.1", self._upstream

    @property
    def returncode(self) -> int | None:
        """The process's exit code if it has ended by itself, else None."""
        process = self._process
        return process.returncode if process else None

    def processes(self) -> set[psutil.Process]:
        """Return the app's own process and all that it started; none if it has not been started."""
        return self._process.members() if self._process else set()

    def start(self) -> None:
        """Start the app, and return when it listens; raises UserError if it exits or takes too long."""
        for note in self._command.notes:
            self._log(self.name, note)
        self._start_process()

    def restart(self) -> None:
        """End the app's process and start another, as a new version or a recycled instance would."""
        self._stop_process()
        self._start_process()

    def stop(self) -> None:
        """End the app; nothing of it is left, and it starts no more."""
        self._front_end.stop()
        with self._starting:
            self._stopped = True
        self._stop_process()

    def _start_process(self) -> None:
        command = self._command
        with self._starting:
            if self._stopped:
                raise UserError(f"{self.name}: stopped before it was started")
            process = Process(self.name, command.argv, dict(command.environment), command.directory, self._log)
            self._process = process
        process.wait_for_port("127.0.0.1", self._upstream, 30)

    def _stop_process(self) -> None:
        process, self._process = self._process, None
        if process:
            process.stop()


class Cloud:
    """A local Google Cloud project with the apps that run in it; a context manager that ends all it started.

    `data` is the Datastore's file, ":memory:" for none. `datastore` and `redis` are HOST:PORT of servers to use
    instead of our own; `memorystore` is a server of our own to use instead of a plain one. `commands` finds the
    process for a plan, as command_for does. `log` receives each app's name and line of output; `observe` hears of each
    call to Datastore and Memcache, as in "Datastore RunQuery".
    """

    def __init__(
        self,
        *,
        project: str = "demo",
        data: str | Path = ":memory:",
        datastore: str | None = None,
        redis: str | None = None,
        memorystore: Memorystore | None = None,
        commands: Callable[..., Command] = command_for,
        log: Log = lambda name, line: None,
        observe: Callable[[str], None] = lambda call: None,
    ) -> None:
        self.project = project
        self.clock = Clock()
        self.memorystore: Memorystore | None = None
        self._commands = commands
        self._own_memorystore = memorystore
        self.apps: list[App] = []
        self._log = log
        self._redis = read_server(redis, "--redis") if redis else None
        self._cleanup = ExitStack()
        # What keeps the ports of the services that are away, so that they can come back to them.
        self._cache_outage, self._datastore_outage = ExitStack(), ExitStack()
        with ExitStack() as stack:
            self._scratch = Path(stack.enter_context(Scratch("localcloud-")))
            stack.callback(self._cache_outage.close)
            stack.callback(self._datastore_outage.close)
            self.engine: Engine | RemoteDatastore
            if datastore:
                read_server(datastore, "--datastore")
                self.engine = RemoteDatastore(datastore)
                self.datastore = datastore
            else:
                self.engine = Engine(data)
            stack.callback(self.engine.close)
            watched = traced(self.engine, observe)
            self.api_server = ApiServer(watched, clock=self.clock.now, observe=observe)
            if not datastore:
                server = DatastoreServer(watched, extra_handlers=[call_handler(self.api_server.datastore_dispatcher)])
                server.start()
                stack.callback(server.stop)
                self.datastore_server: Listener = server
                self.datastore = server.address
            self.api_server.start()
            stack.callback(self.api_server.stop)
            self._cleanup = stack.pop_all()

    def __enter__(self) -> Cloud:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def add(
        self,
        directory: Path,
        *,
        name: str | None = None,
        port: int | None = 0,
        project: str | None = None,
        function: str | None = None,
        platform: str | None = None,
        environment: Mapping[str, str] | None = None,
        behind_load_balancer: bool = False,
    ) -> App:
        """Return the folder as an app of this cloud: it has its `url` already, and answers there after App.start.

        `port` 0 is any free port, None the first free one from 8080 up.
        `function` names the target in a folder without app.yaml or Dockerfile; `platform` ("appengine", "cloudrun"
        or "functions") decides when the files in the folder do not; `environment` overrides the app's variables.
        `behind_load_balancer` has visitors come through an external load balancer, which Cloud Run and functions may
        have; raises UserError for App Engine, of which nobody recorded what it then sends.
        """
        # Not by Path.resolve, which fails for a link to itself: read_plan says what is wrong with it.
        name = name or "/".join(Path(os.path.realpath(directory)).parts[-2:])
        place = Path(tempfile.mkdtemp(dir=self._scratch))
        home = place / "home"
        home.mkdir()
        plan = read_plan(directory, function=function, platform=platform, staging=place / "image")
        if behind_load_balancer and plan.platform in (Platform.APP_ENGINE, Platform.APP_ENGINE_PYTHON27):
            raise UserError(
                f"{name}: --behind-load-balancer works for Cloud Run and Cloud Run functions only; "
                f"there is no record of what {plan.platform.value} sends an app behind one; leave the option out"
            )
        if "REDIS_HOST" in plan.environment and not self._redis:
            self._start_memorystore()
        services = Services(
            project=project or self.project,
            datastore=self.datastore,
            api_server=(self.api_server.host, self.api_server.port),
            ticket=self.api_server.ticket(project or self.project),
            redis=self._redis if "REDIS_HOST" in plan.environment else None,
            redis_variables=self.memorystore.variables if self.memorystore else {},
        )
        app = App(
            name,
            plan,
            services,
            port=port,
            home=home,
            log=self._log,
            overrides=environment or {},
            behind_load_balancer=behind_load_balancer,
            commands=self._commands,
        )
        self.apps.append(app)
        return app

    def remove(self, app: App) -> None:
        """End an app of this cloud, and forget it."""
        self.apps.remove(app)
        app.stop()

    def start(self) -> None:
        """Start every app, all at once; the first error is raised, and `close` ends the rest."""
        # Not in a `with`: that would wait for a slow start after Ctrl-C, which `close` cuts short.
        pool = ThreadPoolExecutor(max_workers=max(1, len(self.apps)))
        waiting = {pool.submit(app.start) for app in self.apps}
        while waiting:
            # Not for ever at once: a signal that comes just before such a wait begins would not interrupt it.
            done, waiting = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
            for started in done:
                started.result()

    def advance(self, seconds: float) -> None:
        """Let time pass for the caches: Memcache's clock moves on, and Redis keys come closer to their expiry."""
        self.clock.advance(seconds)
        if self.memorystore:
            self.memorystore.advance(seconds)

    def redis_calls(self) -> Counter[str]:
        """Return how often each command of our own Redis has been called, as in "Redis GET"."""
        return self.memorystore.calls() if self.memorystore else Counter()

    def flush_caches(self) -> None:
        """Empty the project's Memcache and Redis."""
        self.api_server.memcache(self.project).flush()
        if self.memorystore:
            self.memorystore.flush()

    def overwrite_caches(self, value: bytes, flags: int) -> int:
        """Put this in the place of every cached value; `flags` are Memcache's. Return how many there were."""
        values = self.api_server.memcache(self.project).overwrite(value, flags)
        return values + (self.memorystore.overwrite(value) if self.memorystore else 0)

    def lose_caches(self) -> None:
        """Take Memcache and Redis away, with all they hold, as an outage would."""
        self.flush_caches()
        self.api_server.memcache(self.project).available = False
        if self.memorystore:
            self.memorystore.stop()
            self._cache_outage.enter_context(hold(self.memorystore.port))

    def restore_caches(self) -> None:
        """Bring Memcache and Redis back, empty, where they were."""
        self.api_server.memcache(self.project).available = True
        if self.memorystore:
            self._cache_outage.close()
            self.memorystore.start()

    def lose_datastore(self) -> None:
        """Take the Datastore away, with all it holds kept: no door to it answers."""
        self.api_server.stop()
        self.datastore_server.stop()
        for port in (self.api_server.port, self.datastore_server.port):
            self._datastore_outage.enter_context(hold(port))

    def restore_datastore(self) -> None:
        """Bring the Datastore back where it was."""
        self._datastore_outage.close()
        self.datastore_server.start()
        self.api_server.start()

    def close(self) -> None:
        """End every app, all at once, and then the services they used."""
        with ThreadPoolExecutor(max_workers=max(1, len(self.apps))) as pool:
            list(pool.map(App.stop, self.apps))
        self.apps.clear()
        self._cleanup.close()

    def _start_memorystore(self) -> None:
        self.memorystore = self._own_memorystore or Memorystore()
        self.memorystore.start()
        self._cleanup.callback(self.memorystore.stop)
        self._redis = (self.memorystore.host, self.memorystore.port)


__all__ = ["App", "Cloud", "Platform"]

"""The local cloud: one store, one cache and one Redis, and the apps that share them."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Protocol

from datastore_emulator.api.grpc_server import DatastoreServer
from datastore_emulator.api.remote import RemoteDatastore
from datastore_emulator.api.tracing import traced
from datastore_emulator.engine import Engine
from datastore_emulator.errors import UserError
from datastore_emulator.net.addresses import read_server
from datastore_emulator.net.ports import hold
from datastore_emulator.scratch import Scratch
from localcloud.app import App, Log
from localcloud.appengine.call_handler import call_handler
from localcloud.appengine.server import ApiServer
from localcloud.launch import read_plan
from localcloud.launch.plan import Platform
from localcloud.runtimes import Runtime, ServiceAddresses, choose_runtime
from localcloud.services.clock import Clock
from localcloud.services.memorystore import Memorystore


class Listener(Protocol):
    """What stands in front of a Datastore, and comes back to its port after it was stopped."""

    @property
    def port(self) -> int: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...


class Cloud:
    """A local Google Cloud project with the apps that run in it; a context manager that ends all it started.

    `data` is the Datastore's file, ":memory:" for none. `datastore` and `redis` are HOST:PORT of servers to use
    instead of our own; `memorystore` is a server of our own to use instead of a plain one. `runtimes` come before the
    built-in ones, for the plans they support. `log` receives each app's name and line of output; `observe` hears of
    each call to Datastore and Memcache, as in "Datastore RunQuery".
    """

    def __init__(
        self,
        *,
        project: str = "demo",
        data: str | Path = ":memory:",
        datastore: str | None = None,
        redis: str | None = None,
        memorystore: Memorystore | None = None,
        runtimes: Sequence[Runtime] = (),
        log: Log = lambda name, line: None,
        observe: Callable[[str], None] = lambda call: None,
    ) -> None:
        self.project = project
        self.clock = Clock()
        self.memorystore: Memorystore | None = None
        self._runtimes = runtimes
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
        services = ServiceAddresses(
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
            choose_runtime(plan, self._runtimes),
            services,
            port=port,
            home=home,
            log=self._log,
            overrides=dict(environment or {}),
            behind_load_balancer=behind_load_balancer,
        )
        self.apps.append(app)
        return app

    def remove(self, app: App) -> None:
        """End an app of this cloud, and forget it."""
        self.apps.remove(app)
        app.stop()

    def start(self) -> None:
        """Prepare every app, one after another, and start them all at once.

        Raises the first error; `close` ends the rest.
        """
        # On this thread, so that Ctrl-C ends an installation under way.
        for app in self.apps:
            app.prepare()
        # Not in a `with`: that would wait for a slow start after Ctrl-C, which `close` cuts short.
        pool = ThreadPoolExecutor(max_workers=max(1, len(self.apps)))
        waiting = {pool.submit(app.start) for app in self.apps}
        while waiting:
            # In short waits: a signal that comes just before a long wait begins would not interrupt it.
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

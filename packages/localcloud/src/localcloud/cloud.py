"""The local cloud: the services of one project, and the apps that share them."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from datastore_emulator.errors import UserError
from datastore_emulator.scratch import Scratch
from localcloud.app import App, Log, Version
from localcloud.appengine.api_server import ApiServer
from localcloud.appengine.call_handler import make_call_handler
from localcloud.appengine.callers import CURRENT
from localcloud.frontend import RequestLog
from localcloud.launch import read_plan
from localcloud.launch.errors import FileError
from localcloud.launch.plan import Platform
from localcloud.metadata import MetadataServer
from localcloud.runtimes import Runtime, ServiceAddresses, choose_runtime
from localcloud.runtimes.python27_real import Python27RealRuntime
from localcloud.runtimes.variables import names_redis
from localcloud.services import (
    Cache,
    DatastoreService,
    EmbeddedDatastore,
    ExternalDatastore,
    ExternalRedis,
    Memcache,
    Memorystore,
    RedisWatch,
)
from localcloud.services.clock import Clock
from localcloud.services.datastore import Restartable

if TYPE_CHECKING:
    from localcloud.launch.dispatch import DispatchRule


class Cloud:
    """A local Google Cloud project with the apps that run in it; a context manager that ends all it started.

    `data` is the Datastore's file, ":memory:" for none. `datastore` and `redis` are HOST:PORT of servers to use
    instead of the embedded ones; `datastore_relay` listens in front of that Datastore, so that an outage can be made.
    `memorystore` takes the place of a plain Memorystore. `runtimes` come before the built-in ones, for the plans they
    support. With `made_up_credentials`, Google's clients find credentials that every call is refused with. `log`
    receives each app's name and line of output; `observe` is called before each call to Datastore and
    Memcache, as in "Datastore RunQuery", and `observe_bundled` also before each one to Datastore that comes through App
    Engine's bundled services.

    `datastore`, `memcache` and `redis` are the services; `redis` is None until an app needs one. `dispatch_file` is the
    dispatch.yaml whose rules hold. `requests` has the last requests to the apps, with the calls that each made. Those
    to Redis are there once `redis_watch` is started.
    """

    def __init__(
        self,
        *,
        project: str = "demo",
        data: str | Path = ":memory:",
        datastore: str | None = None,
        datastore_relay: Restartable | None = None,
        redis: str | None = None,
        memorystore: Memorystore | None = None,
        runtimes: Sequence[Runtime] = (),
        made_up_credentials: bool = False,
        log: Log = lambda name, line: None,
        observe: Callable[[str], None] = lambda call: None,
        observe_bundled: Callable[[str], None] = lambda call: None,
    ) -> None:
        self.project = project
        self.apps: list[App] = []
        self.dispatch_file: Path | None = None
        self._names: dict[str, str] = {}  # of apps, by ticket
        self._readers: dict[App, Callable[[], Version]] = {}
        self.datastore: DatastoreService
        self.redis: Memorystore | ExternalRedis | None = ExternalRedis(redis) if redis else None
        self._memorystore = memorystore
        self._runtimes = runtimes
        self._legacy_sdk = any(isinstance(runtime, Python27RealRuntime) for runtime in runtimes)
        self._made_up_credentials = made_up_credentials
        self._log = log
        self._moving = threading.Lock()
        # Of the list of apps, and of the Redis: after `close`, from whatever thread, nothing may be added.
        self._changing = threading.Lock()
        self._closing = threading.Lock()
        self._closed = False
        self.requests = RequestLog()

        def note(call: str) -> None:
            caller = CURRENT.get()
            self.requests.note(call, self._names.get(caller.ticket) if caller else None)
            observe(call)

        self.redis_watch = RedisWatch(
            lambda: self.redis if isinstance(self.redis, Memorystore) else None,
            lambda call, when: self.requests.note(call, when=when),
        )
        with ExitStack() as stack:
            stack.callback(self.redis_watch.stop)
            self._scratch = Path(stack.enter_context(Scratch("localcloud-")))
            if datastore:
                self.datastore = ExternalDatastore(datastore, note, datastore_relay)
            else:
                self.datastore = EmbeddedDatastore(data, note)
            stack.callback(self.datastore.close)
            clock = Clock()
            self.api_server = ApiServer(
                self.datastore.backend, clock=clock.now, observe=note, observe_bundled=observe_bundled
            )
            self.memcache = Memcache(self.api_server.memcache(project), clock)
            self.datastore.start([make_call_handler(self.api_server.datastore_dispatcher)])
            self.api_server.start()
            stack.callback(self.api_server.stop)
            self._metadata = MetadataServer(project, lambda line: log("localcloud", line))
            self._metadata.start()
            stack.callback(self._metadata.stop)
            self._cleanup = stack.pop_all()

    def __enter__(self) -> Cloud:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(
        self,
        directory: Path,
        *,
        name: str | None = None,
        port: int | None = 0,
        project: str | None = None,
        function: str | None = None,
        signature_type: str | None = None,
        source: str | None = None,
        platform: str | None = None,
        environment: Mapping[str, str] | None = None,
        redis_names: Mapping[str, str] | None = None,
        behind_load_balancer: bool = False,
    ) -> App:
        """Return the folder as an app of this cloud: it has its `url` already, and answers there after App.start.

        `directory` may also be the YAML file of an App Engine service.
        `port` 0 is any free port, None the first free one from 8080 up.
        `function` names the target in a folder without app.yaml or Dockerfile, `source` the file it is in, if that is
        not main.py, and `signature_type` how it is called, if the function does not show that.
        `platform` ("appengine", "cloudrun" or "functions") decides when the files in the folder do not; `environment`
        overrides the app's variables.
        `redis_names` are variables in the place of REDIS_HOST and REDIS_PORT, with "host", "port" or "url" for each.
        `behind_load_balancer` has visitors come through an external load balancer, which Cloud Run and functions may
        have; raises UserError for App Engine, where there is no record of what it then sends.
        """
        if "PORT" in (environment or {}):
            raise UserError("PORT cannot be set: the platform does that; choose the port for visitors with --port")
        # Not by Path.resolve, which fails for a link to itself: read_plan says what is wrong with it.
        name = name or "/".join(Path(os.path.realpath(directory)).parts[-2:])
        self._expect_open(name)
        scratch = Path(tempfile.mkdtemp(dir=self._scratch))
        home = scratch / "home"
        home.mkdir()

        def read() -> Version:
            shutil.rmtree(scratch / "image", ignore_errors=True)  # of an earlier version
            plan = read_plan(
                directory,
                function=function,
                signature_type=signature_type,
                source=source,
                platform=platform,
                legacy_sdk=self._legacy_sdk,
                staging=scratch / "image",
            )
            if behind_load_balancer and plan.platform in (Platform.APP_ENGINE, Platform.APP_ENGINE_PYTHON27):
                raise UserError(
                    f"{name}: --behind-load-balancer works for Cloud Run and Cloud Run functions only; "
                    f"there is no record of what {plan.platform.value} sends an app behind one; leave the option out"
                )
            redis = names_redis({**plan.environment, **(environment or {})}) or bool(redis_names)
            return (
                plan,
                choose_runtime(plan, self._runtimes),
                self._addresses(project or self.project, instance=scratch.name, redis=redis),
            )

        plan, runtime, addresses = read()
        app = App(
            name,
            plan,
            runtime,
            addresses,
            folder=directory.parent if directory.is_file() else directory,
            port=port,
            home=home,
            log=self._log,
            overrides={**_redis_variables(redis_names or {}, addresses), **(environment or {})},
            blobs=lambda: self.api_server.blobs(addresses.ticket),
            behind_load_balancer=behind_load_balancer,
            free_cloud_port=self._free_cloud_port,
            requests=self.requests,
        )
        self._connect(app)
        try:
            with self._changing:
                self._expect_open(name)
                self.apps.append(app)
                self._readers[app] = read
        except UserError:
            app.stop()
            self.api_server.disconnect(app.ticket)
            raise
        return app

    def _expect_open(self, name: str) -> None:
        if self._closed:
            raise UserError(f"{name}: the local cloud has been closed")

    def _connect(self, app: App) -> None:
        """Tell the bundled services where the app is, and which service."""
        self._names[app.ticket] = app.name
        service = app.plan.service or "default"
        self.api_server.connect(app.ticket, app.url, app.plan.source.parent, app.log, service)

    def _free_cloud_port(self) -> bool:
        """Move the front end that has port 8080 to another port; return whether there was one."""
        with self._moving:  # apps start at once
            for app in self.apps:
                if app.leave_cloud_port():
                    self._connect(app)
                    app.log(
                        f"localcloud: port 8080 is free for a server that finds its port in use; now visit {app.url}"
                    )
                    return True
        return False

    def dispatch(self, file: Path) -> None:
        """Route the visitors of all App Engine apps that have been added by the rules of a dispatch.yaml, if it exists.

        Raises UserError if the file cannot be read, or for a rule whose service is not one of the apps, or two of them.
        Then the rules before it stay.
        """
        from localcloud.launch.dispatch import choose_rule, read_dispatch

        self.dispatch_file = file
        rules = read_dispatch(file) if file.exists() else ()
        services = {rule.service: self._find_service(file, rule) for rule in rules}

        def choose(host: str, path: str) -> App | None:
            rule = choose_rule(rules, host, path)
            return services[rule.service] if rule else None

        for app in self.apps:
            if app.plan.service:
                app.route(choose)

        def choose_ticket(host: str, path: str) -> str | None:
            chosen = choose(host, path)
            return chosen.ticket if chosen else None

        self.api_server.dispatch(choose_ticket)

    def _find_service(self, file: Path, rule: DispatchRule) -> App:
        found = [app for app in self.apps if app.plan.service == rule.service]
        if not found:
            raise FileError(
                file,
                rule.line,
                f'no app that runs is the service "{rule.service}"; name its folder or its YAML file, too',
            )
        if len(found) > 1:
            names = " and ".join(app.name for app in found)
            raise FileError(file, rule.line, f'{names} are the service "{rule.service}"; name one of them only')
        return found[0]

    def reload(self, app: App) -> None:
        """Read an app's folder again, as a deployment would, and start what is in it now, at the same address.

        Raises UserError if that fails; then the app does not run until the next reload.
        """
        with self._changing:
            self._expect_open(app.name)
            read = self._readers[app]
        app.reload(read)
        self._connect(app)

    def remove(self, app: App) -> None:
        """End an app of this cloud, and forget it."""
        with self._changing:
            if app in self.apps:  # the cloud is not closed
                self.apps.remove(app)
                del self._readers[app]
        self._names.pop(app.ticket, None)
        app.stop()
        self.api_server.disconnect(app.ticket)

    def report(self, line: str) -> None:
        """Log a line that is about no single app."""
        self._log("localcloud", line)

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

    @property
    def caches(self) -> Sequence[Cache]:
        """The project's Memcache, and its Redis if there is one."""
        return (self.memcache, self.redis) if self.redis else (self.memcache,)

    def advance(self, seconds: float) -> None:
        """Let time pass for the caches, so that entries expire."""
        for cache in self.caches:
            cache.advance(seconds)

    def flush_caches(self) -> None:
        """Empty the caches."""
        for cache in self.caches:
            cache.flush()

    def overwrite_caches(self, value: bytes, flags: int) -> int:
        """Replace every cached value; `flags` are Memcache's. Return how many there were."""
        return sum(cache.overwrite(value, flags) for cache in self.caches)

    @contextmanager
    def cache_outage(self) -> Iterator[None]:
        """Take the caches away, with all they hold, for the length of the block; they come back empty."""
        with ExitStack() as stack:
            for cache in self.caches:
                stack.enter_context(cache.outage())
            yield

    def redis_calls(self) -> Counter[str]:
        """Return how often apps have called each command of our own Redis, as in "Redis GET"."""
        return self.redis.calls() if self.redis else Counter()

    def close(self) -> None:
        """End every app, all at once, and then the services they used.

        May be called from any thread. An app that is being started on another one ends, too, and none starts later.
        """
        with self._changing:
            self._closed = True
            apps, self.apps = self.apps, []
            self._readers.clear()
        with self._closing:
            with ThreadPoolExecutor(max_workers=max(1, len(apps))) as pool:
                list(pool.map(App.stop, apps))
            self._cleanup.close()

    def _addresses(self, project: str, *, instance: str, redis: bool) -> ServiceAddresses:
        """Return the addresses of the services for an app, after starting a Redis if it needs one and none runs."""
        with self._changing:
            if redis and self.redis is None and not self._closed:
                memorystore = self._memorystore or Memorystore()
                memorystore.start()
                self._cleanup.callback(memorystore.stop)
                self.redis = memorystore
        return ServiceAddresses(
            project=project,
            datastore=self.datastore.address,
            api_server=(self.api_server.host, self.api_server.port),
            ticket=self.api_server.ticket(project, instance),
            metadata=self._metadata.address,
            made_up_credentials=self._made_up_credentials,
            redis=(self.redis.host, self.redis.port) if self.redis and redis else None,
            redis_variables=self.redis.variables if self.redis and redis else {},
        )


def _redis_variables(names: Mapping[str, str], addresses: ServiceAddresses) -> dict[str, str]:
    """Return an app's own variables for the address of Redis; `names` say which part each one holds."""
    if not addresses.redis:
        return {}
    host, port = addresses.redis
    parts = {"host": host, "port": str(port), "url": f"redis://{host}:{port}"}
    return {name: parts[part] for name, part in names.items()}

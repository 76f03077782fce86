"""The local cloud: the services of one project, and the apps that share them."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

from datastore_emulator.errors import UserError
from datastore_emulator.scratch import Scratch
from localcloud.app import App, Log, Version
from localcloud.cloud.routing import read_routes
from localcloud.cloud.services import ProjectServices, own_redis_variables
from localcloud.launch import read_plan
from localcloud.launch.plan import Platform
from localcloud.runtimes import Runtime, choose_runtime
from localcloud.runtimes.python27_real import Python27RealRuntime
from localcloud.runtimes.variables import names_redis
from localcloud.services import Memorystore
from localcloud.services.datastore import Restartable


class Cloud(ProjectServices):
    """A local Google Cloud project with the apps that run in it; a context manager that ends all it started.

    `data` is the Datastore's file, ":memory:" for none. `datastore` and `redis` are HOST:PORT of servers to use
    instead of the embedded ones; `datastore_relay` listens in front of that Datastore, so that an outage can be made.
    `memorystore` takes the place of a plain Memorystore. `runtimes` come before the built-in ones, for the plans they
    support. With `made_up_credentials`, Google's clients find credentials that every call is refused with. `log`
    receives each app's name and line of output; `observe` is called before each call to Datastore and
    Memcache, as in "Datastore RunQuery", and `observe_bundled` also before each one to Datastore that comes through App
    Engine's bundled services.

    `dispatch_file` is the dispatch.yaml whose rules hold.
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
        self.apps: list[App] = []
        self.dispatch_file: Path | None = None
        self._readers: dict[App, Callable[[], Version]] = {}
        self._runtimes = runtimes
        self._legacy_sdk = any(isinstance(runtime, Python27RealRuntime) for runtime in runtimes)
        self._log = log
        self._moving = threading.Lock()
        # Of the list of apps: after `close`, from whatever thread, nothing may be added.
        self._changing = threading.Lock()
        self._closing = threading.Lock()
        self._ended = False
        self._scratch = Scratch("localcloud-")
        super().__init__(
            project,
            data=data,
            datastore=datastore,
            datastore_relay=datastore_relay,
            redis=redis,
            memorystore=memorystore,
            made_up_credentials=made_up_credentials,
            log=self.report,
            observe=observe,
            observe_bundled=observe_bundled,
        )

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
        scratch = Path(tempfile.mkdtemp(dir=self._scratch.name))
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
                self.addresses(project or self.project, instance=scratch.name, redis=redis),
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
            overrides={**own_redis_variables(redis_names or {}, addresses), **(environment or {})},
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
        if self._ended:
            raise UserError(f"{name}: the local cloud has been closed")

    def _connect(self, app: App) -> None:
        """Tell the bundled services where the app is, and which service."""
        self.names[app.ticket] = app.name
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
        self.dispatch_file = file
        choose = read_routes(file, self.apps)
        for app in self.apps:
            if app.plan.service:
                app.route(choose)

        def choose_ticket(host: str, path: str) -> str | None:
            chosen = choose(host, path)
            return chosen.ticket if chosen else None

        self.api_server.dispatch(choose_ticket)

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
        self.names.pop(app.ticket, None)
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

    def close(self) -> None:
        """End every app, all at once, and then the services they used.

        May be called from any thread. An app that is being started on another one ends, too, and none starts later.
        """
        with self._changing:
            self._ended = True
            apps, self.apps = self.apps, []
            self._readers.clear()
        with self._closing:
            with ThreadPoolExecutor(max_workers=max(1, len(apps))) as pool:
                list(pool.map(App.stop, apps))
            self.close_services()
            self._scratch.cleanup()

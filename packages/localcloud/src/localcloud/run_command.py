"""`localcloud run`: runs the folders that the user names, and says where they are."""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from datastore_emulator.errors import UserError
from datastore_emulator.stopping import stop_command

if TYPE_CHECKING:
    from localcloud.app import App
    from localcloud.cloud import Cloud
    from localcloud.launch.services import Services
    from localcloud.runtimes import Runtime


def add_run_options(parser: argparse.ArgumentParser, *, folders: str = "+") -> None:
    """Add the options of the command; `folders` says how many there are, in the words of argparse."""
    parser.add_argument(
        "directories",
        nargs=folders,
        type=Path,
        metavar="DIR",
        help="a folder with an app, or the YAML file of one App Engine service",
    )
    parser.add_argument(
        "--port",
        type=int,
        help="port of the first app; the next app gets the next port (default: 8080 or the next free one)",
    )
    parser.add_argument("--project", default="demo", help="the project id (default: demo)")
    parser.add_argument(
        "--data", metavar="FILE", help="file of the Datastore, or :memory: (default: one for each project)"
    )
    parser.add_argument(
        "--datastore",
        metavar="HOST:PORT",
        help="use the Datastore emulator at this address instead of the embedded one",
    )
    parser.add_argument(
        "--redis", metavar="HOST:PORT", help="use the Redis server at this address instead of starting one"
    )
    parser.add_argument(
        "--function", metavar="NAME", help="the function to serve, in folders without a deployment file"
    )
    parser.add_argument(
        "--signature-type",
        choices=["http", "event", "cloudevent", "typed"],
        help="how the function is called; event is (data, context) (default: decided by its decorator and arguments)",
    )
    parser.add_argument("--source", metavar="FILE", help="the file in DIR with the function (default: main.py)")
    parser.add_argument(
        "--platform",
        choices=["appengine", "cloudrun", "functions"],
        help="the platform of the folders (default: decided by their files)",
    )
    parser.add_argument(
        "--behind-load-balancer",
        action="store_true",
        help="put an external load balancer in front (Cloud Run and functions only)",
    )
    parser.add_argument(
        "--env",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="set an environment variable for the apps (repeatable)",
    )
    parser.add_argument(
        "--made-up-credentials",
        action="store_true",
        help="let Google's clients start without credentials; their calls to Google fail here, without being sent",
    )
    parser.add_argument(
        "--no-reload",
        dest="reload",
        action="store_false",
        help="do not start an app again when a file of it is saved",
    )
    parser.add_argument(
        "--python27",
        metavar="PATH",
        nargs="?",
        const="",
        help="run python27 apps on a real Python 2.7 under the legacy SDK; PATH names the interpreter (default: "
        "the first on PATH or in pyenv); put this option after DIR",
    )


def run_apps(
    options: argparse.Namespace, *, begin: Callable[[Cloud, Sequence[App]], Iterable[str]] = lambda cloud, apps: ()
) -> None:
    """Run the apps until a stop signal comes, or an app ends; raises UserError for an error that the user can fix.

    `begin` is called when the apps have their addresses, before they start; the lines that it returns are printed when
    the apps listen.
    """
    # Imported here so that usage errors and --help cost nothing.
    from localcloud.cloud import Cloud
    from localcloud.console import Console
    from localcloud.runtimes.google_apis import read_emulators

    services = _find_services(options)
    places = [place for found in services for place in found.places]
    if not places:
        raise UserError("dispatch.yaml alone is no app; name the folder with its services, too")
    last_port = (options.port or 0) + len(places) - 1
    if not 0 <= (options.port or 0) <= last_port <= 65535:
        raise UserError(f"--port {options.port}: each app needs a port from 0 to 65535; choose another port")
    _refuse_nameless_function(options)
    chosen = read_environment(options)
    emulators = {name: value for name, value in read_emulators(os.environ).items() if name not in chosen}
    say = _make_printer(len(places) > 1)
    data = options.data or str(ensure_default_data(options.project))
    runtimes = choose_runtimes(options.python27)
    with (
        Cloud(
            project=options.project,
            data=data,
            datastore=options.datastore,
            redis=options.redis,
            runtimes=runtimes,
            made_up_credentials=options.made_up_credentials,
            log=say,
        ) as cloud,
        Console(cloud) as console,
    ):
        apps = [
            cloud.add(
                directory,
                port=None if options.port is None else options.port + number,
                function=options.function,
                signature_type=options.signature_type,
                source=options.source,
                platform=options.platform,
                environment={**chosen, **emulators},
                behind_load_balancer=options.behind_load_balancer,
            )
            for number, directory in enumerate(places)
        ]
        begun = list(begin(cloud, apps))
        for name, value in emulators.items():
            say("localcloud", f"from your shell: {name}={value}")
        for found in services:
            for note in found.notes:
                cloud.report(note)
            if found.dispatch:
                cloud.dispatch(found.dispatch)
        for app in apps:
            app.spell = options.spell
            app.prepare()
        console.start()  # after the apps, whose ports the user may have chosen
        # Before the apps' own output: the front ends listen already, and let a visitor wait for the app.
        with _while_someone_reads():
            for line in _announce(options, apps, console.url, data):
                print(line, flush=True)
        if not options.reload:
            _start(cloud, begun)
            _wait_for_an_end(apps)
        from localcloud.reloading import Reloader

        reloader = Reloader(cloud, data)
        reloader.begin()  # before the start, so that no save is missed
        _start(cloud, begun)
        reloader.run()


def _start(cloud: Cloud, then: Iterable[str]) -> None:
    """Start the apps, and print these lines when they listen."""
    cloud.start()
    with _while_someone_reads():
        for line in then:
            print(line, flush=True)


def _announce(options: argparse.Namespace, apps: Sequence[App], console: str, data: str) -> Iterator[str]:
    """Yield what the command prints first: where all is."""
    for app in apps:
        yield f"{app.name} ({app.plan.platform.value}): {app.url}"
    yield from _list_cron_jobs(options.directories, apps)
    if options.reload:
        yield "When you save a file of an app, the app starts again."
    yield f"Look into entities, caches, tasks and requests at {console}"
    if not options.datastore:
        yield f"Data: {data}. Press Ctrl-C to stop."


def read_environment(options: argparse.Namespace) -> dict[str, str]:
    """Return the variables that the user sets."""
    environment = dict(_read_assignment(text) for text in options.env)
    if getattr(options, "made_up_credentials", False) and "GOOGLE_APPLICATION_CREDENTIALS" in environment:
        raise UserError(
            "--env GOOGLE_APPLICATION_CREDENTIALS: --made-up-credentials replaces it; leave one of them out"
        )
    return environment


def _list_cron_jobs(places: Sequence[Path], apps: Sequence[App]) -> Iterator[str]:
    """Yield a line for each job in the cron.yaml of the App Engine apps."""
    services = [app for app in apps if app.plan.service]
    if services:
        from localcloud.launch.cron import describe_jobs

        addresses = {app.plan.service or "": app.url for app in reversed(services)}
        yield from describe_jobs([*places, *(app.plan.source.parent for app in services)], addresses)


def _refuse_nameless_function(options: argparse.Namespace) -> None:
    """Raise UserError if there are options about a function, but not its name."""
    for option, value in (("--source", options.source), ("--signature-type", options.signature_type)):
        if value and options.function is None:
            raise UserError(f"{option} {value}: this option is for a function; name the function with --function NAME")


def _find_services(options: argparse.Namespace) -> list[Services]:
    """Return what each name on the command line stands for."""
    from localcloud.launch.services import find_services

    app_engine = options.platform in (None, "appengine")
    services = [find_services(place, app_engine=app_engine) for place in options.directories]
    if len(dispatches := [found.dispatch for found in services if found.dispatch]) > 1:
        raise UserError(f"{dispatches[1]}: an app has one dispatch.yaml, and {dispatches[0]} is one; remove one")
    return services


def choose_runtimes(python27: str | None) -> Sequence[Runtime]:
    """Return the runtimes that the user asked for: with --python27, a real Python 2.7."""
    if python27 is None:
        return ()
    from localcloud.runtimes.python27_real import Python27RealRuntime, find_python27

    return (Python27RealRuntime(find_python27(python27 or None)),)


def _wait_for_an_end(apps: Sequence[App]) -> NoReturn:
    """Wait until a stop signal or the exit of an app raises."""
    # In short sleeps: a signal that comes just before a long wait begins would not interrupt it.
    while True:
        for app in apps:
            if app.returncode is not None:
                raise UserError(f"{app.name}: the app {app.describe_end()}")
        time.sleep(0.2)


def _read_assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise UserError(f'--env "{text}": write it as NAME=VALUE')
    return name, value


def ensure_default_data(project: str) -> Path:
    """Return the file of a project's Datastore, after making its directory."""
    from platformdirs import user_data_path

    home = user_data_path("localcloud", appauthor=False)
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"{home}: cannot make this directory for the Datastore's file ({error.strerror}); "
            "choose another file with --data, or keep nothing with --data :memory:"
        ) from error
    return home / f"{project}.sqlite3"


def _make_printer(named: bool) -> Callable[[str, str], None]:
    """Return a function that prints an app's line of output, with its name in front if there are several apps."""
    lock = threading.Lock()

    def say(name: str, line: str) -> None:
        with lock, _while_someone_reads():
            print(f"{name} | {line}" if named else line, flush=True)

    return say


@contextmanager
def _while_someone_reads() -> Iterator[None]:
    """End the command when the reader of its output closes the pipe, as in `localcloud run DIR | head`."""
    try:
        yield
    except BrokenPipeError:
        # Python flushes once more at its end, which must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        stop_command()  # the main thread is the one to end

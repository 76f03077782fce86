"""The `localcloud` command."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from datastore_emulator.errors import UserError
from datastore_emulator.gcloud_options import add_gcloud_options, choose_data
from datastore_emulator.net.addresses import read_listener, refuse_exposure
from datastore_emulator.startup import prepare_process
from datastore_emulator.stopping import run_command, wait_for_stop
from localcloud.events.app_engine_commands import add_cron_options, add_mail_options, send_mail
from localcloud.events.command import add_options, send_event

if TYPE_CHECKING:
    from localcloud.app import App
    from localcloud.launch.services import Services
    from localcloud.runtimes import Runtime


# `make clean` puts its own spelling in place of this one.
_CLEAN_CACHE = "localcloud clean --cache"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, 1 for an error that the user can fix (printed in one line), or 2 for wrong usage."""
    prepare_process()
    return run_command("localcloud", lambda: run(arguments))


def run(arguments: Sequence[str] | None = None, spell: Callable[[str], str] = str) -> None:
    """Run the command until it ends or a stop signal raises; raises UserError for an error that the user can fix.

    `spell` turns the options in a message into what the user can type, where that is another command.
    """
    options = make_parser().parse_args(arguments)
    options.spell = spell
    options.command(options)


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="localcloud",
        description="Run App Engine, Cloud Run and Cloud Run functions folders on this machine.",
    )
    verbs = parser.add_subparsers(required=True, metavar="COMMAND")

    run = _add_verb(verbs, "run", "run one or more app folders on one Datastore")
    run.set_defaults(command=_run)
    run.add_argument(
        "directories",
        nargs="+",
        type=Path,
        metavar="DIR",
        help="a folder with an app, or the YAML file of one App Engine service",
    )
    run.add_argument(
        "--port",
        type=int,
        help="port of the first app; the next app gets the next port (default: 8080 or the next free one)",
    )
    run.add_argument("--project", default="demo", help="the project id (default: demo)")
    run.add_argument(
        "--data", metavar="FILE", help="file of the Datastore, or :memory: (default: one for each project)"
    )
    run.add_argument(
        "--datastore",
        metavar="HOST:PORT",
        help="use the Datastore emulator at this address instead of the embedded one",
    )
    run.add_argument(
        "--redis", metavar="HOST:PORT", help="use the Redis server at this address instead of starting one"
    )
    run.add_argument("--function", metavar="NAME", help="the function to serve, in folders without a deployment file")
    run.add_argument(
        "--signature-type",
        choices=["http", "event", "cloudevent", "typed"],
        help="how the function is called; event is (data, context) (default: decided by its decorator and arguments)",
    )
    run.add_argument("--source", metavar="FILE", help="the file in DIR with the function (default: main.py)")
    run.add_argument(
        "--platform",
        choices=["appengine", "cloudrun", "functions"],
        help="the platform of the folders (default: decided by their files)",
    )
    run.add_argument(
        "--behind-load-balancer",
        action="store_true",
        help="put an external load balancer in front (Cloud Run and functions only)",
    )
    run.add_argument(
        "--env",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="set an environment variable for the apps (repeatable)",
    )

    run.add_argument(
        "--no-reload",
        dest="reload",
        action="store_false",
        help="do not start an app again when a file of it is saved",
    )
    run.add_argument(
        "--python27",
        metavar="PATH",
        nargs="?",
        const="",
        help="run python27 apps on a real Python 2.7 under the legacy SDK; PATH names the interpreter (default: the "
        "first python2.7 on $PATH); put this option after DIR",
    )

    event = _add_verb(verbs, "event", "send an event to a function or another app, as Eventarc does")
    event.set_defaults(command=send_event)
    add_options(event)

    cron = _add_verb(verbs, "cron", "run a cron job of an App Engine app, as App Engine does at its time")
    add_cron_options(cron)

    mail = _add_verb(verbs, "mail", "send a mail to an App Engine app, as App Engine does when one arrives")
    mail.set_defaults(command=send_mail)
    add_mail_options(mail)

    datastore = _add_verb(verbs, "datastore", "run the Datastore alone")
    datastore.set_defaults(command=_datastore)
    datastore.add_argument(
        "--host-port",
        default="127.0.0.1:8081",
        metavar="HOST:PORT",
        help="address to listen on (default: 127.0.0.1:8081)",
    )
    datastore.add_argument(
        "--allow-remote-clients",
        action="store_true",
        help="allow an address that other machines can reach (there is no authentication)",
    )
    datastore.add_argument("--grpc-only", action="store_true", help="serve gRPC only, without REST; a little faster")
    datastore.add_argument(
        "--data", metavar="FILE", help="file of the Datastore, or :memory: (default: one for each project)"
    )
    datastore.add_argument("--project", default="demo", help="project id, which names the default file (default: demo)")
    add_gcloud_options(datastore)

    doctor = _add_verb(verbs, "doctor", "list the tools that localcloud can use, and how to get missing ones")
    doctor.set_defaults(command=_doctor)

    clean = _add_verb(verbs, "clean", "show how large the cache of apps' packages is, or remove it")
    clean.set_defaults(command=_clean)
    clean.add_argument("--cache", action="store_true", help="remove the cache; end all apps first")
    return parser


def _add_verb(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser], name: str, does: str
) -> argparse.ArgumentParser:
    """Add a command; `does` says what it does, in the list of commands and in its own help."""
    return verbs.add_parser(name, help=does, description=does[0].upper() + does[1:] + ".")


def _doctor(options: argparse.Namespace) -> None:
    from localcloud import doctor

    doctor.report(print)


def _clean(options: argparse.Namespace) -> None:
    from localcloud.cache import cache_directory, describe_size, measure_cache, remove_cache

    size = measure_cache()
    if not size:
        print(f"{cache_directory()}: no apps' packages are kept here")
    elif options.cache:
        remove_cache()
        print(f"{cache_directory()}: removed {describe_size(size)} of apps' packages")
    else:
        print(f"{cache_directory()}: keeps {describe_size(size)} of apps' packages; remove them: {_CLEAN_CACHE}")


def _run(options: argparse.Namespace) -> None:
    # Imported here so that usage errors and --help cost nothing.
    from localcloud.cloud import Cloud

    services = _find_services(options)
    places = [place for found in services for place in found.places]
    if not places:
        raise UserError("dispatch.yaml alone is no app; name the folder with its services, too")
    last_port = (options.port or 0) + len(places) - 1
    if not 0 <= (options.port or 0) <= last_port <= 65535:
        raise UserError(f"--port {options.port}: each app needs a port from 0 to 65535; choose another port")
    _refuse_nameless_function(options)
    environment = dict(_read_assignment(text) for text in options.env)
    say = _make_printer(len(places) > 1)
    data = options.data or str(_ensure_default_data(options.project))
    runtimes = _runtimes(options.python27)
    with Cloud(
        project=options.project,
        data=data,
        datastore=options.datastore,
        redis=options.redis,
        runtimes=runtimes,
        log=say,
    ) as cloud:
        apps = [
            cloud.add(
                directory,
                port=None if options.port is None else options.port + number,
                function=options.function,
                signature_type=options.signature_type,
                source=options.source,
                platform=options.platform,
                environment=environment,
                behind_load_balancer=options.behind_load_balancer,
            )
            for number, directory in enumerate(places)
        ]
        for found in services:
            for note in found.notes:
                say("localcloud", note)
            if found.dispatch:
                cloud.dispatch(found.dispatch)
        for app in apps:
            app.spell = options.spell
            app.prepare()
        # Before the apps' own output: the front ends listen already, and let a visitor wait for the app.
        with _while_someone_reads():
            for app in apps:
                print(f"{app.name} ({app.plan.platform.value}): {app.url}", flush=True)
            for line in _list_cron_jobs(options.directories, apps):
                print(line, flush=True)
            if options.reload:
                print("When you save a file of an app, the app starts again.", flush=True)
            if not options.datastore:
                print(f"Data: {data}. Press Ctrl-C to stop.", flush=True)
        if not options.reload:
            cloud.start()
            _wait_for_an_end(apps)
        from localcloud.reloading import Reloader

        reloader = Reloader(cloud, data)
        reloader.begin()  # before the start, so that no save is missed
        cloud.start()
        reloader.run()


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
            raise UserError(f"{option} {value}: it says more about a function; name that with --function NAME")


def _find_services(options: argparse.Namespace) -> list[Services]:
    """Return what each name on the command line stands for."""
    from localcloud.launch.services import find_services

    app_engine = options.platform in (None, "appengine")
    services = [find_services(place, app_engine=app_engine) for place in options.directories]
    if len(dispatches := [found.dispatch for found in services if found.dispatch]) > 1:
        raise UserError(f"{dispatches[1]}: an app has one dispatch.yaml, and {dispatches[0]} is one; remove one")
    return services


def _runtimes(python27: str | None) -> Sequence[Runtime]:
    """Return the runtimes that the user asked for: with --python27, a real Python 2.7."""
    if python27 is None:
        return ()
    from localcloud.runtimes.python27_real import Python27RealRuntime, find_python27

    return (Python27RealRuntime(find_python27(python27 or None)),)


def _datastore(options: argparse.Namespace) -> None:
    from datastore_emulator.api.serving import serve

    host, port = read_listener(options.host_port, "--host-port")
    if not options.allow_remote_clients:
        refuse_exposure(host, "--host-port")
    data = choose_data(options) or str(_ensure_default_data(options.project))
    remote = options.allow_remote_clients
    with serve(data, host=host, port=port, rest=not options.grpc_only, any_host=remote) as server:
        print(f"Datastore on {server.address}, data: {data}. To use it, run this in the app's shell:")
        print(f"export DATASTORE_EMULATOR_HOST={server.address}", flush=True)
        wait_for_stop()


def _wait_for_an_end(apps: Sequence[App]) -> NoReturn:
    """Wait until a stop signal or the exit of an app raises."""
    # In short sleeps: a signal that comes just before a long wait begins would not interrupt it.
    while True:
        for app in apps:
            if app.returncode is not None:
                raise UserError(f"{app.name}: the app {app.describe_end()}; see its log for the reason")
        time.sleep(0.2)


def _read_assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise UserError(f'--env "{text}": write it as NAME=VALUE')
    return name, value


def _ensure_default_data(project: str) -> Path:
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
        os.kill(os.getpid(), signal.SIGTERM)  # the main thread is the one to end

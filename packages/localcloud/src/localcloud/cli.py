"""The `localcloud` command."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from datastore_emulator.gcloud_options import add_gcloud_options, choose_data
from datastore_emulator.net.addresses import read_listener, refuse_exposure
from datastore_emulator.startup import prepare_process
from datastore_emulator.stopping import run_command, stop_command, wait_for_stop
from localcloud.compare_command import add_compare_options, compare_apps
from localcloud.events.app_engine_commands import add_cron_options, add_mail_options, send_mail
from localcloud.events.command import add_options, send_event
from localcloud.record_command import add_record_options, record
from localcloud.run_command import add_run_options, ensure_default_data, run_apps

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
    run.set_defaults(command=run_apps)
    add_run_options(run)

    recording = _add_verb(verbs, "record", "run apps and write what their visitors do to a file")
    recording.set_defaults(command=record)
    add_record_options(recording)

    compare = _add_verb(verbs, "compare", "send the same requests to two apps, and say where they differ")
    compare.set_defaults(command=compare_apps)
    add_compare_options(compare)

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


def _datastore(options: argparse.Namespace) -> None:
    from datastore_emulator.api.serving import serve

    host, port = read_listener(options.host_port, "--host-port")
    if not options.allow_remote_clients:
        refuse_exposure(host, "--host-port")
    data = choose_data(options) or str(ensure_default_data(options.project))
    remote = options.allow_remote_clients
    with serve(
        data, host=host, port=port, rest=not options.grpc_only, any_host=remote, shutdown=stop_command
    ) as server:
        print(f"Datastore on {server.address}, data: {data}. To use it, run this in the app's shell:")
        print(f"export DATASTORE_EMULATOR_HOST={server.address}", flush=True)
        wait_for_stop()

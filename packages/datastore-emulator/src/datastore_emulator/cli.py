"""The `datastore-emulator` command."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from datastore_emulator.errors import UserError
from datastore_emulator.gcloud_options import add_gcloud_options, choose_data
from datastore_emulator.net.addresses import read_listener, refuse_exposure
from datastore_emulator.startup import prepare_process
from datastore_emulator.stopping import run_command, stop_command, wait_for_stop

_MEMORY = ":memory:"
_TEMPORARY = "The entities are removed at the end; pass --data FILE to keep them."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0, 1 for an error that the user can fix, 2 for wrong usage."""
    return run_command("datastore-emulator", lambda: _serve(parser().parse_args(arguments)))


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="datastore-emulator",
        description="Run an emulator of Firestore in Datastore mode, for Google's clients over gRPC and REST.",
    )
    parser.add_argument(
        "--host-port",
        default="127.0.0.1:8081",
        metavar="HOST:PORT",
        help="where to listen, or one of the two (default: 127.0.0.1:8081; port 0 is any free port)",
    )
    parser.add_argument(
        "--data",
        metavar="FILE",
        help="the file that keeps the entities, created if it does not exist (default: a temporary one)",
    )
    parser.add_argument("--grpc-only", action="store_true", help="do not serve REST; gRPC calls are a little faster")
    parser.add_argument(
        "--allow-remote-clients",
        action="store_true",
        help="allow a HOST that other machines can reach (there is no authentication)",
    )
    parser.add_argument("--project", help=argparse.SUPPRESS)  # every project is served
    add_gcloud_options(parser)
    return parser


def _serve(options: argparse.Namespace) -> None:
    prepare_process()
    host, port = read_listener(options.host_port, "--host-port")
    if not options.allow_remote_clients:
        refuse_exposure(host, "--host-port")
    data = choose_data(options)
    if data is None and options.store_on_disk:
        raise UserError("--store-on-disk: name the file with --data, or its directory with --data-dir")
    data = data or _MEMORY
    # Imported here, so that --help and usage errors cost nothing.
    from datastore_emulator.api.serving import serve

    remote = options.allow_remote_clients
    with serve(
        data, host=host, port=port, rest=not options.grpc_only, any_host=remote, shutdown=stop_command
    ) as server:
        kept = _TEMPORARY if data == _MEMORY else f"The entities are kept in {data}."
        print(f"Datastore on {server.address}. {kept} Ctrl-C ends it.\nIn your app's shell, run:")
        print(f"export DATASTORE_EMULATOR_HOST={server.address}", flush=True)
        wait_for_stop()

"""The options of gcloud's own commands for a Datastore emulator, so that a script that is written for them runs here.

`gcloud beta emulators datastore start --help` and `gcloud emulators firestore start --help` describe them.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from datastore_emulator.errors import UserError

_FILE = "datastore.sqlite3"
_COPY = "stop the emulator and copy the file of --data"


def add_gcloud_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that gcloud has and this command spells in another way, or refuses."""
    group = parser.add_argument_group("options of gcloud", "The same as above, as gcloud's emulators spell it.")
    group.add_argument("--data-dir", metavar="DIR", help=f"keep the entities in {_FILE} in this directory")
    group.add_argument(
        "--store-on-disk",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="with --no-store-on-disk, keep nothing, as with --data :memory:",
    )
    group.add_argument("--consistency", metavar="FRACTION", help="1.0 only: every query is strongly consistent")
    group.add_argument(
        "--use-firestore-in-datastore-mode", action="store_true", help="no effect: this is what is emulated"
    )
    group.add_argument("--database-mode", metavar="MODE", help="datastore-mode only")
    group.add_argument("--import-data", metavar="PATH", help=argparse.SUPPRESS)
    group.add_argument("--export-on-exit", metavar="PATH", help=argparse.SUPPRESS)
    group.add_argument("--quiet", "-q", action="store_true", help=argparse.SUPPRESS)  # no question is asked
    group.add_argument("--verbosity", help=argparse.SUPPRESS)  # as an option of gcloud itself


def choose_data(options: argparse.Namespace) -> str | None:
    """Return the file that the options name, ":memory:" for none, None if they leave it to the command.

    Makes the directory of --data-dir. Raises UserError for a value that has no meaning here.
    """
    _refuse(options)
    given = [name for name in ("--data", "--data-dir", "--no-store-on-disk") if _is_given(options, name)]
    if len(given) > 1:
        raise UserError(f"{given[0]} and {given[1]} both say where the entities are; leave one out")
    if options.store_on_disk is False:
        return ":memory:"
    if options.data_dir is None:
        data: str | None = options.data
        return data
    directory = Path(options.data_dir)
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = f"cannot make this directory ({error.strerror}); choose another"
        raise UserError(f"--data-dir {directory}: {reason}") from error
    return str(directory / _FILE)


def _is_given(options: argparse.Namespace, name: str) -> bool:
    if name == "--no-store-on-disk":
        return options.store_on_disk is False
    return vars(options)[name.removeprefix("--").replace("-", "_")] is not None


def _refuse(options: argparse.Namespace) -> None:
    if options.consistency is not None and not _is_one(options.consistency):
        raise UserError(
            f"--consistency={options.consistency}: every query is strongly consistent here, as in Firestore in "
            "Datastore mode; leave the option out, or pass 1.0"
        )
    if options.database_mode not in (None, "datastore-mode"):
        raise UserError(f"--database-mode={options.database_mode}: only datastore-mode is emulated here; leave it out")
    if options.import_data is not None:
        raise UserError("--import-data: there is no import here; pass the file of another run with --data")
    if options.export_on_exit is not None:
        raise UserError(f"--export-on-exit: there is no export here; {_COPY}")


def _is_one(text: str) -> bool:
    try:
        return float(text) == 1.0
    except ValueError:
        return False

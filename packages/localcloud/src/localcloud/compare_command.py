"""`localcloud compare`: runs two folders with the same requests, and says where they differ."""

from __future__ import annotations

import argparse
import os
import sys
import threading
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from datastore_emulator.errors import UserError
from datastore_emulator.stopping import Stopped

if TYPE_CHECKING:
    from localcloud.compare.accepted import Accepted
    from localcloud.compare.result import Difference, Report
    from localcloud.traffic import Recording

DIFFERENT, NOT_COMPARED = 1, 2
"""Exit codes, as those of diff: the apps differ, or they could not be compared."""
_KEPT_LOG_LINES = 40


def _path(text: str) -> Path:
    """Return a path. Not every shell replaces the ~ of `make compare OLD=~/my-app`."""
    return Path(os.path.expanduser(text))  # Path.expanduser raises for a user whom this machine does not have


def add_compare_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("old", type=_path, metavar="OLD", help="the folder of the app as it was")
    parser.add_argument("new", type=_path, metavar="NEW", help="the folder of the migrated app")
    parser.add_argument(
        "--requests",
        type=_path,
        metavar="FILE",
        help="what to send: a file of `localcloud record`, a browser's HAR export, or an access log "
        "(default: follow the links of OLD, and fill in its forms)",
    )
    parser.add_argument(
        "--data", type=_path, metavar="FILE", help="a Datastore's file; each app works on a copy of it (default: empty)"
    )
    parser.add_argument(
        "--limit", type=int, default=60, metavar="N", help="how many requests to make without --requests (default: 60)"
    )
    parser.add_argument(
        "--behaviours",
        action="store_true",
        help="compare also with restarts, without caches, an hour later, in another time zone, with visitors at once, "
        "and with odd headers",
    )
    parser.add_argument(
        "--accept",
        metavar="REASON",
        help="accept the differences that are found, and say why in the file of --accepted",
    )
    parser.add_argument(
        "--only", metavar="NUMBERS", help="with --accept: the numbers of the differences to accept, as in 1,3"
    )
    parser.add_argument(
        "--accepted", type=_path, metavar="FILE", help="accepted differences (default: NEW.accepted.yaml beside NEW)"
    )
    parser.add_argument("--html", type=_path, metavar="FILE", help="write the report as a page, too")
    parser.add_argument("--junit", type=_path, metavar="FILE", help="write the report as JUnit XML, too")
    parser.add_argument(
        "--function", metavar="NAME", help="the function to serve, in a folder without a deployment file"
    )
    parser.add_argument(
        "--env",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="set an environment variable for both apps (repeatable)",
    )
    parser.add_argument(
        "--python27",
        metavar="PATH",
        nargs="?",
        const="",
        help="run python27 apps on a real Python 2.7 under the legacy SDK; put this option after NEW",
    )


def compare_apps(options: argparse.Namespace) -> NoReturn:
    """Compare, print the report, and exit: 0 if all that differs is accepted, else DIFFERENT or NOT_COMPARED."""
    try:
        report = _compare(options)
    except UserError as error:
        print(f"localcloud: {error}", file=sys.stderr)
        raise SystemExit(NOT_COMPARED) from error
    except Stopped:
        # Exit code 0 would tell a CI system, whose time is up, that nothing differs.
        print("localcloud: stopped before the comparison was done", file=sys.stderr)
        raise SystemExit(NOT_COMPARED) from None
    raise SystemExit(DIFFERENT if report.open else 0)


def _compare(options: argparse.Namespace) -> Report:
    # Imported here so that usage errors and --help cost nothing.
    from localcloud.compare.accepted import read_accepted
    from localcloud.compare.comparison import Comparison
    from localcloud.compare.reports.progress import Progress
    from localcloud.compare.reports.terminal import print_report
    from localcloud.compare.target import Folder
    from localcloud.compare.world.behaviours import BEHAVIOURS
    from localcloud.run_command import choose_runtimes, read_environment

    if options.accept is not None and not options.accept.strip():
        raise UserError("--accept needs a reason, for those who read the file later; write it as --accept REASON")
    if options.only and not options.accept:
        raise UserError("--only is for --accept; add --accept REASON")
    if options.limit < 1:
        raise UserError(f"--limit {options.limit}: nothing would be compared; choose a number from 1")
    for folder in (options.old, options.new):
        if not folder.exists():
            raise UserError(f"{folder}: there is no such folder")
    accepted = read_accepted(options.accepted or _beside(options.new))
    environment = read_environment(options)
    runtimes = choose_runtimes(options.python27)
    old, new = (
        Folder(str(path), path, function=options.function, environment=environment, runtimes=runtimes)
        for path in (options.old, options.new)
    )
    recording = _read_requests(options) if options.requests else None
    log = _Log()
    with Progress() as progress:
        comparison = Comparison(old, new, options.data, log, accepted)
        try:
            comparison.compare(
                recording, progress, limit=options.limit, behaviours=BEHAVIOURS if options.behaviours else ()
            )
        except UserError as error:
            log.print_of(error)
            raise
    report = comparison.report(accepted)
    if options.accept:
        _accept(options, accepted, report)
        report = comparison.report(read_accepted(accepted.path))
    print_report(report)
    _write(options, report)
    return report


def _read_requests(options: argparse.Namespace) -> Recording:
    """Return what to send: of a recording of several apps, what was for one of the two."""
    from localcloud.traffic.recording_file import read_requests

    folders = [path.resolve() for path in (options.old, options.new)]
    return read_requests(options.requests).of_app(*("/".join(folder.parts[-2:]) for folder in folders))


def _beside(new: Path) -> Path:
    folder = new.resolve()
    return folder.parent / f"{folder.name}.accepted.yaml"


def _write(options: argparse.Namespace, report: Report) -> None:
    if options.html:
        from localcloud.compare.reports.html import write_html

        write_html(report, options.html)
        print(f"The report is in {options.html}")
    if options.junit:
        from localcloud.compare.reports.junit import write_junit

        write_junit(report, options.junit)


def _accept(options: argparse.Namespace, accepted: Accepted, report: Report) -> None:
    chosen = _choose(options.only, report.open) if options.only else report.open
    if chosen:
        accepted.add(chosen, options.accept)
        print(f"Accepted {len(chosen)} of {len(report.open)} differences in {accepted.path}")
    else:
        print("There is no difference to accept.")


def _choose(numbers: str, differences: list[Difference]) -> list[Difference]:
    if not differences:
        raise UserError(f"--only {numbers}: this run found no difference that is not accepted yet")
    chosen = []
    for text in numbers.split(","):
        if not text.strip().isdecimal() or not 1 <= int(text) <= len(differences):
            raise UserError(
                f"--only {numbers}: there is no difference {text.strip()}; the report numbers them "
                f"from 1 to {len(differences)}"
            )
        chosen.append(differences[int(text) - 1])
    return [one for number, one in enumerate(chosen) if one not in chosen[:number]]


class _Log:
    """Keeps the last lines of each app's output, for one that does not run."""

    def __init__(self) -> None:
        self._lines: dict[str, deque[str]] = {}
        self._lock = threading.Lock()

    def __call__(self, name: str, line: str) -> None:
        with self._lock:
            self._lines.setdefault(name, deque(maxlen=_KEPT_LOG_LINES)).append(line)

    def print_of(self, error: UserError) -> None:
        """Print the last lines of the app that an error is about, if it begins with the name of one."""
        name = str(error).partition(":")[0]
        with self._lock:
            for line in self._lines.get(name, ()):
                print(f"{name} | {line}", file=sys.stderr)

"""`localcloud record`: runs apps and writes what their visitors do to a file, or converts what others have written."""

from __future__ import annotations

import argparse
import queue
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from datastore_emulator.errors import UserError
from datastore_emulator.stopping import stop_command
from localcloud.files.paths import format_name
from localcloud.run_command import add_run_options, run_apps

if TYPE_CHECKING:
    from localcloud.app import App
    from localcloud.cloud import Cloud
    from localcloud.frontend import SeenExchange
    from localcloud.traffic import Exchange, RecordedRequest

_FINISH_SECONDS = 60
_MOST_FAILURES = 3


def add_record_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command: its own, and those of `localcloud run`."""
    parser.add_argument("--to", required=True, type=Path, metavar="FILE", help="the file to write")
    parser.add_argument(
        "--from",
        dest="read_from",
        type=Path,
        metavar="FILE",
        help="run nothing, and convert a browser's HAR export, an access log or entries of Cloud Logging",
    )
    parser.add_argument(
        "--append", action="store_true", help="add to the recording in the file, and keep what is there"
    )
    parser.add_argument(
        "--keep-secrets",
        action="store_true",
        help="keep passwords, tokens and cookies of the browser in the file (default: they are masked)",
    )
    add_run_options(parser, folders="*")


def record(options: argparse.Namespace) -> None:
    """Record until a stop signal comes, or convert a file; raises UserError for an error that the user can fix."""
    if options.read_from and options.directories:
        raise UserError(f"--from {options.read_from}: this runs no app; leave out {options.directories[0]}, or --from")
    if options.read_from:
        _convert(options)
        return
    if not options.directories:
        raise UserError("name the folder of an app to run, or a file to convert with --from FILE")
    origin = "visits to " + " ".join(directory.resolve().name for directory in options.directories)
    recording = _Recording(options, origin)
    try:
        run_apps(options, begin=recording.begin)
    finally:
        recording.end()


class _File:
    """The file that is written, with what the user wants to know about it in the end."""

    def __init__(self, options: argparse.Namespace, origin: str) -> None:
        from localcloud.traffic.masking import Masking
        from localcloud.traffic.recording_file import RecordingFile, read_recording

        self._path = options.to
        self._failures: list[str] = []
        self._file = RecordingFile(options.to, origin, append=options.append)
        before = read_recording(options.to).requests if options.append else ()
        self._masking = None if options.keep_secrets else Masking()
        self._sessions = {request.session for request in before}
        self.count = len(before)

    @property
    def first_visitor(self) -> int:
        """The number of the first visitor who is new."""
        return 1 + max((int(session) for session in self._sessions if session.isdecimal()), default=0)

    def add(self, request: RecordedRequest) -> None:
        """Write a request."""
        self._file.add(self._masking.mask(request) if self._masking else request)
        self._sessions.add(request.session)
        self.count += 1

    def add_failure(self, request: str) -> None:
        """Note a request that the app answered with 500 or above."""
        self._failures.append(request)

    def close(self, *, tells: bool = True, repeated: int = 0) -> None:
        """Close the file, and say what is in it; `repeated` counts the requests for static files that are not."""
        from localcloud.traffic.static_files import REPEATED

        self._file.close()
        if not tells:
            return
        if not self.count:
            print(f"No request was recorded: nothing was written to {self._path}")
            return
        print(f"{_plural(self.count, 'request')} by {_plural(len(self._sessions), 'visitor')} in {self._path}")
        if repeated:
            print(f"Left out {REPEATED}: {repeated:,}")
        if self._failures:
            shown = ", ".join(dict.fromkeys(self._failures[:_MOST_FAILURES]))
            print(f"The app answered {_plural(len(self._failures), 'request')} with 5xx ({shown}): see its log.")
        masked = self._masking.masked if self._masking else Counter()
        if masked:
            names = ", ".join(f"{name} ({count})" for name, count in sorted(masked.items()))
            print(f"Masked: {names}. Requests that need these will fail when they are sent again; ", end="")
            print("--keep-secrets keeps them.", flush=True)


def _plural(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _convert(options: argparse.Namespace) -> None:
    """Write the requests of another file as a recording."""
    from dataclasses import replace

    from localcloud.traffic.recording_file import read_requests

    recording = read_requests(options.read_from)
    file = _File(options, recording.origin or options.read_from.name)
    offset, first = file.count, file.first_visitor
    for request in recording.requests:
        taken = tuple(
            replace(one, source=replace(one.source, request=one.source.request + offset)) for one in request.taken
        )
        session = str(int(request.session) + first - 1) if request.session.isdecimal() else request.session
        file.add(replace(request, taken=taken, session=session))
    for note in recording.notes:
        print(note[0].upper() + note[1:])
    file.close()


class _Recording:
    """A recording under way: exchanges come from the front ends, and a thread of its own writes them."""

    def __init__(self, options: argparse.Namespace, origin: str) -> None:
        from localcloud.traffic.recorder import Recorder

        self._file = _File(options, origin)
        self._recorder = Recorder(count=self._file.count, first_visitor=self._file.first_visitor)
        self._seen: queue.SimpleQueue[SeenExchange | None] = queue.SimpleQueue()
        self._names: dict[str, str] = {}
        self._path = options.to
        self._error: Exception | None = None
        self._begun = False
        self._say: Callable[[str], None] = print
        self._thread = threading.Thread(target=self._write, name="recording", daemon=True)

    def begin(self, cloud: Cloud, apps: Sequence[App]) -> Iterator[str]:
        """Record the exchanges of a cloud from now on."""
        if len(apps) > 1:
            folders = Counter(app.folder.name for app in apps)
            self._names = {
                app.name: app.folder.name if folders[app.folder.name] == 1 else app.plan.service or app.name
                for app in apps
            }
        self._say = cloud.report
        self._thread.start()
        self._begun = True
        cloud.requests.tell = self._seen.put
        yield f"Recording to {self._path}: click through the app, then press Ctrl-C."

    def _write(self) -> None:
        try:
            while seen := self._seen.get():
                self._add(seen)
        except Exception as error:  # also of a bug: nobody clicks on without a recording
            self._error = error
            stop_command()

    def _add(self, seen: SeenExchange) -> None:
        from datastore_emulator.http.service import origin_form

        target = origin_form(seen.target.encode()).decode()
        if not seen.whole:
            shown = f"{seen.method} {format_name(target)}"
            self._say(f"not recorded: {shown}, whose body was not read by the app, or is longer than 10 MB")
        elif target.startswith("/"):
            if request := self._recorder.add(_read(seen, target, self._names.get(seen.app, ""))):
                self._file.add(request)
            if seen.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                self._file.add_failure(f"{seen.method} {format_name(target)}")

    def end(self) -> None:
        """Write what has been seen, and say where it is; raises the error that has ended it."""
        if self._begun:
            self._seen.put(None)
            self._thread.join(_FINISH_SECONDS)
        self._file.close(tells=self._begun, repeated=self._recorder.repeated)
        if self._error:
            raise self._error


def _read(seen: SeenExchange, target: str, app: str) -> Exchange:
    """Return what the front end has seen as an exchange of a client: an address with a User-Agent."""
    from localcloud.traffic import Answer, Exchange, RecordedRequest

    cookies = "; ".join(value for name, value in seen.headers if name.lower() == "cookie")
    agent = next((value for name, value in seen.headers if name.lower() == "user-agent"), "")
    request = RecordedRequest(
        target=target,
        method=seen.method,
        session=f"{seen.visitor} {agent}",
        app=app,
        headers=tuple(one for one in seen.headers if one[0].lower() != "cookie"),
        body=seen.body,
    )
    return Exchange(request, Answer(seen.status, seen.answer_headers, seen.answer_body), cookies)

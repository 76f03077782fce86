"""The file of a recording, and any other file with requests: one reader for all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from datastore_emulator.errors import UserError
from localcloud.files.reading import NotReadError, read_file, recode_utf16
from localcloud.traffic.access_log import is_access_log, read_access_log
from localcloud.traffic.cloud_logging import is_log_entry, read_entries
from localcloud.traffic.har import is_har, read_har
from localcloud.traffic.lines import LineError, format_header, format_request, parse_request, read_header
from localcloud.traffic.recording import RecordedRequest, Recording

LARGEST_FILE = 500_000_000
"""Bytes of a file with requests that is read. A browser exports what it has received, pictures too."""

_LONGEST_HEAD = 1_000_000


class RecordingFile:
    """A file that a recording is written to; a request is in the file when `add` returns.

    An earlier recording stays until the first request, or with `append` for good. Raises UserError if the file cannot
    be written, or if it has anything else in it.
    """

    def __init__(self, path: Path, origin: str, *, append: bool = False) -> None:
        self._path = path
        self._made = not os.path.lexists(path)
        begun = _has_recording(path, by_hand=append)
        self._replaces = not append
        self._lead = "" if append and begun else format_header(origin) + "\n"
        if append and begun and not _ends_with_a_line(path):
            self._lead = "\n"
        try:
            self._file = path.open("a", encoding="utf-8", newline="\n")
        except OSError as error:
            raise _cannot_write(path, error) from error

    def add(self, request: RecordedRequest) -> None:
        """Write a request."""
        line = format_request(request)
        try:
            if self._replaces:
                self._file.truncate(0)
            self._file.write(f"{self._lead}{line}\n")
            self._file.flush()
        except OSError as error:
            raise _cannot_write(self._path, error) from error
        self._replaces, self._lead, self._made = False, "", False

    def close(self) -> None:
        """Close the file; without a request there is none, unless there was one before."""
        self._file.close()
        if self._made:
            self._path.unlink(missing_ok=True)


def _cannot_write(path: Path, error: OSError) -> UserError:
    return UserError(f"{path}: cannot write this file ({error.strerror}); choose another file with --to")


def write_recording(path: Path, recording: Recording) -> None:
    """Write a whole recording; raises UserError as `RecordingFile` does."""
    file = RecordingFile(path, recording.origin)
    for request in recording.requests:
        file.add(request)
    file.close()


def _ends_with_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"


def _has_recording(path: Path, *, by_hand: bool) -> bool:
    """Return whether there is a recording in a file, False for an empty or missing one.

    Raises UserError for a file with anything else. One that was written by hand, without a first line, is a recording
    if `by_hand` is true: it must not be overwritten.
    """
    if not os.path.lexists(path):
        return False
    refusal = UserError(
        f"{path}: this is not a recording of localcloud, and would be lost; choose another file with --to"
    )
    try:
        if not path.is_file():
            raise refusal
        with path.open("rb") as file:
            head = file.read(_LONGEST_HEAD).decode("utf-8", "replace")
    except OSError as error:
        raise _cannot_write(path, error) from error
    line = next(filter(_is_line, head.splitlines()), "")
    try:
        begun = read_header(start := _try_object(line)) is not None or (by_hand and "target" in start)
    except LineError:
        begun = False
    if line and not begun:
        raise refusal
    return begun


def read_requests(path: Path) -> Recording:
    """Return the requests in a file: a recording, a browser's HAR export, an access log, or entries of Cloud Logging.

    Its content decides which. Raises UserError, with the line and what to do, for a file that is none of these.
    """
    content = _read_content(path)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # A log may have any byte in a header.
        if is_access_log((text := content.decode("latin-1")).partition("\n")[0]):
            return read_access_log(path, text)
        raise UserError(f"{path}: this file is no text in UTF-8 ({error.reason}); export it again") from error
    first = next((line for line in text.splitlines() if _is_line(line)), "")
    if not first:
        raise _nothing_in(path)
    if first.lstrip().startswith(("{", "[")):
        start = _try_object(first)
        if "target" in start or read_header(start) is not None:
            if not (recording := _read_lines(path, text)).requests:
                raise _nothing_in(path)
            return recording
        return _read_json(path, text)
    if is_access_log(first):
        return read_access_log(path, text)
    raise _not_known(path)


def _read_json(path: Path, text: str) -> Recording:
    """Return the requests of a HAR export or of Cloud Logging's entries: one document, or one on each line."""
    try:
        document = json.loads(text)
    except RecursionError as error:
        raise UserError(f"{path}: its JSON is nested too deeply; export it again") from error
    except ValueError as error:
        entries = [_try_object(line) for line in text.splitlines() if _is_line(line)]
        if all(is_log_entry(entry) for entry in entries):
            return read_entries(path, entries)
        line = getattr(error, "lineno", 1)
        raise UserError(
            f"{path}:{line}: this is not JSON ({error}); was the export cut off? export it again"
        ) from error
    if is_har(document):
        return read_har(path, document)
    entries = document if isinstance(document, list) else [document]
    if entries and all(is_log_entry(entry) for entry in entries):
        return read_entries(path, entries)
    raise _not_known(path)


def read_recording(path: Path) -> Recording:
    """Return a recording, which may have no requests yet; raises UserError as `read_requests` does."""
    return _read_lines(path, _read_content(path).decode("utf-8-sig", "replace"))


def _nothing_in(path: Path) -> UserError:
    return UserError(f"{path}: there are no requests in this file; record some: localcloud record DIR --to FILE")


def _not_known(path: Path) -> UserError:
    return UserError(
        f"{path}: this is no recording, no HAR export, no access log in the Common or Combined format and no JSON of "
        "`gcloud logging read --format=json`; docs/record.md shows each of them"
    )


def _read_content(path: Path) -> bytes:
    try:
        return recode_utf16(read_file(path, LARGEST_FILE))
    except NotReadError as error:
        raise UserError(f"{path}: {error}") from error
    except OSError as error:
        raise UserError(f"{path}: cannot read this file ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: this file begins as UTF-16 and is none ({error.reason}); export it again") from error


def _is_line(line: str) -> bool:
    """Return whether a line of a recording has something to say: it is not blank, and no comment."""
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _read_lines(path: Path, text: str) -> Recording:
    origin = ""
    requests: list[RecordedRequest] = []
    # Not by splitlines, which takes U+2028 in a text for the end of a line.
    for number, line in enumerate(text.split("\n"), 1):
        if not _is_line(line):
            continue
        try:
            fields = _as_object(line)
            if (named := read_header(fields)) is not None:
                origin = named
            else:
                requests.append(parse_request(fields, len(requests) + 1))
        except LineError as error:
            raise UserError(f"{path}:{number}: {error}") from error
        except (ValueError, RecursionError) as error:
            raise UserError(f'{path}:{number}: this is no object of JSON ({error}); write {{"target": "/"}}') from error
    return Recording(tuple(requests), origin)


def _as_object(line: str | bytes) -> dict[str, Any]:
    value = json.loads(line)
    if not isinstance(value, dict):
        raise ValueError("it is something else")
    return value


def _try_object(line: str) -> dict[str, Any]:
    try:
        return _as_object(line)
    except (ValueError, RecursionError):
        return {}

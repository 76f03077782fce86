"""The reason for an answer 5xx, from the app's own log."""

from __future__ import annotations

import re
import threading

_TRACEBACK = "Traceback (most recent call last):"
_ERROR = re.compile(r"[A-Za-z_][\w.]*(:|$)")
# The app writes its log before it answers, but another thread reads it.
_MOST_SECONDS = 0.3


class LogErrors:
    """Reads an app's log line by line; its methods may be called from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._error = ""
        self._is_in_traceback = False

    def forget(self) -> None:
        """Forget what was logged until now."""
        with self._changed:
            self._error, self._is_in_traceback = "", False

    def add(self, line: str) -> None:
        """Read a line."""
        with self._changed:
            if _TRACEBACK in line:
                self._is_in_traceback = True
            elif self._is_in_traceback and line.strip() and not line[0].isspace():
                self._is_in_traceback = False
                if _ERROR.match(line):
                    self._error = line.rstrip()
                    self._changed.notify_all()

    def find(self) -> str:
        """Return the error that ends the last traceback, as in "KeyError: 'name'"; "" if none comes soon."""
        with self._changed:
            self._changed.wait_for(lambda: self._error, _MOST_SECONDS)
            return self._error

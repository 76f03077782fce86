"""The assessments of the user's own apps: each is made by a process of its own.

Parsing 50,000 lines takes seconds of one core. On a thread, it would slow down every page that is opened meanwhile.
"""

from __future__ import annotations

import itertools
import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from codelab.errors import CodelabError
from localcloud.files.paths import format_name

if TYPE_CHECKING:
    from codelab.assess import Assessment

DESTINATIONS = {"appengine": "App Engine", "cloudrun": "Cloud Run", "functions": "Cloud Run functions"}
_MOST_KEPT = 10


class OwnApp:
    """An app of the user's own, which is being assessed: then it has either a `result` or a `problem`.

    `typed` is its folder as the user has typed it, and `name` that folder's own. `progress` says what is being done.
    """

    def __init__(self, course: Path, here: str, typed: str, destination: str) -> None:
        self.typed = typed
        self.name = "your app"
        self.destination = destination
        self.progress = ""
        self.result: Assessment | None = None
        self.problem = ""
        self._process: subprocess.Popen[bytes] | None = None
        try:
            folder = _find_folder(typed, here)
        except CodelabError as error:
            self.problem = str(error)
            return
        self.name = format_name(os.path.basename(os.path.realpath(folder)) or folder)
        # -I: Python must not import what the user has in the folder in which the page was started, or in PYTHONPATH.
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-m", "codelab.web.assessment_child", course, folder, destination],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            cwd="/",
            start_new_session=True,  # so that Ctrl-C in the terminal does not reach it
        )
        threading.Thread(target=self._read, args=[self._process], name="assessment", daemon=True).start()

    @property
    def ended(self) -> bool:
        """True once there is a result or a problem."""
        return bool(self.result or self.problem)

    def stop(self) -> None:
        """End the process, if it still runs."""
        if self._process and not self.ended:
            self.problem = "this was broken off, because you have asked for another app"
            self._process.kill()

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout
        with process, process.stdout as output:
            try:
                while isinstance(message := pickle.load(output), str):
                    self.progress = message
            except (EOFError, pickle.UnpicklingError):
                message = CodelabError("reading the app failed; the terminal says why")
        if isinstance(message, CodelabError):
            self.problem = self.problem or str(message)
        else:
            self.result = message


class Assessments:
    """The apps that the user has asked for, by number, and the `last` of them. One is read at a time.

    A relative path begins in the folder where this was made.
    """

    def __init__(self, course: Path) -> None:
        self._course = course
        self._here = os.getcwd()
        self._numbers = itertools.count(1)
        self._kept: dict[int, OwnApp] = {}
        self.last: OwnApp | None = None
        self._lock = threading.Lock()

    def begin(self, typed: str, destination: str) -> int:
        """Begin to assess an app, and return its number. The one that is being read is broken off."""
        with self._lock:
            self.close()
            number = next(self._numbers)
            self.last = self._kept[number] = OwnApp(self._course, self._here, typed, destination)
            self._kept.pop(number - _MOST_KEPT, None)
            return number

    def find(self, number: int) -> OwnApp | None:
        """Return the app with this number, if it is still kept."""
        return self._kept.get(number)

    def close(self) -> None:
        """Break off the one that is being read."""
        if self.last:
            self.last.stop()


def _find_folder(typed: str, here: str) -> str:
    if not typed:
        raise CodelabError("name the folder with your app.yaml")
    from codelab.commands.assess import find_folder  # late: it takes 0.3 s, which few readers need

    return str(find_folder(os.path.join(here, os.path.expanduser(typed))))

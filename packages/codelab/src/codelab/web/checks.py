"""Runs checks behind the pages, one at a time, and says how far the one under way is."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from codelab.errors import CodelabError
from codelab.readme.course import TrackRef
from datastore_emulator.errors import UserError
from datastore_emulator.stopping import Stopped

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class CheckState:
    """A track's check: the words for what it does, if it is under way; the problem, if it could not be done."""

    under_way: str = ""
    problem: str = ""


class BackgroundChecks:
    """Runs `check(ref, on_scenario)` on a thread for one track after another. `changed` is called after each news."""

    def __init__(
        self,
        check: Callable[[TrackRef, Callable[[str], None]], None],
        changed: Callable[[TrackRef], None],
    ) -> None:
        self._check = check
        self._changed = changed
        self._states: dict[str, CheckState] = {}
        self._threads: dict[str, threading.Thread] = {}
        self._lock = threading.Lock()
        self._turn = threading.Lock()

    def begin(self, ref: TrackRef) -> None:
        """Begin a check, unless one of this track is under way already."""
        with self._lock:
            if self.state(ref).under_way:
                return
            self._states[ref.name] = CheckState(under_way="reading your files")
            self._threads[ref.name] = threading.Thread(target=self._run, args=[ref], name="check", daemon=True)
            self._threads[ref.name].start()
        self._changed(ref)

    def wait(self, ref: TrackRef) -> None:
        """Return when the track's check has ended."""
        self._threads[ref.name].join()

    def state(self, ref: TrackRef) -> CheckState:
        """Return the state of a track's check."""
        return self._states.get(ref.name, CheckState())

    def _run(self, ref: TrackRef) -> None:
        problem = ""
        try:
            with self._turn:
                self._check(ref, lambda text: self._set(ref, CheckState(under_way=text)))
        except Stopped:
            return  # the page ends
        except (CodelabError, UserError) as error:
            problem = str(error)
        except Exception:
            _logger.exception("the check of %s failed", ref.name)
            problem = "the check itself failed; the terminal has the traceback"
        self._set(ref, CheckState(problem=problem))

    def _set(self, ref: TrackRef, state: CheckState) -> None:
        self._states[ref.name] = state
        self._changed(ref)

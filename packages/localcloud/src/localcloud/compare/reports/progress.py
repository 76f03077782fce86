"""The progress of a comparison: one line of a terminal that is replaced, or a line for each quarter in a log."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.status import Status
from rich.text import Text

from localcloud.files.paths import format_text

_QUARTERS = 4
_STEP_WITHOUT_END = 50


class Progress:
    """Shows progress on a console, by default standard error. With `quiet` it shows nothing."""

    def __init__(self, console: Console | None = None, *, quiet: bool = False) -> None:
        self._console = console or Console(stderr=True)
        self._quiet = quiet
        self._status: Status | None = None
        self._shown = ("", 0)

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None

    def say(self, text: str) -> None:
        """Show what is being done, on a terminal only."""
        if self._quiet or not self._console.is_terminal:
            return
        if self._status is None:
            self._status = self._console.status("")
            self._status.start()
        self._status.update(Text(format_text(text), no_wrap=True, overflow="ellipsis"))

    def show_request(self, done: int, total: int | None, differences: int = 0, behaviour: str = "") -> None:
        """Show how many requests are done, and how many of them show a difference that nobody has accepted.

        `total` is None during a visit: nobody knows how many there will be.
        """
        text = f"visited {done:,} request{'' if done == 1 else 's'}"
        if total is not None:
            text = f"{behaviour}: " if behaviour else ""
            text += f"request {done:,} of {total:,}"
        text += f", {differences:,} {'differs' if differences == 1 else 'differ'}" if differences else ""
        self.say(text)
        if self._quiet or self._console.is_terminal:
            return
        reached = done // _STEP_WITHOUT_END if total is None else done * _QUARTERS // max(total, 1)
        if reached and (behaviour, reached) != self._shown:
            self._shown = behaviour, reached
            self._console.print(Text(format_text(text)), soft_wrap=True)

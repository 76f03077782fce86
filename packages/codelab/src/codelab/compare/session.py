"""A session of checks: START's answers and the local cloud of one check serve the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from codelab.compare import comparison as comparison_module
from codelab.compare.answers import Answers
from codelab.compare.comparison import ComparedFolder, Difference, must_answer_alike
from codelab.compare.scenario import Scenario
from codelab.compare.services import Service
from datastore_emulator.errors import UserError
from datastore_emulator.stopping import Stopped
from localcloud.launch.errors import NotFollowedFileError


@dataclass(frozen=True)
class Found:
    """The first difference from START, if there is one, and the services that the app has called.

    `not_running` is the reason why the app does not start, and `error` what it has printed then. `undecided` says that
    the reason is this machine's: the copy may be right.
    """

    difference: Difference | None = None
    called: frozenset[Service] = frozenset()
    not_running: str = ""
    error: str | None = None
    undecided: bool = False


class Session:
    """Runs copies beside START, one after another; a context manager that ends what it has started.

    One comparison runs at a time, on any thread.
    """

    def __init__(self) -> None:
        self._closed = False
        self._compared: tuple[ComparedFolder, str | None] | None = None
        self._comparison: comparison_module.Comparison | None = None

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the apps, for good. A comparison that runs on another thread raises Stopped."""
        self._closed = True  # first: a new comparison is kept, and then looks at this
        if self._comparison:
            self._comparison.close()

    def compare(
        self,
        start: ComparedFolder,
        copy: ComparedFolder,
        function: str | None,
        scenarios: Sequence[Scenario],
        on_scenario: Callable[[str], None] = lambda text: None,
        *,
        again: bool = False,
    ) -> Found:
        """Run the copy as it is now in the scenarios, and START where its answers are not known.

        With `again`, the copy runs already, and has not changed since. Raises Stopped once the session is closed.
        """
        try:
            found = self._compare(start, copy, function, scenarios, on_scenario, again)
        except Exception:
            if not self._closed:
                raise
        if self._closed:
            raise Stopped  # whatever was found is about apps that were ended
        return found

    def _compare(
        self,
        start: ComparedFolder,
        copy: ComparedFolder,
        function: str | None,
        scenarios: Sequence[Scenario],
        on_scenario: Callable[[str], None],
        again: bool,
    ) -> Found:
        try:
            if self._compared == (start, function):
                assert self._comparison
                if not again:
                    self._comparison.replace(copy)
            else:
                self._open(start, copy, function, scenarios)
            assert self._comparison
            difference = self._comparison.first_difference(copy, scenarios, on_scenario)
            return Found(difference, self._comparison.services_called(copy))
        except NotFollowedFileError as error:
            return Found(not_running=str(error), undecided=True)
        except UserError as error:
            return Found(not_running=str(error), error=self._comparison.error_of(copy) if self._comparison else None)

    def _open(
        self, start: ComparedFolder, copy: ComparedFolder, function: str | None, scenarios: Sequence[Scenario]
    ) -> None:
        """End the apps of another START, and start these."""
        self._compared = None
        if self._comparison:
            self._comparison.close()
        answers = Answers.of_earlier_checks(start.path, function)
        new = any(must_answer_alike(start, copy, one) and one.name not in answers for one in scenarios)
        self._comparison = comparison_module.Comparison(start, [copy], function, answers=answers, runs_start=new)
        if self._closed:
            raise Stopped
        self._comparison.__enter__()
        self._compared = start, function

"""A session of checks: START's answers and the local cloud of one check serve the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from codelab.compare import comparison as comparison_module
from codelab.compare.comparison import ComparedFolder, Difference
from codelab.compare.scenario import Scenario
from codelab.compare.services import Service
from datastore_emulator.errors import UserError
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

    Not for several threads at once.
    """

    def __init__(self) -> None:
        self._cleanup = ExitStack()
        self._open: tuple[ComparedFolder, str | None, comparison_module.Comparison] | None = None

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the apps."""
        self._open = None
        self._cleanup.close()

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

        With `again`, the copy runs already, and has not changed since.
        """
        comparison = None
        try:
            if self._open and self._open[:2] == (start, function):
                comparison = self._open[2]
                if not again:
                    comparison.replace(copy)
            else:
                self.close()
                comparison = comparison_module.Comparison(start, [copy], function, remember=True)
                self._cleanup.enter_context(comparison)
                self._open = start, function, comparison
            difference = comparison.first_difference(copy, scenarios, on_scenario)
            return Found(difference, comparison.services_called(copy))
        except NotFollowedFileError as error:
            return Found(not_running=str(error), undecided=True)
        except UserError as error:
            return Found(not_running=str(error), error=comparison.error_of(copy) if comparison else None)

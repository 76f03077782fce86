"""A scenario, and the decorator that makes one of a function."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from codelab.compare.app_under_test import AppUnderTest


@dataclass(frozen=True)
class Scenario:
    """The visits to an app, and the events meanwhile; it starts with an empty store and empty caches.

    `quick` scenarios run after each step of a codelab, the others at the end of a track only. `repeats_visitors`: a
    visitor comes again within the hour, so an app with a cache answers otherwise than one without. `caches`: for apps
    that answer from one of these, None for those without; empty for all apps. `needs_datastore` is false where another
    Datastore would change nothing. `needs_time_outs`: an app that waits long for Redis would wait long here.
    """

    run: Callable[[AppUnderTest], None]
    quick: bool = False
    repeats_visitors: bool = False
    caches: tuple[str | None, ...] = ()
    needs_datastore: bool = True
    needs_time_outs: bool = False

    def __call__(self, app: AppUnderTest) -> None:
        """Run the scenario; raises MismatchError at the first page that is not as it has to be."""
        self.run(app)

    @property
    def name(self) -> str:
        """The function's name, as in "twelve_visitors"."""
        return self.run.__name__

    def suits(self, cache: str | None) -> bool:
        """Return whether the scenario is for an app that answers from this cache, None for an app without."""
        return not self.caches or cache in self.caches

    @property
    def title(self) -> str:
        """The name in words."""
        return self.name.replace("_", " ")


def scenario(
    *,
    quick: bool = False,
    repeats_visitors: bool = False,
    caches: tuple[str | None, ...] = (),
    needs_datastore: bool = True,
    needs_time_outs: bool = False,
) -> Callable[[Callable[[AppUnderTest], None]], Scenario]:
    """Make a scenario of a function; see Scenario for the options."""

    def decorate(run: Callable[[AppUnderTest], None]) -> Scenario:
        return Scenario(run, quick, repeats_visitors, caches, needs_datastore, needs_time_outs)

    return decorate


def select(
    scenarios: Iterable[Scenario], *, cache: str | None = None, quick_only: bool = False
) -> tuple[Scenario, ...]:
    """Return the scenarios for an app that answers from this cache; `quick_only` leaves out the slow ones."""
    return tuple(one for one in scenarios if (one.quick or not quick_only) and one.suits(cache))

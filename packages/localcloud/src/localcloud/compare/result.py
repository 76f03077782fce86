"""What a comparison has found, as data for the terminal, the page and other programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from localcloud.compare.observation import Aspect


@dataclass(frozen=True)
class DiffLine:
    """A line of a diff: `sign` is "-" for the old app's, "+" for the new one's, " " for both."""

    sign: str
    text: str


@dataclass(frozen=True)
class Difference:
    """A difference between the old app and the new one, once for all requests that show it.

    `requests` are their numbers, from 1, `behaviour` the event at which it shows, "" for none. `route` is the method
    and the path, with "*" for what is different in each, as in "GET /posts/*". `old` and `new` are the lines that
    differ, with "…" for noise; `diff` has them with the lines around, from the first of the requests. `accepted` is
    the reason why somebody has accepted it, None if nobody has. `followers` are what else differs in these answers
    because another kind of answer came.
    """

    aspect: Aspect
    route: str
    place: str
    old: tuple[str, ...]
    new: tuple[str, ...]
    diff: tuple[DiffLine, ...]
    requests: tuple[int, ...]
    behaviour: str = ""
    accepted: str | None = None
    followers: tuple[Difference, ...] = ()


@dataclass(frozen=True)
class Noise:
    """What the old app itself answers differently each time: two examples, and how many lines it was found in."""

    aspect: Aspect
    route: str
    place: str
    examples: tuple[str, str]
    count: int


@dataclass(frozen=True)
class ComparedRequest:
    """A request that both apps were sent: `curl` repeats it, `seconds` are the times that the apps took.

    The statuses are None for an app that did not answer. `errors` are from the logs of apps that answered 5xx.
    """

    number: int
    title: str
    curl: str
    statuses: tuple[int | None, int | None]
    seconds: tuple[float, float]
    behaviour: str = ""
    errors: tuple[str, str] = ("", "")

    def shows(self, difference: Difference) -> bool:
        """Return whether the difference was found in this request."""
        return self.behaviour == difference.behaviour and self.number in difference.requests


@dataclass(frozen=True)
class Report:
    """All that a comparison has found. `calls` are those of the old app and the new one, over all requests.

    `warnings` say what the comparison could not see. `unused` are the accepted differences that were not found.
    """

    old: str
    new: str
    origin: str
    requests: Sequence[ComparedRequest]
    differences: Sequence[Difference]
    noise: Sequence[Noise]
    calls: tuple[Counter[str], Counter[str]] = field(default_factory=lambda: (Counter(), Counter()))
    behaviours: Sequence[str] = ()
    warnings: Sequence[str] = ()
    unused: Sequence[str] = ()
    seconds: float = 0.0

    @property
    def open(self) -> list[Difference]:
        """The differences that nobody has accepted."""
        return [one for one in self.differences if one.accepted is None]

    def first_request(self, difference: Difference) -> ComparedRequest | None:
        """Return the first request that shows a difference, None if it has none of these requests."""
        return next((one for one in self.requests if one.shows(difference)), None)

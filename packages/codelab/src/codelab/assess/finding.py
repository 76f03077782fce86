"""One thing that must change or be decided, with the places where it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from localcloud.files.paths import format_name


class Destination(Enum):
    """Where the app is to run. App Engine means with its bundled services, on Python 3."""

    APP_ENGINE = "appengine"
    CLOUD_RUN = "cloudrun"
    FUNCTIONS = "functions"

    @property
    def title(self) -> str:
        """The name in texts."""
        return {"appengine": "App Engine on Python 3", "cloudrun": "Cloud Run", "functions": "Cloud Run functions"}[
            self.value
        ]


class Area(Enum):
    """The part of the app that a finding is about, in the order of the report."""

    FRAMEWORK = "framework"
    SERVICE = "service"
    PYTHON2 = "python2"
    SETTING = "setting"
    PACKAGE = "package"
    HABIT = "habit"
    UNREAD = "unread"

    @property
    def title(self) -> str:
        """The heading in the report."""
        return {
            "framework": "Web framework and templates",
            "service": "App Engine's services",
            "python2": "Python 2 code",
            "setting": "app.yaml and its siblings",
            "package": "Packages",
            "habit": "What the platform does not give",
            "unread": "Not read: look at it yourself",
        }[self.value]


class Verdict(Enum):
    """The outcome of a thing at the destination."""

    CHANGE = "change"
    DELETE = "delete"
    DECIDE = "decide"
    STAYS = "stays"

    @property
    def title(self) -> str:
        """The words behind a number of such things."""
        return "can stay" if self is Verdict.STAYS else f"to {self.value}"


# At the begin of an outcome.
_VERDICT = re.compile(rf"({'|'.join(verdict.value for verdict in Verdict)})\b[,.:;]? *", re.IGNORECASE)
# A word, and not the name of a file or a program's option.
_WORD = re.compile(r"[a-z]+(?=[ ,:;]|$)")
# The modules for one destination alone.
_ONLY_FOR = {"mod4-": Destination.CLOUD_RUN, "mod5-": Destination.CLOUD_RUN, "mod11-": Destination.FUNCTIONS}


@dataclass(frozen=True, order=True)
class Place:
    """A line of a file, from 1 (0: the whole file), and what is there, as in "memcache.get".

    `code` is the line itself, where a reader needs it to understand what is there.
    """

    file: str
    line: int
    what: str = ""
    code: str = field(default="", compare=False)

    def __str__(self) -> str:
        name = format_name(self.file)
        return f"{name}:{self.line}" if self.line else name


@dataclass(frozen=True)
class Link:
    """A page that shows or explains something: a path in the course, with an anchor, or a URL."""

    title: str
    target: str

    @property
    def is_of_course(self) -> bool:
        """True for a page of the course."""
        return "://" not in self.target

    @property
    def destination(self) -> Destination | None:
        """The destination of a module that leads to one, None for a page that is for all."""
        return next((place for start, place in _ONLY_FOR.items() if self.target.startswith(start)), None)


@dataclass(frozen=True)
class Advice:
    """What becomes of a thing at each destination, as Markdown, and who shows or explains it.

    The first word of an outcome is the verdict: Stays, Delete, Decide, or anything else for a change. `tool` says what
    makes the change mechanical, "" if nothing does. `finder` is a command that only warns of such lines.
    """

    outcomes: Mapping[Destination, str]
    tool: str = ""
    links: tuple[Link, ...] = ()
    finder: str = ""

    def verdict(self, destination: Destination) -> Verdict:
        """Return the verdict for a destination."""
        found = _VERDICT.match(self.outcomes[destination])
        return Verdict(found[1].lower()) if found else Verdict.CHANGE

    def outcome(self, destination: Destination) -> str:
        """Return the outcome without the verdict, "" if the verdict is all there is to say."""
        text = self.outcomes[destination]
        rest = _VERDICT.sub("", text)
        return rest[:1].upper() + rest[1:] if rest != text and _WORD.match(rest) else rest


@dataclass(frozen=True)
class Finding:
    """A thing in the app: `name` is unique in its area, as in "api.memcache". The places are in order."""

    area: Area
    name: str
    title: str
    places: tuple[Place, ...]
    advice: Advice

    def shown_by(self, destination: Destination) -> tuple[Link, ...]:
        """Return the pages of the course that show the change; none if it is not covered here."""
        own = [link for link in self.advice.links if link.is_of_course]
        return tuple(link for link in own if link.destination in (None, destination)) or tuple(own)

    @property
    def explained_by(self) -> tuple[Link, ...]:
        """The pages elsewhere that explain it, Google's for the most part."""
        return tuple(link for link in self.advice.links if not link.is_of_course)

"""The map of the course: all tracks in the groups of the README, and which track continues which."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from codelab.readme.course import Course, TrackRef
from codelab.readme.groups import Group, read_groups
from codelab.readme.markdown import first_sentence
from codelab.readme.trees import Tree, read_tree

_FROM_TO = re.compile(r"(?:Module \d+: )?From (.+?) to (.+)")


@dataclass
class Node:
    """A track on the map: a sentence about it, its Python versions, and the tracks that start where it ends."""

    ref: TrackRef
    sentence: str
    python: str
    after: list[Node] = field(default_factory=list)

    @property
    def title(self) -> str:
        """Its title, short enough for a card, such as "webapp2 → Flask"."""
        return short_title(self.ref)


@dataclass(frozen=True)
class Card:
    """A module on the map: its main track, and its second tracks."""

    main: Node
    second: tuple[Node, ...]

    @property
    def after(self) -> list[Node]:
        """The main tracks of other modules that continue one of its tracks."""
        found = {node.ref.name: node for track in (self.main, *self.second) for node in track.after}
        mine = self.main.ref.codelab.module
        return [node for node in found.values() if node.ref.codelab.module != mine]


@dataclass(frozen=True)
class MapGroup:
    """A group of modules, as cards."""

    group: Group
    cards: tuple[Card, ...]


def lay_out_map(course: Course) -> list[MapGroup]:
    """Return the map of a course. A track follows another if its START equals the other's FINISH, byte for byte."""
    places = list(course.tracks())
    starts = [read_tree(ref.start) for ref in places]
    finishes = [read_tree(ref.finish) for ref in places]
    nodes = [
        Node(ref, first_sentence(ref.introduction), _describe_python(start, finish))
        for ref, start, finish in zip(places, starts, finishes, strict=True)
    ]
    for node, finish in zip(nodes, finishes, strict=True):
        node.after = [other for other, start in zip(nodes, starts, strict=True) if start == finish]
    modules: dict[str, list[Node]] = {}
    for node in nodes:
        modules.setdefault(node.ref.codelab.module, []).append(node)
    return [
        MapGroup(group, tuple(Card(modules[name][0], tuple(modules[name][1:])) for name in group.modules))
        for group in read_groups(course)
    ]


def short_title(ref: TrackRef) -> str:
    """Return a track's title without its module's number, and with an arrow for "From … to …"."""
    found = _FROM_TO.fullmatch(ref.track.title)
    return f"{found[1]} → {found[2]}" if found else ref.track.title.partition(": ")[2] or ref.track.title


def _describe_python(start: Tree, finish: Tree) -> str:
    versions = dict.fromkeys(_version(tree) for tree in (start, finish))
    return f"Python {' to '.join(versions)}"


def _version(tree: Tree) -> str:
    old = "python27" in tree.get("app.yaml", "") or "python:2" in tree.get("Dockerfile", "")
    return "2" if old else "3"

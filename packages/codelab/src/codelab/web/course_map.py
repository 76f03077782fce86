"""The map of the course: all tracks, and which track continues which."""

from __future__ import annotations

from dataclasses import dataclass, field

from codelab.readme.course import Course, TrackRef
from codelab.readme.markdown import first_sentence
from codelab.readme.trees import Tree, read_tree

# Five columns are as wide as the page.
WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 205, 62, 42, 18, 8


@dataclass
class Node:
    """A track on the map: its box, a sentence about it, and the tracks that start where it ends."""

    ref: TrackRef
    sentence: str
    python: str
    optional: bool
    column: int = 0
    row: int = 0
    after: list[Node] = field(default_factory=list)

    @property
    def x(self) -> int:
        """The left edge of its box."""
        return MARGIN + self.column * (WIDTH + GAP_X)

    @property
    def y(self) -> int:
        """The top edge of its box."""
        return MARGIN + self.row * (HEIGHT + GAP_Y)


@dataclass(frozen=True)
class Map:
    """All tracks, each at least one column to the right of those it follows."""

    nodes: list[Node]
    width: int
    height: int
    box_width: int = WIDTH
    box_height: int = HEIGHT


def lay_out_map(course: Course) -> Map:
    """Lay out the map of a course. A track follows another if its START equals the other's FINISH, byte for byte."""
    places = list(course.tracks())
    starts = [read_tree(ref.start) for ref in places]
    finishes = [read_tree(ref.finish) for ref in places]
    nodes = [
        Node(
            ref,
            first_sentence(ref.introduction),
            _describe_python(start, finish),
            not ref.is_main,
        )
        for ref, start, finish in zip(places, starts, finishes, strict=True)
    ]
    for node, finish in zip(nodes, finishes, strict=True):
        node.after = [other for other, start in zip(nodes, starts, strict=True) if start == finish]
    _lay_out(nodes)
    columns, rows = max(node.column for node in nodes) + 1, max(node.row for node in nodes) + 1
    return Map(
        nodes,
        2 * MARGIN + columns * (WIDTH + GAP_X) - GAP_X,
        2 * MARGIN + rows * (HEIGHT + GAP_Y) - GAP_Y,
    )


def _describe_python(start: Tree, finish: Tree) -> str:
    versions = dict.fromkeys(_version(tree) for tree in (start, finish))
    return f"Python {' to '.join(versions)}"


def _version(tree: Tree) -> str:
    old = "python27" in tree.get("app.yaml", "") or "python:2" in tree.get("Dockerfile", "")
    return "2" if old else "3"


def _lay_out(nodes: list[Node]) -> None:
    """Put each node to the right of all it follows, and near the row of one of them."""
    moved = True
    while moved:
        moved = False
        for node in nodes:
            for following in node.after:
                if following.column <= node.column:
                    following.column = node.column + 1
                    moved = True
    before: dict[int, list[int]] = {}
    for node in nodes:
        for following in node.after:
            before.setdefault(id(following), []).append(id(node))
    rows: dict[int, int] = {}

    def wanted(node: Node, default: int) -> int:
        return min((rows[known] for known in before.get(id(node), []) if known in rows), default=default)

    for column in range(max(node.column for node in nodes) + 1):
        here = [node for node in nodes if node.column == column]
        free = 0
        for node in sorted(here, key=lambda node: wanted(node, len(nodes))):
            node.row = rows[id(node)] = max(free, wanted(node, free))
            free = node.row + 1

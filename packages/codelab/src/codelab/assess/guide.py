"""What becomes of each thing, read as data from the tables of the course's pages, so that both say the same."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from codelab.assess.cloud_ndb import PREFIX
from codelab.assess.finding import Advice, Destination, Link
from codelab.errors import CodelabError
from codelab.readme.course import Course
from codelab.readme.markdown import anchor, parse

PAGE = "docs/assess.md"
WHICH_WAY = "docs/which-way.md"
PORTING = "docs/porting-python2.md"
_SERVICES = "Each service and its successor"
_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`]+)`")


_SYNTAX = "Python 3 cannot read the file"
_FAILS = "The line fails when it runs"
_SILENT = "The line runs, and gives something else"
_OUTCOMES = {
    _SYNTAX: "Change: Python 3 cannot read the file",
    _FAILS: "Change: the line fails on Python 3",
    _SILENT: "Decide: it runs on Python 3 and may give something else",
}
_TEXT_OR_BYTES = "Decide: Python 3 has it, and fails where text and bytes meet. Look which of the two the line gets"
# Kinds that a line can be of and run on Python 3 all the same: the types of its values decide.
_DEPENDS = {
    "text and bytes together": _TEXT_OR_BYTES,
    "hashes": _TEXT_OR_BYTES,
    "pickles of Python 2": "Decide: Python 3 reads its own pickles. For those of Python 2, name the encoding",
    "objects in a set": "Decide: on Python 3, such an object cannot be in a set or a key of a dict",
}
# Options of Python that only warn, by their names in docs/porting-python2.md.
_FINDERS = {"-3": "python2.7 -3", "-bb": "python3 -bb"}

_Tables = dict[str, list[list[str]]]


@dataclass(frozen=True)
class Python2Kind:
    """A row of docs/porting-python2.md: the tools that find it, and the section that explains it."""

    tools: str
    section: str


class Guide:
    """The tables about services, frameworks, settings, habits and Python 2."""

    def __init__(self, course: Course) -> None:
        self._course = course
        page = self._tables(PAGE)
        self.services = dict(self._services(page))
        self.services |= {
            PREFIX + name: advice for name, advice in self._advice(page, "What Cloud NDB refuses").items()
        }
        self.parts: dict[str, str] = {
            name: _CODE.findall(row[1])[0] for row in _rows(page, "Parts of a service") for name in _names(row)
        }
        self.frameworks = self._advice(page, "Frameworks")
        self.templates = self._advice(page, "Templates")
        self.on_python3 = self._advice(page, "The same in an app on Python 3")
        self.settings = self._advice(page, "Settings and files")
        self.habits = self._advice(page, "What the platform does not give")
        self.packages = self._advice(page, "Packages")
        self.gone = {name: row[1] for row in _rows(page, "Modules that Python 3 has not") for name in _names(row)}
        self.other_kinds = {name: row[1] for row in _rows(page, "Other Python 2 code") for name in _names(row)}
        porting = self._tables(PORTING)
        self.kinds = dict(_kinds(porting))
        self.renamed = {
            name.removeprefix("import "): _CODE.findall(row[1])[0].removeprefix("import ")
            for row in _rows(porting, "Modules with a new name")
            for name in _CODE.findall(row[0])
        }

    def advise_python2(self, kind: str) -> Advice:
        """Return what becomes of a kind of Python 2 code, the same at each destination."""
        row = next((self.kinds[key] for key in self.kinds if key.endswith(f"/{kind}")), None)
        tools = (row.tools if row else self.other_kinds.get(kind, "")).replace("`", "").split(", ")
        section = row.section if row else ("Modules with a new name" if kind == "modules with a new name" else "")
        outcome = _DEPENDS.get(kind) or _OUTCOMES.get(section, "Change: Python 3 no longer has it")
        link = Link(section or "Port Python 2 code", f"{PORTING}#{anchor(section)}" if section else PORTING)
        return Advice(
            dict.fromkeys(Destination, outcome),
            ", ".join(tool for tool in tools if tool not in _FINDERS),
            (link,),
            ", ".join(_FINDERS[tool] for tool in tools if tool in _FINDERS),
        )

    def _tables(self, name: str) -> _Tables:
        page = self._course.other_page(name)
        if page is None:
            raise CodelabError(
                f"{self._course.root}: there is no {name}, which `assess` reads; get the whole repository"
            )
        return _read_tables(page.path.read_text(encoding="utf-8"))

    def _services(self, page: _Tables) -> Iterator[tuple[str, Advice]]:
        """Yield the services of docs/which-way.md, and the steps that docs/assess.md adds, and its own rows."""
        shown = {name: _links(row[1], PAGE) for row in _rows(page, "Steps that show a service") for name in _names(row)}
        for row in _rows(self._tables(WHICH_WAY), _SERVICES):
            imported, bundled, successor, effort, google = row
            name = _CODE.findall(imported)[0]
            later = f"{_plain(successor)}. Effort: {_plain(effort)}"
            stays = bundled.startswith("yes")
            own = [link for link in _links(successor, WHICH_WAY) if link.is_of_course]
            staying = f"Stays{bundled.removeprefix('yes')}. To leave it: {_plain(successor)}"
            yield (
                name,
                Advice(
                    {
                        Destination.APP_ENGINE: staying if stays else later,
                        Destination.CLOUD_RUN: later,
                        Destination.FUNCTIONS: later,
                    },
                    links=(*shown.get(name, own), *_links(google, WHICH_WAY)),
                ),
            )
        yield from self._advice(page, "Services without a row there").items()

    def _advice(self, page: _Tables, heading: str) -> dict[str, Advice]:
        """Return the rows of a table: names, an outcome for each destination, the tool, and links."""
        found = {}
        for row in _rows(page, heading):
            outcomes = {place: _plain(cell) for place, cell in zip(Destination, row[1:4], strict=True)}
            for name in _names(row):
                found[name] = Advice(outcomes, _plain(row[4]), _links(row[5], PAGE))
        return found


def _names(row: list[str]) -> list[str]:
    return _CODE.findall(row[0])


def _plain(cell: str) -> str:
    """Return a cell without its links, which are listed apart."""
    return _LINK.sub(r"\1", cell)


def _links(cell: str, page: str) -> tuple[Link, ...]:
    """Return the links of a cell; those of the course by their path in it."""
    return tuple(
        Link(title, target if "://" in target else posixpath.normpath(posixpath.join(posixpath.dirname(page), target)))
        for title, target in _LINK.findall(cell)
    )


def _rows(page: _Tables, heading: str) -> list[list[str]]:
    """Return the cells of the first table below a heading, without its head. Raises CodelabError if there is none."""
    if heading not in page:
        raise CodelabError(f'the pages that `assess` reads have no table below "{heading}"; get the whole repository')
    return page[heading]


def _read_tables(text: str) -> _Tables:
    """Return the first table below each heading that has one, as the Markdown of its cells."""
    found: _Tables = {}
    heading, title_follows, in_cell = "", False, False
    table: list[list[str]] = []
    for token in parse(text):
        if token.type == "inline" and title_follows:
            heading = token.content
        title_follows = token.type == "heading_open"
        if token.type in ("table_open", "tbody_open"):  # the head has rows, too
            table = []
        elif token.type == "table_close":
            found.setdefault(heading, table)
        elif token.type == "tr_open":
            table.append([])
        elif token.type in ("td_open", "td_close"):
            in_cell = token.type == "td_open"
        elif token.type == "inline" and in_cell:
            table[-1].append(token.content)
    return found


def _kinds(page: _Tables) -> Iterator[tuple[str, Python2Kind]]:
    for heading, column in (
        (_SYNTAX, None),
        (_FAILS, 5),
        (_SILENT, 5),
    ):
        name = ""
        for row in _rows(page, heading):
            name = row[0] or name
            tools = "`modernize`" if column is None else row[column]
            yield f"{heading}/{name}", Python2Kind(_plain(tools), heading)

"""What keeps a step from being done, in words: a place, what was expected there and what was found."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from pathlib import PurePosixPath

from codelab.check.facts import Fact, Kind

# Facts that a line of Python states about one called name; the name comes first.
_OF_A_CALL = {Kind.CALL, Kind.TOP_LEVEL_OBJECT, Kind.WITH_BLOCK, Kind.ARGUMENT}
_OF_A_COMMAND = {Kind.PROGRAM, Kind.PORT, Kind.SERVED_OBJECT, Kind.OPTION, Kind.START_COMMAND}

# How much alike two packages' names are when one of them is a slip.
_CLOSE = 0.85
_LONGEST = 2_000


@dataclass(frozen=True)
class Finding:
    """What keeps a step from being done, at a line of a file (0: the whole file).

    A `firm` one has to be mended; for any other the learner's own way will do, if the page is the same at the end.
    """

    file: str
    line: int
    message: str
    firm: bool

    def __post_init__(self) -> None:
        """Shorten what is shown: a line of a learner's file may be as long as the file."""
        if len(self.message) > _LONGEST:
            object.__setattr__(self, "message", f"{self.message[:_LONGEST]}...")

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.message}"


def findings(
    missing: Set[Fact], lingering: Set[Fact], *, said: Set[Fact], before: Set[Fact], after: Set[Fact]
) -> Iterator[Finding]:
    """Yield one finding for each line to write and each line to remove, files before what they say.

    `said` is what the folder says now; `before` and `after` are what it says at either end of the step.
    """
    extra = said - after
    lingering = set(lingering)
    without_file = {fact.file for fact in missing if fact.kind is Kind.FILE}
    for file in sorted(without_file):
        similar = _similar_file(file, extra)
        lingering = {fact for fact in lingering if not similar or fact.file != similar}
        yield Finding(file, 0, f"expected this file, found {similar or 'none'}", firm=True)
    too_many = {fact.file for fact in lingering if fact.kind is Kind.FILE}
    for file in sorted(too_many):
        yield Finding(file, 0, "expected no such file any more, found it", firm=True)

    shown: set[tuple[str, str]] = set()
    same: list[Finding] = []
    wanted = _without_arguments_of_missing_calls(fact for fact in missing if fact.file not in without_file)
    for line in _lines(wanted, before, or_all=not without_file):
        fact = line[0]
        there = next((found for fact in line if (found := _counterpart(fact, said, extra))), None)
        there = there or _same_line_partly(fact, said, after)
        firm = any(fact.firm for fact in line)
        if there and _expected(fact) == f'"{there.words}"':
            meaning = f'"{there.words}", which means something else here'
            same.append(Finding(fact.file, there.line, f"expected {_expected(fact)}, found {meaning}", firm))
            continue
        shown.add((fact.file, there.words if there else ""))
        place, words = (there.line, f'"{there.words}"') if there else (0, "none")
        yield Finding(fact.file, place, f"expected {_expected(fact)}, found {words}", firm)
    remaining = [
        fact
        for fact in lingering
        if fact.file not in too_many and (fact.file, fact.words) not in shown and not _part_of_another(fact, lingering)
    ]
    lines = _lines(remaining, after, or_all=not shown)
    # A line as it should be means something else because of another line, an import left in most often.
    if not shown and not lines:
        yield from same
    for line in lines:
        imported = line[0].words.startswith(("from ", "import "))
        names = " and no ".join(fact.name for fact in line if fact.kind is Kind.NAME)
        words = f'"{line[0].words}"'
        yield Finding(
            line[0].file,
            line[0].line,
            f"expected no {names or words} any more, found {words if names else 'it'}",
            firm=any(fact.firm or (imported and fact.name.islower()) for fact in line),
        )


def _expected(fact: Fact) -> str:
    return f'"{fact.words}" {fact.kind.condition}'.rstrip()


def _without_arguments_of_missing_calls(facts: Iterable[Fact]) -> list[Fact]:
    facts = list(facts)
    called = {fact.name for fact in facts if fact.kind is Kind.CALL}
    return [fact for fact in facts if not (fact.kind is Kind.ARGUMENT and fact.name.partition(" ")[0] in called)]


def _part_of_another(fact: Fact, facts: Set[Fact]) -> bool:
    """Say whether a name is part of a package that is named by itself: with `webapp2`, `webapp2.Route` goes too."""
    return fact.kind is Kind.NAME and any(
        other.kind is Kind.NAME and other.file == fact.file and fact.name.startswith(f"{other.name}.")
        for other in facts
    )


def _lines(facts: Iterable[Fact], other_end: Set[Fact], *, or_all: bool) -> list[list[Fact]]:
    """Return the facts by the line that states them, in the order of the lines.

    A line that reads the same at the other end of the step says something else only because another line changed, an
    import most often: it is left out, unless with `or_all` nothing would be left.
    """
    unchanged = {(fact.file, fact.words) for fact in other_end}
    lines: dict[tuple[str, int, str], list[Fact]] = {}
    for fact in sorted(facts, key=lambda fact: (fact.file, fact.line, not fact.firm, len(fact.name), fact.name)):
        lines.setdefault((fact.file, fact.line, fact.words), []).append(fact)
    changed = {key: line for key, line in lines.items() if (key[0], key[2]) not in unchanged}
    kept = changed or (lines if or_all else {})
    return [line for line in kept.values() if not _stated_above(line, lines)]


def _stated_above(line: list[Fact], lines: dict[tuple[str, int, str], list[Fact]]) -> bool:
    """Say whether a key is only the head of keys that are stated below it anyway."""
    return all(
        fact.kind is Kind.KEY
        and any(
            other.file == fact.file and other.name.startswith((f"{fact.name}.", f"{fact.name} "))
            for others in lines.values()
            for other in others
            if other is not fact
        )
        for fact in line
    )


def _similar_file(file: str, extra: Set[Fact]) -> str | None:
    """Return a file that is probably meant to be this one: in another place, in other letters, with a suffix more."""
    name = PurePosixPath(file).name.casefold().lstrip(".")
    others = sorted(fact.file for fact in extra if fact.kind is Kind.FILE)
    for other in others:
        found = PurePosixPath(other).name.casefold().lstrip(".")
        if found == name or found.rpartition(".")[0] == name:
            return other
    return None


def _counterpart(fact: Fact, said: Set[Fact], extra: Set[Fact]) -> Fact | None:
    """Return what stands in the place of a missing fact, None if nothing seems to."""
    here = sorted((other for other in said if other.file == fact.file), key=lambda other: (other.line, other.words))
    strange = [other for other in here if other in extra]
    subject = fact.name.partition(" ")[0]
    found: Fact | None = None
    if fact.kind in (Kind.PACKAGE, Kind.VERSION):
        found = _first(here, kind=Kind.PACKAGE, name=subject) or _misspelled(subject, strange)
    elif fact.kind in (Kind.VALUE, Kind.ITEM):
        found = next((other for other in strange if other.kind == fact.kind and _subject(other) == subject), None)
    elif fact.kind is Kind.NAME or fact.kind in _OF_A_CALL:
        found = _call_or_name(fact, subject.removesuffix("()"), here, strange)
    elif fact.kind in _OF_A_COMMAND:
        found = next((other for other in here if other.kind in _OF_A_COMMAND), None)
    elif fact.kind is Kind.REQUIREMENTS_FIRST:
        found = _first(here, kind=Kind.REQUIREMENTS_NOT_FIRST)
    elif fact.kind in (Kind.OUTPUT, Kind.LINE, Kind.PROCESS, Kind.BASE_IMAGE):
        found = _first(strange, kind=fact.kind)
    return found


def _same_line_partly(fact: Fact, said: Set[Fact], after: Set[Fact]) -> Fact | None:
    """Return a line of the learner's own that says something else of what the missing line says."""
    others = {other for other in after if (other.file, other.words) == (fact.file, fact.words)}
    lines = {(other.file, other.words) for other in after}
    found = [other for other in said if other in others and (other.file, other.words) not in lines]
    return min(found, key=lambda other: (other.line, other.name), default=None)


def _misspelled(package: str, strange: list[Fact]) -> Fact | None:
    packages = {fact.name: fact for fact in strange if fact.kind is Kind.PACKAGE}
    close = difflib.get_close_matches(package, packages, n=1, cutoff=_CLOSE)
    return packages[close[0]] if close else None


def _call_or_name(fact: Fact, name: str, here: list[Fact], strange: list[Fact]) -> Fact | None:
    """Return the call in question; or a name that ends alike or has the same owner; or for an import the owner's."""
    owner, _, last = name.rpartition(".")
    names = [other for other in strange if other.kind is Kind.NAME]
    candidates = [
        *(other for other in here if fact.kind in _OF_A_CALL and other.kind is Kind.CALL and other.name == name),
        *(other for other in names if other.name.rpartition(".")[2] == last),
        *(
            other
            for other in names
            if other.name.rpartition(".")[0] == owner
            and ("." in owner or (last[:1].isupper() and other.name.rpartition(".")[2][:1].isupper()))
        ),
        *(other for other in here if _imports(other, owner) and _imports(fact, owner)),
    ]
    return candidates[0] if candidates else None


def _imports(fact: Fact, owner: str) -> bool:
    return fact.kind is Kind.NAME and fact.words.startswith(f"from {owner} import ")


def _subject(fact: Fact) -> str:
    return fact.name.partition(" ")[0]


def _first(facts: Iterable[Fact], *, kind: Kind, name: str | None = None) -> Fact | None:
    return next((fact for fact in facts if fact.kind == kind and name in (None, fact.name)), None)

"""Finds what a learner's copy has in the place of a fact or a file that is missing."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence, Set
from pathlib import PurePosixPath

from codelab.check.facts import Fact, Kind

# Facts that a line of Python states about one called name; the name comes first.
_OF_A_CALL = {Kind.CALL, Kind.TOP_LEVEL_OBJECT, Kind.WITH_BLOCK, Kind.ARGUMENT}
# Facts that a start command states.
START_COMMAND = {Kind.PROGRAM, Kind.PORT, Kind.SERVED_OBJECT, Kind.OPTION, Kind.START_COMMAND}

# What these files say is in one line.
_OF_ONE_LINE = (".python-version", "runtime.txt")

# The similarity from which one of two package names counts as a typing error.
_CLOSE = 0.85
# The same for the keys of a file, of which there are few.
_CLOSE_KEY = 0.75
# Lines that are less alike have nothing to do with each other.
_ALIKE = 0.6


def find_similar_file(file: str, extra: Set[Fact]) -> str | None:
    """Return a file that is probably meant to be this one: in another folder, in other letters, with a suffix more."""
    name = PurePosixPath(file).name.casefold().lstrip(".")
    others = sorted(fact.file for fact in extra if fact.kind is Kind.FILE)
    for other in others:
        found = PurePosixPath(other).name.casefold().lstrip(".")
        if found == name or found.rpartition(".")[0] == name:
            return other
    return None


def find_counterpart(line: Sequence[Fact], copy: Set[Fact], after: Set[Fact]) -> Fact | None:
    """Return what the copy has in the place of a missing line; None if it has nothing like it."""
    found = (_counterpart(fact, copy, copy - after) for fact in line)
    return next((fact for fact in found if fact), None) or _same_words(line[0], copy, after)


def _counterpart(fact: Fact, copy: Set[Fact], extra: Set[Fact]) -> Fact | None:
    """Return what is in the place of a missing fact; `extra` are the facts that the codelab does not have."""
    here = sorted((other for other in copy if other.file == fact.file), key=lambda other: (other.line, other.words))
    strange = [other for other in here if other in extra]
    subject = _subject(fact)
    found: Fact | None = None
    if fact.kind in (Kind.PACKAGE, Kind.VERSION):
        found = _first(here, kind=Kind.PACKAGE, name=subject) or _misspelled(subject, strange)
    elif fact.kind in (Kind.VALUE, Kind.ITEM):
        found = next((other for other in strange if other.kind is fact.kind and _subject(other) == subject), None)
    elif fact.kind is Kind.KEY:
        found = _misspelled_key(fact.name, strange)
    elif fact.kind is Kind.NAME or fact.kind in _OF_A_CALL:
        found = _call_or_name(fact, subject.removesuffix("()"), here, strange)
    elif fact.kind in START_COMMAND:
        found = next((other for other in here if other.kind in START_COMMAND), None)
    elif fact.kind is Kind.REQUIREMENTS_FIRST:
        found = _first(here, kind=Kind.REQUIREMENTS_NOT_FIRST)
    elif fact.kind in (Kind.PROCESS, Kind.BASE_IMAGE) or fact.file in _OF_ONE_LINE:
        found = _first(strange, kind=fact.kind)
    elif fact.kind in (Kind.OUTPUT, Kind.LINE):
        found = _most_alike(fact, [other for other in strange if other.kind is fact.kind])
    return found


def _same_words(fact: Fact, copy: Set[Fact], after: Set[Fact]) -> Fact | None:
    """Return a line of the learner's own that has one of the facts of the missing line."""
    others = {other for other in after if (other.file, other.words) == (fact.file, fact.words)}
    lines = {(other.file, other.words) for other in after}
    found = [other for other in copy if other in others and (other.file, other.words) not in lines]
    return min(found, key=lambda other: (other.line, other.name), default=None)


def _misspelled(package: str, strange: list[Fact]) -> Fact | None:
    packages = {fact.name: fact for fact in strange if fact.kind is Kind.PACKAGE}
    close = difflib.get_close_matches(package, packages, n=1, cutoff=_CLOSE)
    return packages[close[0]] if close else None


def _misspelled_key(path: str, strange: list[Fact]) -> Fact | None:
    """Return the key that is probably meant to be this one, or the misspelled one above it."""
    parts = path.split(".")
    for depth in range(1, len(parts) + 1):
        above, wanted = parts[: depth - 1], parts[depth - 1]
        keys = {
            other.name.split(".")[-1]: other
            for other in strange
            if other.kind is Kind.KEY and other.name.split(".")[:-1] == above
        }
        if close := difflib.get_close_matches(wanted, keys, n=1, cutoff=_CLOSE_KEY):
            return keys[close[0]]
    return None


def _call_or_name(fact: Fact, name: str, here: list[Fact], strange: list[Fact]) -> Fact | None:
    """Return the call in question; or a name that ends alike or has the same owner; or for an import the owner's.

    A name of the same owner counts only in a line that is alike: a package has many.
    """
    owner, _, last = name.rpartition(".")
    names = [other for other in strange if other.kind is Kind.NAME]
    of_owner = [
        other
        for other in names
        if other.name.rpartition(".")[0] == owner
        and ("." in owner or (last[:1].isupper() and other.name.rpartition(".")[2][:1].isupper()))
    ]
    candidates = [
        *(other for other in here if fact.kind in _OF_A_CALL and other.kind is Kind.CALL and other.name == name),
        *(other for other in names if other.name.rpartition(".")[2] == last),
        *filter(None, [_most_alike(fact, of_owner)]),
        *(other for other in here if _imports(other, owner) and _imports(fact, owner)),
    ]
    return candidates[0] if candidates else None


def _most_alike(fact: Fact, others: Iterable[Fact]) -> Fact | None:
    """Return the fact whose line is most like this one's; None if none is alike."""

    def likeness(other: Fact) -> float:
        return difflib.SequenceMatcher(None, other.words, fact.words, False).ratio()

    best = max(others, key=likeness, default=None)
    return best if best is not None and likeness(best) >= _ALIKE else None


def _imports(fact: Fact, owner: str) -> bool:
    return fact.kind is Kind.NAME and fact.words.startswith(f"from {owner} import ")


def _subject(fact: Fact) -> str:
    """Return what a fact is about: its name up to the first space."""
    return fact.name.partition(" ")[0]


def _first(facts: Iterable[Fact], *, kind: Kind, name: str | None = None) -> Fact | None:
    return next((fact for fact in facts if fact.kind is kind and name in (None, fact.name)), None)

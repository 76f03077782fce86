"""Findings: what a step still misses in a learner's copy, one message for each file and line to write or to remove."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import PurePosixPath

from codelab.check.counterparts import START_COMMAND, find_counterpart, find_similar_file
from codelab.check.facts import Fact, Kind

_LONGEST = 2_000
# From here on a person does not see at a glance in what two lines differ.
_BY_EYE = 100
_ALIKE = 0.7
_MOST_MARKS = 3
_WORDS = re.compile(r"\s*(?:[\w.]+=?|[^\w\s])")


@dataclass(frozen=True)
class Finding:
    """Something to change at a line of a file (0: the whole file), so that a step is done.

    A `firm` one is required; for any other the learner may go another way, if the page is the same at the end.
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
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.message}"


@dataclass(frozen=True)
class MissingLine:
    """A line that the codelab has and the copy lacks: its facts, and what the copy has in its place."""

    facts: Sequence[Fact]
    found: Fact | None

    @property
    def file(self) -> str:
        """The file that the line belongs to."""
        return self.facts[0].file

    @property
    def words(self) -> str:
        """The line, as the codelab has it."""
        return self.facts[0].words

    @property
    def firm(self) -> bool:
        """True if something relies on the line."""
        return any(fact.firm for fact in self.facts)

    @property
    def at_top_level(self) -> bool:
        """True if the line has to be at the top level of the file."""
        return self.facts[0].kind is Kind.TOP_LEVEL_OBJECT

    @property
    def is_there(self) -> bool:
        """True if the copy has the same line, which has another meaning there or is not at the top level."""
        return self.found is not None and self.found.words == self.words


def list_findings(
    missing: Set[Fact], leftover: Set[Fact], *, copy: Set[Fact], before: Set[Fact], after: Set[Fact]
) -> list[Finding]:
    """Return one finding for each file and line to write or to remove, files first.

    `missing` are the facts that the step adds and the copy lacks, `leftover` those that the step removes and the copy
    still has. `copy` are all facts of the copy, `before` and `after` those of the codelab around the step.
    """
    absent = {fact.file: find_similar_file(fact.file, copy - after) for fact in missing if fact.kind is Kind.FILE}
    to_move = {file for file in absent.values() if file}
    to_delete = {fact.file for fact in leftover if fact.kind is Kind.FILE} - to_move
    files = [*report_missing_files(absent, leftover), *report_leftover_files(to_delete, before, after)]

    wanted = _without_implied([fact for fact in missing if fact.file not in absent])
    missing_lines = [
        MissingLine(facts, find_counterpart(facts, copy, after))
        for facts in _group_by_line(wanted, before, or_all=not absent)
    ]
    misplaced = [line for line in missing_lines if line.is_there and not line.at_top_level]
    missing_lines = [line for line in missing_lines if line not in misplaced]

    leftover = {fact for fact in leftover if fact.file not in to_move}
    replaced = {(line.file, line.found.words if line.found else "") for line in missing_lines}
    unwanted = [
        fact
        for fact in leftover
        if fact.file not in to_delete
        and (fact.file, fact.words) not in replaced
        and not _is_part_of_another(fact, leftover)
    ]
    leftover_lines = _group_by_line(unwanted, after, or_all=not missing_lines)
    if missing_lines or leftover_lines:
        # Another line, most often an import left in, gives the misplaced ones their meaning: that one is enough.
        misplaced = []
    return [
        *files,
        *report_missing_lines(missing_lines),
        *report_misplaced_lines(misplaced),
        *report_leftover_lines(leftover_lines),
    ]


def report_missing_files(absent: Mapping[str, str | None], leftover: Set[Fact]) -> list[Finding]:
    """Report files to create; the values are files of the copy that are probably meant to be the missing ones."""
    removed = {fact.file for fact in leftover if fact.kind is Kind.FILE}
    found = []
    for file, similar in sorted(absent.items()):
        if similar is None:
            found.append(Finding(file, 0, "this file is missing; create it", firm=True))
        elif PurePosixPath(similar).name != PurePosixPath(file).name:
            found.append(Finding(file, 0, f"this file is missing; rename {similar} to {file}", firm=True))
        elif similar in removed:
            found.append(
                Finding(similar, 0, f"should be gone after this step; move it to {_folder_of(file)}", firm=True)
            )
        else:
            found.append(Finding(file, 0, f"this file is missing; move {similar} to {_folder_of(file)}", firm=True))
    return found


def report_leftover_files(files: Iterable[str], before: Set[Fact], after: Set[Fact]) -> list[Finding]:
    """Report files to delete, and the ones of the step that replace them."""
    new = [fact.file for fact in after - before if fact.kind is Kind.FILE]
    found = []
    for file in sorted(files):
        moved = next((other for other in new if PurePosixPath(other).name == PurePosixPath(file).name), None)
        reason = f", {moved} replaces it" if moved else ""
        found.append(Finding(file, 0, f"should be gone after this step; delete it{reason}", firm=True))
    return found


def report_missing_lines(lines: Iterable[MissingLine]) -> list[Finding]:
    """Report lines to write, each with the line that is in its place."""
    found = []
    lines = list(lines)
    absent: dict[str, list[MissingLine]] = {}
    for line in lines:
        if line.found is None and line.facts[0].kind is Kind.LINE:
            absent.setdefault(line.file, []).append(line)
    for file, missing in absent.items():
        names = ", ".join(f'"{line.words}"' for line in missing)
        firm = any(line.firm for line in missing)
        found.append(Finding(file, 0, f"{names} {'is' if len(missing) == 1 else 'are'} missing", firm))
    for line in lines:
        if line in absent.get(line.file, []):
            continue
        where = " at the top level of the file" if line.at_top_level else ""
        if line.found is None:
            found.append(Finding(line.file, 0, f'"{line.words}" is missing{where}', line.firm))
        elif line.is_there:
            found.append(Finding(line.found.where, line.found.line, f'"{line.words}" should be{where}', line.firm))
        else:
            message = _describe_replaced(line, line.found, where)
            found.append(Finding(line.found.where, line.found.line, message, line.firm))
    return found


def _describe_replaced(line: MissingLine, found: Fact, where: str) -> str:
    key = line.facts[0]
    if key.kind is found.kind is Kind.KEY and key.name.count(".") > found.name.count("."):
        wanted = ".".join(key.name.split(".")[: found.name.count(".") + 1])
        return f'expected the key "{wanted}", found "{found.name}"'
    alike = difflib.SequenceMatcher(None, found.words, line.words, False).quick_ratio() >= _ALIKE
    why = _explain_port(line, found)
    marked = mark_words(found.words, line.words)
    # Of two lines that differ in many places, the marks say less than the lines.
    if max(len(line.words), len(found.words)) <= _BY_EYE or not alike or marked.count("-]") > _MOST_MARKS:
        return f'{why}expected "{line.words}"{where}, found "{found.words}"'
    return f'{why}expected "{line.words}"{where}, found it with a difference: {marked}'


def _explain_port(line: MissingLine, found: Fact) -> str:
    """Return what is wrong with the port of a start command, before a finding; "" if that is not the matter."""
    if found.kind not in START_COMMAND or not any(fact.kind is Kind.PORT for fact in line.facts):
        return ""
    if "$PORT" in found.words or "${PORT" in found.words:
        return "no shell replaces $PORT in the exec form; "
    return "the server listens on a fixed port, and the platform gives the port in $PORT; "


def mark_words(mine: str, wanted: str) -> str:
    """Return how a line differs from the one that is wanted, by its words: [-too much-] {+missing+}."""
    old, new = _WORDS.findall(mine), _WORDS.findall(wanted)
    changes = []
    for tag, start, end, new_start, new_end in difflib.SequenceMatcher(None, old, new, False).get_opcodes():
        if tag != "equal":
            gone, added = "".join(old[start:end]).strip(), "".join(new[new_start:new_end]).strip()
            changes += [f"[-{gone}-]"] if gone else []
            changes += [f"{{+{added}+}}"] if added else []
    return " ".join(changes)


def report_misplaced_lines(lines: Iterable[MissingLine]) -> list[Finding]:
    """Report lines that read as in the codelab and mean something else."""
    return [
        Finding(
            line.found.where if line.found else line.file,
            line.found.line if line.found else 0,
            f'"{line.words}" uses names that mean something else here; check where they come from',
            line.firm,
        )
        for line in lines
    ]


def report_leftover_lines(lines: Iterable[Sequence[Fact]]) -> list[Finding]:
    """Report lines to remove, each given by its facts."""
    found = []
    for facts in lines:
        first = facts[0]
        names = " and ".join(fact.name for fact in facts if fact.kind is Kind.NAME)
        what = f"still uses {names}, which this step removes" if names else "should be gone after this step"
        imported = first.words.startswith(("from ", "import "))
        firm = any(fact.firm or (imported and fact.name.islower()) for fact in facts)
        found.append(Finding(first.where, first.line, f'"{first.words}" {what}', firm))
    return found


def _folder_of(file: str) -> str:
    folder = PurePosixPath(file).parent.as_posix()
    return "the top folder of the app" if folder == "." else f"{folder}/"


def _without_implied(facts: Sequence[Fact]) -> list[Fact]:
    """Leave out the arguments of calls that are missing themselves."""
    called = {fact.name for fact in facts if fact.kind is Kind.CALL}
    return [fact for fact in facts if not (fact.kind is Kind.ARGUMENT and fact.name.partition(" ")[0] in called)]


def _is_part_of_another(fact: Fact, facts: Set[Fact]) -> bool:
    """Return whether a name is part of a package among the facts: with `webapp2`, `webapp2.Route` goes too."""
    return fact.kind is Kind.NAME and any(
        other.kind is Kind.NAME and other.file == fact.file and fact.name.startswith(f"{other.name}.")
        for other in facts
    )


def _group_by_line(facts: Iterable[Fact], other_end: Set[Fact], *, or_all: bool) -> list[list[Fact]]:
    """Return the facts by the line that they are from, in the order of the lines.

    A line that reads the same at the other end of the step has another meaning only because another line changed, an
    import most often: it is left out, unless with `or_all` nothing would be left.
    """
    unchanged = {(fact.file, fact.words) for fact in other_end}
    lines: dict[tuple[str, str, int, str], list[Fact]] = {}
    for fact in sorted(
        facts, key=lambda fact: (fact.file, fact.place, fact.line, not fact.firm, len(fact.name), fact.name)
    ):
        lines.setdefault((fact.file, fact.place, fact.line, fact.words), []).append(fact)
    changed = {key: line for key, line in lines.items() if (key[0], key[3]) not in unchanged}
    kept = changed or (lines if or_all else {})
    return [line for line in kept.values() if not _is_head_of_keys(line, lines.values())]


def _is_head_of_keys(line: Sequence[Fact], lines: Iterable[Sequence[Fact]]) -> bool:
    """Return whether a line is only the key of a mapping whose own keys are among the lines."""
    names = [other.name for facts in lines for other in facts if other.file == line[0].file]
    return all(
        fact.kind is Kind.KEY and any(name.startswith((f"{fact.name}.", f"{fact.name} ")) for name in names)
        for fact in line
    )

"""Works out which steps of a track a folder has done, and what the others still miss."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from codelab.check.addresses import explain_addresses
from codelab.check.alternatives import equivalent_facts, unneeded_leftovers
from codelab.check.deployable import Fault, Folder, find_faults, find_remarks, has_long_time_outs, redis_names
from codelab.check.facts import (
    Fact,
    Kind,
    UnreadableError,
    file_facts,
    is_style,
    is_there,
    marks_a_step,
    names_called_from_outside,
)
from codelab.check.facts.app import MAIN, AppFacts, app_facts, python_files
from codelab.check.findings import Finding, list_findings
from codelab.check.layout import (
    PROJECT,
    PYTHON_VERSION,
    REQUIREMENTS,
    find_included_requirements,
    find_main,
    find_moved_templates,
    read_project_python,
)
from codelab.check.progress import Progress, StepStatus
from codelab.check.services import package_of_service, services_of
from codelab.compare.services import Service
from codelab.readme.course import TrackRef
from codelab.readme.trees import Tree, step_trees

_Facts = frozenset[Fact]
# These do not show that a step has begun, and they are enough to show that its file has.
_MARKS = {Kind.HEADER, Kind.VARIABLE}


@dataclass(frozen=True)
class _Change:
    """The facts of a folder before a step and after it."""

    before: _Facts
    after: _Facts

    @property
    def added(self) -> _Facts:
        """The facts that are new after the step."""
        return self.after - self.before

    @property
    def removed(self) -> _Facts:
        """The facts that the step removes."""
        return self.before - self.after

    def touches(self, file: str) -> bool:
        """Return whether the step changes any fact of this file."""
        return any(fact.file == file for fact in self.added | self.removed)

    def is_solved_somehow(self, copy: _Facts) -> bool:
        """Return whether a copy has something in the place of all that the step does in Python.

        It has begun each file, and it calls each package of a service that the step begins to call.
        """
        called = {package for fact in copy if (package := package_of_service(fact))}
        new = {package for fact in self.added if (package := package_of_service(fact))}
        new -= {package for fact in self.before if (package := package_of_service(fact))}
        files = {fact.file for fact in self.added | self.removed if fact.file.endswith(".py")}
        return new <= called and all(self._has_begun(file, copy) for file in files)

    def _has_begun(self, file: str, copy: _Facts) -> bool:
        added = {fact for fact in self.added if fact.file == file and (marks_a_step(fact) or fact.kind in _MARKS)}
        removed = {fact for fact in self.removed if fact.file == file and marks_a_step(fact) and not is_style(fact)}
        return not (added or removed) or bool(added & copy) or bool(removed - copy)

    def is_replaced(self, copy: _Facts) -> bool:
        """Return whether a copy has left the calls that the step removes, and has new ones of the same services."""
        packages = {package_of_service(fact) for fact in self.added} - {None}
        new = {package_of_service(fact) for fact in copy - self.before}
        return bool(self._calls_left) and not self._calls_left & copy and bool(packages & new)

    @cached_property
    def _calls_left(self) -> _Facts:
        """The calls that the step removes."""
        kinds = (Kind.CALL, Kind.METHOD)
        return frozenset(fact for fact in self.removed if fact.kind in kinds and fact.file.endswith(".py"))

    def kept_calls(self, copy: _Facts) -> _Facts:
        """Return the calls that the step removes and that a copy still has in the very line from before the step."""
        lines = {(fact.file, fact.words) for fact in self._calls_left}
        lines -= {(fact.file, fact.words) for fact in self.after}
        return frozenset(fact for fact in copy if fact in self._calls_left and (fact.file, fact.words) in lines)

    def is_begun(self, copy: _Facts) -> bool:
        """Return whether a copy with these facts has some of the change, by facts that have no other reason."""
        return any(marks_a_step(fact) and is_there(fact, copy) for fact in self.added) or any(
            marks_a_step(fact) and not is_style(fact) and fact not in copy for fact in self.removed
        )


class Checker:
    """Checks folders against the states of a track, by the facts in their files.

    `trees` are START and what it is after each step. Raises ReadmeError if the track's diffs do not apply.
    """

    def __init__(self, ref: TrackRef) -> None:
        self.ref = ref
        # The facts of each file as last read: a page checks often, and usually only one file has changed.
        self._known: dict[str, tuple[str, list[Fact] | UnreadableError]] = {}
        self._known_faults: dict[int, frozenset[tuple[str, str]]] = {}
        self._known_app: tuple[Tree, str, AppFacts] | None = None
        self.trees = step_trees(ref.codelab, ref.track)
        self._called = names_called_from_outside(self.trees, "\n".join(ref.codelab.page.commands))
        states = [self._read(tree)[0] for tree in self.trees]
        self._states = states
        self._services = [services_of(state) for state in states]
        self._folders = [self._folder(tree, state) for tree, state in zip(self.trees, states, strict=True)]
        self._variables = {name for folder in self._folders for name in (*folder.variables_read, *folder.variables_set)}
        self._changes = [_Change(before, after) for before, after in pairwise(states)]

    def progress(self, tree: Tree) -> Progress:
        """Return which steps a folder with these files has done, and what the others miss.

        A later step that is done waives what it removes again of an earlier one: a learner who has replaced a line
        twice need not have it in its first form.
        """
        read, unreadable = self._read(tree)
        copy = read | equivalent_facts(read, frozenset[Fact]().union(*self._states))
        broken = self._broken_files(tree, unreadable)
        statuses: list[StepStatus] = []
        removed_later: _Facts = frozenset()
        added_later: _Facts = frozenset()
        later_is_begun = False
        for step, change in reversed(list(zip(self.ref.track.steps, self._changes, strict=True))):
            wrong = [finding for file, finding in broken.items() if change.touches(file)]
            findings = (*wrong, *_compare(change, copy, broken, removed_later, added_later))
            if not findings:
                removed_later |= change.removed
                added_later |= change.added
            replaced = change.is_replaced(copy)
            begun = bool(wrong) or replaced or change.is_begun(copy)
            style_only = not any(finding.firm for finding in findings)
            # What a learner has left out is enough where a later step is done all the same: the app decides at its end.
            may_be_done = not change.kept_calls(copy)
            is_open = (
                style_only
                and may_be_done
                and (replaced or (begun and change.is_solved_somehow(copy)) or later_is_begun)
            )
            statuses.append(StepStatus(step, findings, begun, is_open))
            later_is_begun = later_is_begun or not findings or (is_open and begun)
        damage = [
            finding for file, finding in broken.items() if not any(change.touches(file) for change in self._changes)
        ]
        progress = Progress(tuple(reversed(statuses)), tuple(damage))
        return self._with_faults(progress, self._folder(tree, read))

    def _with_faults(self, progress: Progress, folder: Folder) -> Progress:
        """Return the progress with the faults of the folder, apart from those that the codelab's own states have."""
        number = progress.claimed
        allowed = frozenset[tuple[str, str]]().union(*(self._faults_of_state(at) for at in (number, number + 1)))
        faults = [fault for fault in self._find_faults(folder, self._folders[number]) if fault.key not in allowed]
        # An app.yaml that is rightly gone sets nothing, and that it should be there is a finding. One that the next
        # step deletes needs nothing any more.
        is_needed = folder.is_app_engine and all(state.is_app_engine for state in self._folders[number : number + 2])
        faults = [fault for fault in faults if fault.key != ("variable", "app.yaml") or is_needed]
        remarks = find_remarks(folder, self._folders[number]) if number else []
        if faults or progress.damage:
            progress = progress.doubt(number)
        return replace(progress, faults=tuple(fault.finding for fault in faults), remarks=tuple(remarks))

    def _faults_of_state(self, number: int) -> frozenset[tuple[str, str]]:
        """Return the keys of the faults that the codelab itself has after this step; none for one behind the last."""
        if number not in self._known_faults:
            states = self._folders[number : number + 1]
            found = frozenset(fault.key for state in states for fault in self._find_faults(state, state))
            self._known_faults[number] = found
        return self._known_faults[number]

    def _find_faults(self, folder: Folder, expected: Folder) -> list[Fault]:
        container = not self._folders[-1].is_app_engine or self._folders[-1].is_container
        return find_faults(folder, expected, known=self._variables, goes_to_container=container)

    def _folder(self, tree: Tree, facts: _Facts) -> Folder:
        app = self._app(tree)
        names = [MAIN, *app.modules, "appengine_config.py"]
        return Folder(tree, facts, tuple(file for file in dict.fromkeys(names) if file in tree))

    def redis_names(self, tree: Tree) -> dict[str, str]:
        """Return the learner's own variables for the address of Redis, each with the part that it holds."""
        return redis_names(self._folder(tree, self._read(tree)[0]))

    def waits_for_redis(self, tree: Tree) -> bool:
        """Return whether the app waits for more than seconds for a Redis that does not answer."""
        return has_long_time_outs(self._folder(tree, self._read(tree)[0]))

    def explain_addresses(self, tree: Tree, number: int) -> str:
        """Return why the app shows wrong addresses after this step; "" if no variable explains it."""
        return explain_addresses(self._folder(tree, self._read(tree)[0]), self._folders[number])

    def services(self, number: int) -> frozenset[Service]:
        """Return the services that the app calls after this step."""
        return self._services[number]

    def services_left(self, number: int) -> frozenset[Service]:
        """Return the services that the app called before, and no longer calls after this step."""
        return frozenset[Service]().union(*self._services[:number]) - self._services[number]

    def _broken_files(self, tree: Tree, unreadable: Mapping[str, UnreadableError]) -> dict[str, Finding]:
        """Return the codelab's files that cannot be read, or that are missing although every state has them."""
        known = {file for state in self.trees for file in state}
        broken = {
            file: Finding(file, error.line, str(error), firm=True)
            for file, error in unreadable.items()
            if file in known
        }
        # A module of the learner's own that main.py imports is a part of main.py.
        for file in self._app(tree).modules:
            if file in unreadable and file not in known:
                broken.setdefault(MAIN, Finding(file, unreadable[file].line, str(unreadable[file]), firm=True))
        there = {*tree, *find_moved_templates(tree, known), *([MAIN] if find_main(tree) in tree else [])}
        for file in sorted(set.intersection(*(set(state) for state in self.trees)) - there):
            broken[file] = Finding(file, 0, "this file is missing", firm=True)
        return broken

    def _read(self, tree: Tree) -> tuple[_Facts, dict[str, UnreadableError]]:
        """Return the facts of a folder, and the files that cannot be read."""
        app = self._app(tree)
        found = list(app.facts)
        unreadable = dict(app.unreadable)
        for file, text in tree.items():
            if file.endswith(".py"):
                continue
            facts = self._facts(file, text)
            if isinstance(facts, UnreadableError):
                found.append(Fact(file, Kind.FILE, "", file, firm=True))
                unreadable[file] = facts
            else:
                found += facts
        found += self._facts_from_elsewhere(tree)
        return frozenset(found), unreadable

    def _facts_from_elsewhere(self, tree: Tree) -> Iterator[Fact]:
        """Yield the facts of the learner's own files that count for a file of the codelab."""
        known = {file for state in self.trees for file in state}
        if version := read_project_python(tree):
            facts = file_facts(PYTHON_VERSION, version, self._called)
            yield from (replace(fact, place=PROJECT, line=0) for fact in facts)
        parts = list(find_moved_templates(tree, known).items())
        parts += [(REQUIREMENTS, other) for other in find_included_requirements(tree)]
        for path, other in parts:
            with suppress(UnreadableError):
                yield from (replace(fact, place=other) for fact in file_facts(path, tree[other], self._called))

    def _app(self, tree: Tree) -> AppFacts:
        """Return the facts of the Python files, which are read once for each content."""
        files = python_files(tree)
        main = find_main(tree)
        if self._known_app is None or self._known_app[:2] != (files, main):
            self._known_app = files, main, app_facts(files, self._called, main)
        return self._known_app[2]

    def _facts(self, file: str, text: str) -> list[Fact] | UnreadableError:
        """Return the facts of a file other than Python, which are read once for each content."""
        known = self._known.get(file)
        if known and known[0] == text and type(known[0]) is type(text):
            return known[1]
        facts: list[Fact] | UnreadableError
        try:
            facts = file_facts(file, text, self._called)
        except UnreadableError as error:
            facts = error
        self._known[file] = text, facts
        return facts


def _compare(
    change: _Change, copy: _Facts, broken: Collection[str], removed_later: _Facts, added_later: _Facts
) -> list[Finding]:
    """Return what the copy misses of a step, apart from broken files and from what a later step that is done undoes."""
    missing = {fact for fact in change.added - removed_later if not is_there(fact, copy)}
    gone = change.removed - added_later
    # From the copy, not by `&`, which may take the equal fact of the codelab with its line.
    leftover = {fact for fact in copy if fact in gone and not is_style(fact)}
    leftover -= unneeded_leftovers(leftover, copy)
    leftover |= change.kept_calls(copy) & gone
    return list_findings(
        {fact for fact in missing if fact.file not in broken},
        {fact for fact in leftover if fact.file not in broken},
        copy=copy,
        before=change.before,
        after=change.after,
    )

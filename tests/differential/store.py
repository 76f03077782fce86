"""Run programs on a Datastore, each step by the client that it names."""

from __future__ import annotations

import itertools
import os
from unittest import mock

from tests.differential import program
from tests.differential.answers import Answer, attempt
from tests.differential.by_datastore import ByDatastore
from tests.differential.by_ndb import ByNdb

_numbers = itertools.count(1)


class ProgramRunner:
    """Runs programs on the Datastore at `address`; each `with` block has an empty project there."""

    def __init__(self, address: str) -> None:
        self._address = address

    def __enter__(self) -> ProgramRunner:
        project = f"differential-{os.getpid()}-{next(_numbers)}"
        with mock.patch.dict(os.environ, DATASTORE_EMULATOR_HOST=self._address):
            self._by = {"datastore": ByDatastore(project), "ndb": ByNdb(project)}
            self._other = ByDatastore(project)
        return self

    def __exit__(self, *_: object) -> None:
        self._by["datastore"].close()
        self._other.close()

    def run(self, step: program.Step) -> Answer:
        """Return the step's answer; an error of the Datastore is the text of its code."""
        if isinstance(step, program.Collide):
            return self._collide(step)
        return self._by[getattr(step, "by", "datastore")].run(step)

    def _collide(self, step: program.Collide) -> Answer:
        earlier, later = self._by["datastore"], self._other
        with earlier.transaction() as first, later.transaction() as second:
            given = [earlier.run(one) for one in step.earlier_reads] + [later.run(one) for one in step.later_reads]
            for one in step.later_writes:
                later.run(one)
            given.append(attempt(second.commit))
            for one in step.earlier_writes:
                earlier.run(one)
            given.append(attempt(first.commit))
        return tuple(given)

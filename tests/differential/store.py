"""A Datastore to run programs on, by whichever client a step names."""

from __future__ import annotations

import itertools
import os
from unittest import mock

from tests.differential import program
from tests.differential.answers import Answer, attempt
from tests.differential.by_datastore import ByDatastore
from tests.differential.by_ndb import ByNdb

_numbers = itertools.count(1)


class Store:
    """The Datastore at `address`; each `with` block sees an empty project of it."""

    def __init__(self, address: str) -> None:
        self._address = address

    def __enter__(self) -> Store:
        project = f"differential-{os.getpid()}-{next(_numbers)}"
        with mock.patch.dict(os.environ, DATASTORE_EMULATOR_HOST=self._address):
            self._by = {"datastore": ByDatastore(project), "ndb": ByNdb(project)}
            self._other = ByDatastore(project)
        return self

    def __exit__(self, *_: object) -> None:
        self._by["datastore"].close()
        self._other.close()

    def run(self, step: program.Step) -> Answer:
        """Return what the step gave, an error of the Datastore as its code."""
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

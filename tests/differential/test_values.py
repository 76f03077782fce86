"""A value of each type, and of each odd sort, beside every other: stored, ordered and compared as by Google's."""

from __future__ import annotations

import datetime
import math

import pytest

from tests.differential.comparison import StorePair
from tests.differential.conftest import EMULATORS
from tests.differential.drawing import EPOCH, FEW_VALUES
from tests.differential.program import Client, Entity, Get, Point, Put, Query, Ref, Where

VALUES = (
    *FEW_VALUES,
    2**63 - 1,
    -(2**63),
    2**53,
    float(2**53),
    math.nextafter(0, 1),
    "a\0",
    "a\0b",
    "\uffff",
    "\U0001f600",
    "z" * 1500,
    b"\x00",
    datetime.datetime(1, 1, 1, tzinfo=datetime.timezone.utc),
    datetime.datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=datetime.timezone.utc),
    EPOCH - datetime.timedelta(microseconds=1),
    Ref(("K", "1")),
    Ref(("K", 1, "A", 1)),
    Point(-0.0, 0.0),
    Point(90.0, -180.0),
)
ALL = Put(tuple(Entity(("K", number), {"p": value}) for number, value in enumerate(VALUES, 1)))
ORDERED = ("p", "__key__")


@pytest.mark.parametrize("by", ["datastore", "ndb"])
def test_each_value_comes_back(pair: StorePair, by: Client) -> None:
    pair.check((Put(ALL.entities, by), *(Get((entity.path,), by) for entity in ALL.entities)))


def test_values_of_all_types_have_one_order(pair: StorePair) -> None:
    pair.check((ALL, Query(order=ORDERED), Query(order=("-p", "__key__")), Query(order=ORDERED, projection=("p",))))


@pytest.mark.parametrize("operator", ["=", "<", "<=", ">", ">="])
def test_each_value_is_compared_with_all(pair: StorePair, operator: str) -> None:
    wheres = [Where("p", operator, value) for value in VALUES]
    pair.check((ALL, *(Query(where=(where,), order=ORDERED, keys_only=True) for where in wheres)))


# Google's Datastore emulator has no such operators.
@pytest.mark.parametrize("pair", [EMULATORS["firestore"]], indirect=True)
@pytest.mark.parametrize("operator", ["!=", "IN", "NOT_IN"])
def test_the_newer_operators_compare_each_value_with_all(pair: StorePair, operator: str) -> None:
    wheres = [Where("p", operator, value if operator == "!=" else [value, 1]) for value in VALUES]
    pair.check((ALL, *(Query(where=(where,), order=ORDERED, keys_only=True) for where in wheres)))

"""Pickles of deferred calls, which are described and not loaded."""

from __future__ import annotations

import collections
import decimal
import os
import pickle

import pytest
from google.appengine.ext import db, ndb
from google.cloud import datastore

from localcloud.effects.pickles import describe_call


class Model:
    def __init__(self) -> None:
        self.name = "x"


class Slotted(tuple[int, ...]):
    pass


def call(*arguments: object, **named: object) -> tuple[object, ...]:
    return os.path.join, arguments, named


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_call_is_described_in_each_protocol(protocol: int) -> None:
    shared = ["again"]
    call_ = call("é", 5, -(2**70), 1.5, None, True, [1, (2, shared)], {"k": {3}, "b": 1}, shared, b=2, a=1)
    assert describe_call(pickle.dumps(call_, protocol)) == (
        f'{os.path.__name__}.join("é", 5, -1180591620717411303424, 1.5, None, True, [1, (2, ["again"])], '
        f'{{"b": 1, "k": {"builtins.set([3])" if protocol < 4 else "{3}"}}}, ["again"], a=1, b=2)'
    )


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_objects_are_described_in_each_protocol(protocol: int) -> None:
    values = [Model(), Slotted((1, 2)), decimal.Decimal("1.5"), collections.OrderedDict(a=1)]
    text = describe_call(pickle.dumps(call(*values), protocol))
    words = ("test_pickles.Model", '{"name": "x"}', "test_pickles.Slotted", 'Decimal("1.5")', "OrderedDict")
    assert text is not None
    assert [word for word in words if word not in text] == []


# What Python 2.7 writes for (f, ("text", u"\xe9", 1L, Old()), {}) with f and the class Old in the module main.
OF_PYTHON2 = {
    0: b"(cmain\nf\np0\n(S'text'\np1\nV\xe9\np2\nL1L\n(imain\nOld\np3\n(dp4\nbtp5\n(dp6\ntp7\n.",
    2: (
        b"\x80\x02cmain\nf\nq\x00(U\x04textq\x01X\x02\x00\x00\x00\xc3\xa9q\x02\x8a\x01\x01"
        b"(cmain\nOld\noq\x03}q\x04btq\x05}q\x06\x87q\x07."
    ),
}


@pytest.mark.parametrize("protocol", OF_PYTHON2)
def test_call_of_python2_is_described(protocol: int) -> None:
    assert describe_call(OF_PYTHON2[protocol]) == 'main.f("text", "é", 1, main.Old() with {})'


# What db and ndb of the legacy SDK write on Python 2.7 for (f, (key,), {}) with the same key, and f in the module main.
KEYS_OF_PYTHON2 = [
    (
        b"\x80\x02cmain\nf\nq\x00cgoogle.appengine.api.datastore_types\nKey\nq\x01)\x81q\x02}q\x03(U\x0f_Key__referenceq\x04"
        b'(cgoogle.appengine.datastore.entity_pb\nReference\nq\x05oq\x06U#j\x06s~demor\x14\x0b\x12\x01A"\x02\xc3\xa9\x0c'
        b"\x0b\x12\x04Wish\x18\xd8\x05\x0c\xa2\x01\x02nsq\x08bU\x04_strq\tNub\x85q\n}q\x0b\x87q\x0c."
    ),
    (
        b"\x80\x02cmain\nf\nq\x00cgoogle.appengine.ext.ndb.key\nKey\nq\x01}q\x02(U\x05pairsq\x03U\x01Aq\x04U\x02\xc3\xa9q\x05\x86"
        b"q\x06U\x04Wishq\x07M\xd8\x02\x86q\x08\x86q\tU\tnamespaceq\nU\x02nsq\x0bU\x03appq\x0cU\x06s~demoq\ru\x85q\x0e\x81"
        b"q\x0f}q\x10(h\x03h\th\nh\x0bh\x0ch\ru\x85q\x11b\x85q\x12}q\x13\x87q\x14."
    ),
]


@pytest.mark.parametrize("data", KEYS_OF_PYTHON2, ids=["db", "ndb"])
def test_key_of_python2_is_described_by_its_path(data: bytes) -> None:
    assert describe_call(data) == 'main.f(Key(A, "é", Wish, 728, namespace="ns"))'


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_keys_of_all_libraries_are_described_alike(protocol: int) -> None:
    path = ("A", "é", "Wish", 728)
    keys = [db.Key.from_path(*path, _app="demo"), ndb.Key(*path, app="demo"), datastore.Key(*path, project="demo")]
    text = describe_call(pickle.dumps(call(*keys), protocol))
    one = 'Key(A, "é", Wish, 728)'
    assert text == f"{os.path.__name__}.join({one}, {one}, {one})"


class Attack:
    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, ("attacked",)


def test_nothing_of_a_pickle_is_carried_out(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    text = describe_call(pickle.dumps(call(Attack())))
    assert text is not None
    assert '.mkdir("attacked")' in text
    assert os.listdir(tmp_path) == []


def make_bomb() -> bytes:
    value: object = "x"
    for _ in range(40):
        value = (value, value)
    return pickle.dumps(call(value))


def make_circle() -> bytes:
    circle: list[object] = []
    circle.append(circle)
    return pickle.dumps(call(circle))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"a=1",
        b"\x80\x02",
        b"0.",
        b"N.",
        b"P5\n.",
        b"g9\n.",
        pickle.dumps("text"),
        pickle.dumps((1, 2)),
        pickle.dumps(call("x"))[:-3],
        pickle.dumps(call("x" * 30_000)),
        make_bomb(),
        make_circle(),
    ],
)
def test_what_is_no_call_or_too_long_is_not_described(data: bytes) -> None:
    assert describe_call(data) is None

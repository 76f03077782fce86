"""Pickles of deferred calls, which are described and not loaded."""

from __future__ import annotations

import collections
import decimal
import os
import pickle

import pytest

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

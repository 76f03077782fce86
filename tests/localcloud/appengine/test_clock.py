"""The clock that tests and tools move."""

import pytest

from localcloud.services.clock import Clock


def test_a_clock_goes_with_its_source():
    times = iter([10.0, 12.5])
    clock = Clock(lambda: next(times))
    assert (clock.now(), clock.now()) == (10.0, 12.5)


def test_an_advanced_clock_is_ahead_by_as_much():
    clock = Clock(lambda: 10.0)
    clock.advance(3600)
    clock.advance(1)
    assert clock.now() == 3611.0


def test_a_clock_does_not_go_back():
    with pytest.raises(ValueError, match="moves forward only"):
        Clock().advance(-1)

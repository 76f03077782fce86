"""The clock that tests and tools move."""

import pytest

from localcloud.services.clock import Clock


def test_clock_follows_its_source():
    times = iter([10.0, 12.5])
    clock = Clock(lambda: next(times))
    assert (clock.now(), clock.now()) == (10.0, 12.5)


def test_advanced_clock_is_ahead_of_its_source():
    clock = Clock(lambda: 10.0)
    clock.advance(3600)
    clock.advance(1)
    assert clock.now() == 3611.0


def test_negative_advance_is_refused():
    with pytest.raises(ValueError, match="moves forward only"):
        Clock().advance(-1)

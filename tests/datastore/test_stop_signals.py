"""Stop signals: they end a command whatever it is doing."""

from __future__ import annotations

import signal

import pytest

from datastore_emulator.stopping import Stopped, stop_signals, wait_for_stop


class Finalizer:
    """An object whose finalizer runs when a stop signal comes."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGTERM)


def test_signal_during_a_finalizer_is_not_lost() -> None:
    with stop_signals():
        finalizer = Finalizer()
        del finalizer  # Python drops what this raises
        with pytest.raises(Stopped):
            wait_for_stop()

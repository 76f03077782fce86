"""Events of behaviours, carried out on an app and its cloud."""

from __future__ import annotations

from typing import cast

from localcloud.app import App
from localcloud.cloud import Cloud
from localcloud.compare.world.events import CloudTarget, overwrite


class FakeCloud:
    """A cloud whose caches hold two values."""

    def __init__(self, done: list[str]) -> None:
        self._done = done

    def overwrite_caches(self, value: bytes, flags: int) -> int:
        self._done.append(f"{value!r} written")
        return 2


def test_what_an_event_writes_is_not_taken_for_the_apps() -> None:
    done: list[str] = []
    target = CloudTarget(cast(Cloud, FakeCloud(done)), cast(App, None), lambda: done.append("forgotten"))

    overwrite(b"x", 0).act(target)

    assert done == ["b'x' written", "forgotten"]

"""A cloud whose app is one static file: it starts no process, and tests make the calls of an app themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud.cloud import Cloud
from tests.localcloud.effects.watched import Watched, fill_folder


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    """An app that has done nothing."""
    with Cloud() as cloud:
        watched = Watched(cloud, cloud.add(fill_folder(tmp_path)))
        watched.watch.begin()
        yield watched

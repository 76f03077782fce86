"""What a cloud's apps do when they end before they have begun."""

from __future__ import annotations

from pathlib import Path

import pytest

from localcloud.cloud import Cloud
from localcloud.errors import LocalCloudError

ROOT = Path(__file__).parents[2]


def test_an_app_that_was_ended_starts_no_more() -> None:
    # As when Ctrl-C closes the cloud while a thread is about to start the app's process.
    with Cloud() as cloud:
        app = cloud.add(ROOT / "mod5-buildpacks" / "START")
        app.stop()
        with pytest.raises(LocalCloudError, match="mod5-buildpacks/START: stopped before it was started"):
            app.start()
        assert app.returncode is None

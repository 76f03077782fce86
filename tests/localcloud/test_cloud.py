"""What a cloud's apps do when they end before they have begun."""

from __future__ import annotations

from pathlib import Path

import httpx
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


def test_nobody_waits_for_an_app_that_has_ended(tmp_path: Path) -> None:
    # The server listens, and ends when its worker finds no app.
    (tmp_path / "main.py").write_text("")
    (tmp_path / "requirements.txt").write_text((ROOT / "mod5-buildpacks" / "START" / "requirements.txt").read_text())
    (tmp_path / "app.yaml").write_text("runtime: python314\nentrypoint: gunicorn -b :$PORT main:app\n")
    with Cloud() as cloud:
        app = cloud.add(tmp_path)
        app.start()
        # Less than the front end's patience with an app that is starting.
        answer = httpx.get(app.url, timeout=10)
        assert answer.status_code in (502, 503)  # broken off by the server's end, or after it

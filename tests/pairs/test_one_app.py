"""one-app gives the same output on App Engine, on Cloud Run and as a Cloud Run function, unchanged."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from codelab.compare.local_backend import FAR_FROM_UTC, LocalBackend, fresh_app
from codelab.compare.scenario import Scenario, select
from codelab.compare.scenarios import SCENARIOS, restart_between_visits
from localcloud import Cloud
from tests.support.course import FUNCTION, ROOT

PLATFORMS = ("appengine", "cloudrun", "functions")
pytestmark = [pytest.mark.app, pytest.mark.xdist_group("one-app")]


@pytest.fixture(scope="module")
def launched() -> Iterator[list[LocalBackend]]:
    """The folder on each of the three platforms, on one cloud."""
    with Cloud() as cloud:
        apps = [
            cloud.add(ROOT / "one-app", name=platform, platform=platform, function=FUNCTION, environment=FAR_FROM_UTC)
            for platform in PLATFORMS
        ]
        cloud.start()
        yield [LocalBackend(cloud, app) for app in apps]


@pytest.mark.parametrize(
    "scenario",
    # The other modules' pairs restart this client of the Datastore, with both frameworks.
    [one for one in select(SCENARIOS) if one is not restart_between_visits],
    ids=lambda scenario: scenario.name,
)
def test_three_platforms_give_the_same_output(launched: list[LocalBackend], scenario: Scenario) -> None:
    transcripts = []
    for backend in launched:
        with fresh_app(backend, None) as app:
            scenario(app)
            transcripts.append(app.transcript)
    assert transcripts[0] == transcripts[1] == transcripts[2]


def test_each_platform_starts_its_own_server(launched: list[LocalBackend]) -> None:
    assert [backend.app.plan.command[-1].removeprefix("exec ").split()[0] for backend in launched] == [
        "gunicorn",
        "gunicorn",
        "functions-framework",
    ]
    assert [backend.app.plan.source.name for backend in launched] == ["app.yaml", "Procfile", "main.py"]

"""one-app gives the same output on App Engine, on Cloud Run and as a Cloud Run function, unchanged."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from codelab.compare.local_cloud import FAR_FROM_UTC, LocalWorld, fresh_side
from codelab.compare.scenarios import SCENARIOS, Scenario
from localcloud import App, Cloud
from tests.pairs.course import FUNCTION, ROOT

PLATFORMS = ("appengine", "cloudrun", "functions")
pytestmark = pytest.mark.xdist_group("one-app")


@pytest.fixture(scope="module")
def launched() -> Iterator[list[tuple[App, LocalWorld]]]:
    """The folder on each of the three platforms, on one cloud."""
    with Cloud() as cloud:
        apps = [
            cloud.add(ROOT / "one-app", name=platform, platform=platform, function=FUNCTION, environment=FAR_FROM_UTC)
            for platform in PLATFORMS
        ]
        cloud.start()
        yield [(app, LocalWorld(cloud, app)) for app in apps]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_three_platforms_give_the_same_output(launched: list[tuple[App, LocalWorld]], scenario: Scenario) -> None:
    transcripts = []
    for app, world in launched:
        with fresh_side(app.name, app, world, None) as side:
            scenario(side)
            transcripts.append(side.transcript)
    assert transcripts[0] == transcripts[1] == transcripts[2]


def test_each_platform_starts_it_its_own_way(launched: list[tuple[App, LocalWorld]]) -> None:
    assert [app.plan.command[-1].removeprefix("exec ").split()[0] for app, _ in launched] == [
        "gunicorn",
        "gunicorn",
        "functions-framework",
    ]
    assert [app.plan.source.name for app, _ in launched] == ["app.yaml", "Procfile", "main.py"]

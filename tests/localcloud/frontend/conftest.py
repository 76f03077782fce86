"""One app and a front end of each platform before it, shared by the tests of a module."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud.frontend import FrontEnd
from localcloud.launch.plan import Platform
from tests.localcloud.frontend.frontend_ends import App

APP_ENGINE = [Platform.APP_ENGINE, Platform.APP_ENGINE_PYTHON27]
CLOUD_RUN = [Platform.CLOUD_RUN, Platform.FUNCTIONS]
PROXIES = [Platform.APP_ENGINE, *CLOUD_RUN]


@pytest.fixture
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """At the end of the test, nothing has been logged as an error: asyncio logs what a task did not expect."""
    caplog.set_level(logging.WARNING)
    yield
    gc.collect()
    assert [record.getMessage() for record in caplog.records] == []


@pytest.fixture(scope="module")
def app() -> Iterator[App]:
    with App() as app:
        yield app


@pytest.fixture(scope="module")
def front_ends(app: App, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Platform, FrontEnd]]:
    directory = tmp_path_factory.mktemp("app")
    started = {
        platform: FrontEnd(platform, app.address, directory=directory, extra_headers={"X-Appengine-Api-Ticket": "t1"})
        for platform in Platform
    }
    for front_end in started.values():
        front_end.start()
    yield started
    for front_end in started.values():
        front_end.stop()


@pytest.fixture(params=Platform, ids=lambda platform: platform.name)
def any_front_end(front_ends: dict[Platform, FrontEnd], request: pytest.FixtureRequest) -> FrontEnd:
    return front_ends[request.param]


@pytest.fixture(params=APP_ENGINE, ids=lambda platform: platform.name)
def app_engine(front_ends: dict[Platform, FrontEnd], request: pytest.FixtureRequest) -> FrontEnd:
    return front_ends[request.param]


@pytest.fixture
def python3(front_ends: dict[Platform, FrontEnd]) -> FrontEnd:
    """App Engine's Python 3 runtimes."""
    return front_ends[Platform.APP_ENGINE]


@pytest.fixture
def python27(front_ends: dict[Platform, FrontEnd]) -> FrontEnd:
    return front_ends[Platform.APP_ENGINE_PYTHON27]


@pytest.fixture(params=PROXIES, ids=lambda platform: platform.name)
def proxying(front_ends: dict[Platform, FrontEnd], request: pytest.FixtureRequest) -> FrontEnd:
    """A platform that sends headers about proxies."""
    return front_ends[request.param]


@pytest.fixture(params=CLOUD_RUN, ids=lambda platform: platform.name)
def load_balanced(app: App, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[FrontEnd]:
    front_end = FrontEnd(request.param, app.address, directory=tmp_path, behind_load_balancer=True)
    front_end.start()
    yield front_end
    front_end.stop()


@pytest.fixture(params=CLOUD_RUN, ids=lambda platform: platform.name)
def cloud_run(front_ends: dict[Platform, FrontEnd], request: pytest.FixtureRequest) -> FrontEnd:
    return front_ends[request.param]


@pytest.fixture
def front_end(front_ends: dict[Platform, FrontEnd]) -> FrontEnd:
    """For what does not depend on the platform."""
    return front_ends[Platform.CLOUD_RUN]

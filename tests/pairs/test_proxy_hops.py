"""Deployed as the texts say, the samples show the visitor's own address; with another platform's count they do not.

Each app is started once. Then the front end of each platform is put before it in turn.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from codelab.compare.scenarios import MANY_ADDRESSES, Visitor
from codelab.compare.visitor import Browser
from localcloud import App, Cloud
from localcloud.frontend import FrontEnd
from localcloud.frontend.headers import APP_ENGINE_HOP, LOAD_BALANCER
from localcloud.launch.plan import Platform
from tests.pairs.course import FUNCTION, ROOT

VISITOR = "127.0.0.2"
CLOUD_RUN_PEER = "127.0.0.254"
FORGED = "203.0.113.9"
# The last claim counts where one entry too many is believed.
FORGERIES = (
    ((b"X-Forwarded-For", FORGED.encode()),),
    ((b"X-Forwarded-For", b"198.51.100.1, " + FORGED.encode()),),
    ((b"X-Forwarded-For", b"198.51.100.1"), (b"X-Forwarded-For", FORGED.encode())),
)

COUNTS_TWO = [
    (folder, "appengine")
    for folder in (
        "mod2-cloudndb/FINISH-py3",
        "mod4-cloudrun/START",
        "mod5-buildpacks/START",
        "mod11-functions/START",
        "mod13-memorystore/FINISH-py3",
        "one-app",
    )
]
COUNTS_ONE = [
    ("mod4-cloudrun/FINISH", "cloudrun"),
    ("mod4-cloudrun/FINISH-py2", "cloudrun"),
    ("mod5-buildpacks/FINISH", "cloudrun"),
    ("mod13-memorystore/FINISH-py3", "cloudrun"),
    ("one-app", "cloudrun"),
    ("mod11-functions/FINISH", "functions"),
    ("one-app", "functions"),
]
READS_USER_IP = [("mod1-flask/FINISH-py3", "appengine"), ("mod12-memcache/FINISH-py3", "appengine")]

pytestmark = pytest.mark.skipif(
    not MANY_ADDRESSES, reason="only Linux lets a visitor and the proxy have addresses of their own"
)


@contextmanager
def running(folder: str, platform: str, **environment: str) -> Iterator[App]:
    """Start a folder as it is deployed."""
    with Cloud() as cloud:
        app = cloud.add(ROOT / folder, platform=platform, function=FUNCTION, environment=environment)
        cloud.start()
        yield app


def shown(app: App, platform: Platform, *, forged: bool, behind_load_balancer: bool = False) -> set[str]:
    """Return the addresses that the app shows for a visitor who comes through the front end of this platform."""
    front_end = FrontEnd(
        platform, app.upstream, directory=app.plan.directory, behind_load_balancer=behind_load_balancer
    )
    front_end.start()
    try:
        with closing(Browser(front_end.url)) as browser:
            answers = [
                browser.request(Visitor(b"probe %d" % number, VISITOR, headers))
                for number, headers in enumerate(FORGERIES if forged else ((),))
            ]
    finally:
        front_end.stop()
    return {answer.listed[0].partition(": ")[0] for answer in answers}


@pytest.mark.parametrize(("folder", "platform"), COUNTS_TWO)
def test_a_count_of_two_is_right_on_app_engine_and_forgeable_on_cloud_run(folder: str, platform: str) -> None:
    with running(folder, platform) as app:
        for forged in (False, True):
            assert shown(app, Platform.APP_ENGINE, forged=forged) == {VISITOR}
            assert shown(app, Platform.CLOUD_RUN, forged=forged, behind_load_balancer=True) == {VISITOR}
        assert shown(app, Platform.CLOUD_RUN, forged=True) == {FORGED}


@pytest.mark.parametrize(("folder", "platform"), COUNTS_ONE)
def test_a_count_of_one_is_right_on_cloud_run_and_shows_proxies_elsewhere(folder: str, platform: str) -> None:
    with running(folder, platform) as app:
        for forged in (False, True):
            assert shown(app, app.plan.platform, forged=forged) == {VISITOR}
            assert shown(app, Platform.APP_ENGINE, forged=forged) == {APP_ENGINE_HOP}
            assert shown(app, Platform.CLOUD_RUN, forged=forged, behind_load_balancer=True) == {LOAD_BALANCER}


@pytest.mark.parametrize(("folder", "platform"), READS_USER_IP)
def test_bundled_services_need_no_count(folder: str, platform: str) -> None:
    with running(folder, platform) as app:
        for forged in (False, True):
            assert shown(app, Platform.APP_ENGINE, forged=forged) == {VISITOR}


@pytest.mark.parametrize("folder", ["mod11-functions/FINISH", "one-app"])
def test_a_function_that_counts_no_entry_believes_no_entry(folder: str) -> None:
    with running(folder, "functions", PROXY_HOPS="0") as app:
        assert shown(app, Platform.FUNCTIONS, forged=True) == {CLOUD_RUN_PEER}


@pytest.mark.parametrize("folder", ["mod11-functions/FINISH", "one-app"])
def test_a_function_that_counts_more_entries_than_there_are_believes_none(folder: str) -> None:
    with running(folder, "functions", PROXY_HOPS="4") as app:
        assert shown(app, Platform.FUNCTIONS, forged=False) == {CLOUD_RUN_PEER}

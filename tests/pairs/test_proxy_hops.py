"""Deployed as the READMEs say, the samples show the visitor's own address; with another platform's PROXY_HOPS not.

Each app is started once, and the front end of each platform is put before it in turn.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from codelab.compare.scenarios import MANY_ADDRESSES
from codelab.compare.visitor import Browser, Visitor
from localcloud import App, Cloud
from localcloud.frontend import FrontEnd
from localcloud.frontend.headers import APP_ENGINE_HOP, LOAD_BALANCER
from localcloud.launch.plan import Platform
from tests.support.course import FOLDERS, FUNCTION, ROOT

VISITOR = "127.0.0.2"
CLOUD_RUN_PEER = "127.0.0.254"
FORGED = "203.0.113.9"
# Where the app counts one hop too many, the last of these forged addresses shows.
FORGERIES = (
    ((b"X-Forwarded-For", FORGED.encode()),),
    ((b"X-Forwarded-For", b"198.51.100.1, " + FORGED.encode()),),
    ((b"X-Forwarded-For", b"198.51.100.1"), (b"X-Forwarded-For", FORGED.encode())),
)

# A copy of another folder adds nothing.
COUNTING = [folder for folder in FOLDERS.values() if folder.counts_proxies and not folder.copy_of]
COUNTS_TWO = [*(folder.name for folder in COUNTING if "app-engine" in folder.platforms), "one-app"]
COUNTS_ONE = [
    *((folder.name, "cloudrun") for folder in COUNTING if {"docker", "buildpacks"} & {*folder.platforms}),
    *((folder.name, "functions") for folder in FOLDERS.values() if "functions" in folder.platforms),
    ("one-app", "cloudrun"),
    ("one-app", "functions"),
]
# With the bundled services the address comes from App Engine's own header.
READS_USER_IP = [
    folder.name
    for folder in FOLDERS.values()
    if folder.platforms == ("app-engine",) and not folder.counts_proxies and not folder.copy_of
]

pytestmark = [
    pytest.mark.app,
    pytest.mark.skipif(
        not MANY_ADDRESSES, reason="only Linux lets a visitor and the proxy have addresses of their own"
    ),
]


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


@pytest.mark.parametrize("folder", COUNTS_TWO)
def test_two_hops_are_right_on_app_engine_and_forgeable_on_cloud_run(folder: str) -> None:
    with running(folder, "appengine") as app:
        for forged in (False, True):
            assert shown(app, Platform.APP_ENGINE, forged=forged) == {VISITOR}
            assert shown(app, Platform.CLOUD_RUN, forged=forged, behind_load_balancer=True) == {VISITOR}
        assert shown(app, Platform.CLOUD_RUN, forged=True) == {FORGED}


@pytest.mark.parametrize(("folder", "platform"), COUNTS_ONE)
def test_one_hop_is_right_on_cloud_run_and_shows_proxies_elsewhere(folder: str, platform: str) -> None:
    with running(folder, platform) as app:
        for forged in (False, True):
            assert shown(app, app.plan.platform, forged=forged) == {VISITOR}
            assert shown(app, Platform.APP_ENGINE, forged=forged) == {APP_ENGINE_HOP}
            assert shown(app, Platform.CLOUD_RUN, forged=forged, behind_load_balancer=True) == {LOAD_BALANCER}


@pytest.mark.parametrize("folder", READS_USER_IP)
def test_bundled_services_need_no_number_of_hops(folder: str) -> None:
    with running(folder, "appengine") as app:
        for forged in (False, True):
            assert shown(app, Platform.APP_ENGINE, forged=forged) == {VISITOR}


@pytest.mark.parametrize("folder", ["mod11-functions/FINISH", "one-app"])
def test_function_with_no_hops_ignores_the_header(folder: str) -> None:
    with running(folder, "functions", PROXY_HOPS="0") as app:
        assert shown(app, Platform.FUNCTIONS, forged=True) == {CLOUD_RUN_PEER}


@pytest.mark.parametrize("folder", ["mod11-functions/FINISH", "one-app"])
def test_function_with_more_hops_than_entries_ignores_the_header(folder: str) -> None:
    with running(folder, "functions", PROXY_HOPS="4") as app:
        assert shown(app, Platform.FUNCTIONS, forged=False) == {CLOUD_RUN_PEER}

"""A lane whose real component is broken fails a scenario, so it does use that component."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import pytest
from google.api_core.exceptions import GoogleAPICallError

from codelab.compare import scenarios
from codelab.compare.scenario import Scenario
from datastore_emulator.errors import UserError
from localcloud.services.memorystore import Memorystore
from tests.support.apps import fresh, run_folders
from tests.support.course import ROOT
from tests.support.lanes import LANES, setups
from tests.support.lanes.setups import Setup


@contextmanager
def redis_without_its_password_in_the_apps() -> Iterator[Setup]:
    with setups.redis_server() as setup, mock.patch.object(Memorystore, "variables", {}):
        yield setup


def datastore_with_late_queries() -> AbstractContextManager[Setup]:
    return setups.google_emulator(consistency=0.0)


def firestore_in_native_mode() -> AbstractContextManager[Setup]:
    return setups.firestore_emulator(mode="firestore-native")


@dataclass(frozen=True)
class Broken:
    """A lane's setup with a broken component, and the scenario that must fail with it.

    Or a folder with a mistake that this lane alone notices: in `file`, `found` becomes `put`.
    """

    lane: str
    setup: Callable[[], AbstractContextManager[Setup]]
    folder: str
    scenario: Scenario
    found: str = ""
    put: str = ""
    file: str = "main.py"


BROKEN = [
    Broken(
        "python27",
        setups.python27,
        "mod1-flask/FINISH",
        scenarios.first_visit_to_an_empty_store,
        found="'%s: %s' % (remote_addr, user_agent)",
        put="f'{remote_addr}: {user_agent}'",
    ),
    Broken(
        "redis-server",
        redis_without_its_password_in_the_apps,
        "mod13-memorystore/FINISH-py3",
        scenarios.the_same_visitor_thrice,
    ),
    Broken("google-emulator", datastore_with_late_queries, "mod4-cloudrun/FINISH", scenarios.twelve_visitors),
    Broken("firestore-emulator", firestore_in_native_mode, "mod4-cloudrun/FINISH", scenarios.twelve_visitors),
    Broken(
        "containers",
        setups.containers,
        "mod4-cloudrun/FINISH",
        scenarios.first_visit_to_an_empty_store,
        found="Dockerfile\n",
        put="Dockerfile\ntemplates\n",
        file=".dockerignore",
    ),
]


@pytest.mark.app
@pytest.mark.parametrize(
    "broken", [pytest.param(broken, id=broken.lane, marks=pytest.mark.lane(broken.lane)) for broken in BROKEN]
)
def test_lane_fails_when_its_real_component_is_broken(broken: Broken, tmp_path: Path) -> None:
    copy = shutil.copytree(ROOT / broken.folder, tmp_path / "FINISH")
    file = copy / broken.file
    text = file.read_text()
    assert broken.found in text, f"{broken.folder}/{broken.file} has changed: adapt this test"
    file.write_text(text.replace(broken.found, broken.put))
    with (
        broken.setup() as setup,
        run_folders({broken.folder: copy}, setup) as backends,
        pytest.raises((AssertionError, UserError, GoogleAPICallError)),
        fresh(backends[broken.folder]) as app,
    ):
        broken.scenario(app)


@pytest.mark.parametrize("lane", [lane.name for lane in LANES if lane.setup and lane.name != "python3"])
def test_lane_has_a_broken_component(lane: str) -> None:
    broken = [one for one in BROKEN if one.lane == lane]
    assert broken, f"{lane}: nothing shows that the lane uses its component; add a case to BROKEN"

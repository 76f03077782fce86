"""The lanes themselves are tested: with what is genuine in one broken, a scenario must fail there."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import pytest
from google.api_core.exceptions import GoogleAPICallError

from codelab.compare import lanes, scenarios
from codelab.compare.local_cloud import local_sides
from datastore_emulator.errors import UserError
from localcloud.services.memorystore import Memorystore
from tests.lanes import BY_NAME, not_run
from tests.pairs.conftest import fresh
from tests.pairs.course import FUNCTION, ROOT


@contextmanager
def a_password_that_no_app_is_told() -> Iterator[lanes.Surroundings]:
    with lanes.redis_server() as world, mock.patch.object(Memorystore, "variables", {}):
        yield world


def queries_that_are_behind() -> AbstractContextManager[lanes.Surroundings]:
    return lanes.google_emulator(consistency=0.0)


def firestore_in_its_native_mode() -> AbstractContextManager[lanes.Surroundings]:
    return lanes.firestore_emulator(mode="firestore-native")


@dataclass(frozen=True)
class Broken:
    """A lane's world that is not what it has to be, and the scenario that must fail in it.

    Or a folder that is wrong in what this lane alone takes as it is: in a file `found` becomes `put`.
    """

    lane: str
    world: Callable[[], AbstractContextManager[lanes.Surroundings]]
    folder: str
    scenario: scenarios.Scenario
    found: str = ""
    put: str = ""
    file: str = "main.py"


BROKEN = [
    Broken(
        "python27",
        lanes.python27,
        "mod1-flask/FINISH",
        scenarios.first_visit_to_an_empty_store,
        found="'%s: %s' % (remote_addr, user_agent)",
        put="f'{remote_addr}: {user_agent}'",
    ),
    Broken(
        "redis-server",
        a_password_that_no_app_is_told,
        "mod13-memorystore/FINISH-py3",
        scenarios.the_same_visitor_thrice,
    ),
    Broken("google-emulator", queries_that_are_behind, "mod4-cloudrun/FINISH", scenarios.twelve_visitors),
    Broken("firestore-emulator", firestore_in_its_native_mode, "mod4-cloudrun/FINISH", scenarios.twelve_visitors),
    Broken(
        "containers",
        lanes.containers,
        "mod4-cloudrun/FINISH",
        scenarios.first_visit_to_an_empty_store,
        found="Dockerfile\n",
        put="Dockerfile\ntemplates\n",
        file=".dockerignore",
    ),
]


@pytest.mark.parametrize(
    "broken", [pytest.param(broken, id=broken.lane, marks=pytest.mark.lane(broken.lane)) for broken in BROKEN]
)
def test_a_lane_fails_when_what_is_genuine_in_it_is_broken(broken: Broken, tmp_path: Path) -> None:
    if reason := not_run(BY_NAME[broken.lane]):
        pytest.skip(reason)
    copy = shutil.copytree(ROOT / broken.folder, tmp_path / "FINISH")
    file = copy / broken.file
    text = file.read_text()
    assert broken.found in text, f"{broken.folder}/{broken.file} has changed: adapt this test"
    file.write_text(text.replace(broken.found, broken.put))
    with (
        broken.world() as world,
        local_sides({broken.folder: copy}, FUNCTION, world) as sides,
        pytest.raises((AssertionError, UserError, GoogleAPICallError)),
        fresh(broken.folder, *sides[broken.folder]) as side,
    ):
        broken.scenario(side)

"""A Datastore that accepts connections and does not answer costs a visitor a 500, and no thread hangs."""

from __future__ import annotations

from contextlib import closing

import pytest

from codelab.compare.scenarios import ANN, BOB
from codelab.compare.visitor import Browser
from datastore_emulator.net.addresses import read_server
from localcloud import Cloud
from tests.support.course import FUNCTION, ROOT
from tests.support.relays import StallingRelay

pytestmark = pytest.mark.app

# One folder for each client library and server.
FOLDERS = ["mod2-cloudndb/FINISH", "mod2-cloudndb/FINISH-py3", "mod4-cloudrun/FINISH", "mod11-functions/FINISH"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_app_recovers_from_stalled_datastore(folder: str) -> None:
    with Cloud() as cloud:
        relay = StallingRelay(read_server(cloud.datastore.address, "the Datastore"))
        relay.start()
        app = cloud.add(ROOT / folder, function=FUNCTION, environment={"DATASTORE_EMULATOR_HOST": relay.address})
        try:
            cloud.start()
            with closing(Browser(app.url)) as browser:
                assert browser.request(ANN).status == 200
                relay.stall()
                assert browser.request(BOB).status == 500
                relay.resume()
                assert browser.request(ANN).status == 200
        finally:
            relay.stop()

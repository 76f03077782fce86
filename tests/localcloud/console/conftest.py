"""A cloud with a console, without an app."""

from __future__ import annotations

from collections.abc import Iterator
from unittest import mock

import pytest
from google.cloud import datastore

from localcloud import Cloud
from localcloud.console import Console
from tests.localcloud.console.pages import Pages


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with Cloud() as cloud:
        yield cloud


@pytest.fixture(scope="module")
def pages(cloud: Cloud) -> Iterator[Pages]:
    with Console(cloud) as console:
        console.start()
        pages = Pages(console.url)
        yield pages
        pages.client.close()


@pytest.fixture(scope="module")
def client(cloud: Cloud) -> datastore.Client:
    with mock.patch.dict("os.environ", DATASTORE_EMULATOR_HOST=cloud.datastore.address):
        return datastore.Client(project="demo")

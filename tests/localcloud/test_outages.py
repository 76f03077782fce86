"""Each service can be taken away by itself, and comes back where it was."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import redis

from datastore_emulator.api.grpc_server import DatastoreServer
from datastore_emulator.engine import Engine
from datastore_emulator.errors import UserError
from datastore_emulator.net.addresses import read_address
from localcloud import App, Cloud
from localcloud.services import Memorystore
from tests.support.deadline import DEADLINE

APP_YAML = "runtime: python314\napp_engine_apis: true\nentrypoint: gunicorn -b :$PORT --threads 4 main:app\n"
REQUIREMENTS = "appengine-python-standard==3.1.0\ngunicorn==27.0.1\n"
# Says what each of the bundled services answers: a number, or the class of the error.
MAIN = """
from google.appengine.api import memcache, wrap_wsgi_app
from google.appengine.ext import ndb

class Visit(ndb.Model):
    _use_cache = _use_memcache = False

def count_visits():
    Visit(id='one').put()
    return Visit.query().count()

def answer(environ, start_response):
    call = {'/datastore': count_visits, '/memcache': lambda: memcache.incr('n', initial_value=0)}[environ['PATH_INFO']]
    try:
        text = str(call())
    except Exception as error:
        text = type(error).__name__
    start_response('200 OK', [])
    return [text.encode()]

app = wrap_wsgi_app(answer)
"""


@pytest.fixture(scope="module")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Cloud, Callable[[str], str]]]:
    """A cloud with an App Engine app, and a function that returns what one of its services answers."""
    folder = tmp_path_factory.mktemp("app")
    for name, text in (("app.yaml", APP_YAML), ("requirements.txt", REQUIREMENTS), ("main.py", MAIN)):
        (folder / name).write_text(text)
    with Cloud() as cloud:
        app = cloud.add(folder)
        cloud.start()
        yield cloud, lambda service: _get(app, service)


def _get(app: App, path: str) -> str:
    return httpx.get(f"{app.url}/{path}".replace("localhost", "127.0.0.1"), timeout=DEADLINE).text


@pytest.mark.app
def test_datastore_outage_gives_bundled_client_a_timeout(bundled: tuple[Cloud, Callable[[str], str]]) -> None:
    cloud, get = bundled
    assert get("datastore") == "1"
    with cloud.datastore.outage():
        assert get("datastore") == "Timeout"
    assert get("datastore") == "1"


@pytest.mark.app
def test_datastore_outage_leaves_memcache(bundled: tuple[Cloud, Callable[[str], str]]) -> None:
    cloud, get = bundled
    before = int(get("memcache"))
    with cloud.datastore.outage():
        assert get("memcache") == str(before + 1)
    assert get("memcache") == str(before + 2)


@pytest.mark.app
def test_memcache_outage_empties_it_and_leaves_datastore(bundled: tuple[Cloud, Callable[[str], str]]) -> None:
    cloud, get = bundled
    get("memcache")
    with cloud.memcache.outage():
        assert get("memcache") == "None"
        assert get("datastore") == "1"
    assert get("memcache") == "1"


def test_datastore_keeps_its_port_during_an_outage() -> None:
    with Cloud() as cloud:
        _, port = address = read_address(cloud.datastore.address, "the Datastore")
        with cloud.datastore.outage():
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(address, timeout=DEADLINE)
            with socket.socket() as other, pytest.raises(OSError, match="in use"):
                other.bind(("127.0.0.1", port))
        socket.create_connection(address, timeout=DEADLINE).close()


def test_datastore_is_back_after_an_error_in_the_block() -> None:
    with Cloud() as cloud:
        with pytest.raises(KeyError), cloud.datastore.outage():
            raise KeyError
        socket.create_connection(read_address(cloud.datastore.address, "the Datastore"), timeout=DEADLINE).close()


@pytest.fixture
def other_datastore() -> Iterator[DatastoreServer]:
    """A Datastore that the cloud did not start."""
    with Engine() as engine:
        server = DatastoreServer(engine)
        server.start()
        yield server
        server.stop()


def test_outage_of_external_datastore_is_refused_by_name(other_datastore: DatastoreServer) -> None:
    address = other_datastore.address
    with (
        Cloud(datastore=address) as cloud,
        pytest.raises(UserError, match=rf"^--datastore {address}: .* did not start; stop that server yourself"),
        cloud.datastore.outage(),
    ):
        pass
    socket.create_connection(read_address(address, "the Datastore"), timeout=DEADLINE).close()


def test_outage_of_external_datastore_stops_its_relay(other_datastore: DatastoreServer) -> None:
    address = read_address(other_datastore.address, "the Datastore")
    # The server itself is what a relay has to be: it stops, and starts on its port again.
    with Cloud(datastore=other_datastore.address, datastore_relay=other_datastore) as cloud:
        with cloud.datastore.outage(), pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, timeout=DEADLINE)
        socket.create_connection(address, timeout=DEADLINE).close()


def test_memorystore_keeps_its_port_during_an_outage() -> None:
    memorystore = Memorystore()
    memorystore.start()
    try:
        with memorystore.outage(), socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind((memorystore.host, memorystore.port))
    finally:
        memorystore.stop()


def test_memorystore_comes_back_empty_on_its_port() -> None:
    memorystore = Memorystore()
    memorystore.start()
    try:
        with memorystore.client() as client:
            client.set("key", "value")
            with memorystore.outage(), pytest.raises(redis.ConnectionError):
                client.get("key")
            assert client.get("key") is None
    finally:
        memorystore.stop()


@pytest.mark.parametrize(
    "change",
    [
        lambda cloud: cloud.cache_outage().__enter__(),
        Cloud.flush_caches,
        lambda cloud: cloud.overwrite_caches(b"", 0),
        lambda cloud: cloud.advance(1),
    ],
    ids=["outage", "flush", "overwrite", "advance"],
)
def test_change_of_external_redis_is_refused_by_name(change: Callable[[Cloud], object]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        with (
            Cloud(redis=address) as cloud,
            pytest.raises(UserError, match=rf"^--redis {address}: .* a Redis that it did not start"),
        ):
            change(cloud)


def test_app_with_redis_host_gets_a_memorystore_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text("runtime: python314\nenv_variables:\n  REDIS_HOST: 10.0.0.3\n")
    (tmp_path / "main.py").write_text("")
    with Cloud() as cloud:
        assert list(cloud.caches) == [cloud.memcache]
        cloud.add(tmp_path)
        assert isinstance(cloud.redis, Memorystore)
        assert list(cloud.caches) == [cloud.memcache, cloud.redis]

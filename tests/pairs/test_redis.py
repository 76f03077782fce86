"""mod13 beside a Redis that is not as it should be: what visitors see, and what the log says."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis

from codelab.compare.local_cloud import FAR_FROM_UTC, LocalWorld, fresh_side
from codelab.compare.scenarios import ANN, BOB
from codelab.compare.side import Side
from datastore_emulator.net.ports import free_port, hold
from localcloud.cloud import Cloud
from localcloud.services.memorystore import Memorystore
from tests.pairs.course import ROOT
from tests.support.relays import RedisRelay

FINISH, FINISH_PY3 = "mod13-memorystore/FINISH", "mod13-memorystore/FINISH-py3"
DEADLINE = 20


@dataclass
class Place:
    """Where a check runs: the folder to serve, an empty Redis, and a directory for certificates."""

    folder: Path
    memorystore: Memorystore
    directory: Path

    @contextmanager
    def app(
        self, port: int, environment: Mapping[str, str] | None = None, *, caches: bool
    ) -> Iterator[tuple[Side, list[str]]]:
        """Run the folder with a Redis on this port; yield its side and its log. `caches` says that Redis serves it."""
        log: list[str] = []
        variables = {**FAR_FROM_UTC, **(environment or {})}
        with Cloud(redis=f"127.0.0.1:{port}", log=lambda name, line: log.append(line)) as cloud:
            app = cloud.add(self.folder, environment=variables)
            cloud.start()
            with fresh_side(app.name, app, LocalWorld(cloud, app), "Redis" if caches else None) as side:
                yield side, log

    def certificate(self, name: str, *extensions: str, subject: str = "/CN=redis") -> tuple[Path, Path]:
        """Return a new key and its certificate, which is its own authority."""
        key, certificate = self.directory / f"{name}-key.pem", self.directory / f"{name}.pem"
        subprocess.run(
            [
                *["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", subject],
                *("-keyout", str(key), "-out", str(certificate)),
                *(word for extension in extensions for word in ("-addext", extension)),
            ],
            check=True,
            capture_output=True,
        )
        return key, certificate

    def tls_relay(self, key: Path, certificate: Path) -> RedisRelay:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        return RedisRelay(self.memorystore.port, context)


Check = Callable[[Place], None]


def warnings_in(log: list[str], *, at_least: int = 0) -> list[str]:
    """Return what the app has said of its cache, once it is so much; the log may be a moment behind."""
    deadline = time.monotonic() + DEADLINE
    while len(found := [line for line in log if "Cannot " in line]) < at_least and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def visits_are_served_from_the_cache(side: Side, log: list[str]) -> None:
    side.visit(ANN)
    side.visit(ANN)
    side.visit(ANN)
    assert side.world.count_visits() == 1
    assert not warnings_in(log)


def each_call_is_one_line_in_the_log(side: Side, log: list[str], where: str, why: str) -> None:
    side.visit(ANN)
    reading, writing = warnings_in(log, at_least=2)
    assert f"Cannot read from Redis at {where}: " in reading
    assert why in reading
    assert f"Cannot write to Redis at {where}: " in writing
    assert why in writing


def a_reset_connection_is_replaced_at_once(place: Place) -> None:
    with RedisRelay(place.memorystore.port) as relay, place.app(relay.port, caches=True) as (side, log):
        side.visit(ANN)
        for _ in range(3):
            assert relay.forget_connections() > 0
            side.visit(ANN)
        assert relay.forget_connections() > 0
        side.visit(BOB)
        side.visit(BOB)
        assert not warnings_in(log)


def a_host_that_is_none_is_in_the_log(place: Place) -> None:
    host = "no-such-host.invalid"
    with place.app(place.memorystore.port, {"REDIS_HOST": host}, caches=False) as (side, log):
        each_call_is_one_line_in_the_log(side, log, host, f"connecting to {host}:{place.memorystore.port}. ")


def a_port_that_is_closed_is_in_the_log(place: Place) -> None:
    port = free_port()
    with (
        hold(port),
        place.app(place.memorystore.port, {"REDIS_PORT": str(port)}, caches=False) as (side, log),
    ):
        each_call_is_one_line_in_the_log(side, log, "127.0.0.1", "Connection refused")


def a_wrong_password_is_in_the_log(place: Place) -> None:
    port = place.memorystore.port
    with place.memorystore.client() as client:
        client.config_set("requirepass", "right")
    try:
        with place.app(port, {"REDIS_PASSWORD": "right"}, caches=True) as (side, log):
            visits_are_served_from_the_cache(side, log)
        with place.app(port, {"REDIS_PASSWORD": "wrong"}, caches=False) as (side, log):
            each_call_is_one_line_in_the_log(side, log, "127.0.0.1", "invalid")
        with place.app(port, caches=False) as (side, log):
            each_call_is_one_line_in_the_log(side, log, "127.0.0.1", "uthenticat")
    finally:
        with redis.Redis(port=port, password="right") as client:
            client.config_set("requirepass", "")


def a_wrong_authority_is_in_the_log(place: Place) -> None:
    _, other = place.certificate("other")
    with (
        place.tls_relay(*place.certificate("ours", subject="/CN=127.0.0.1")) as relay,
        place.app(relay.port, {"REDIS_TLS": str(other)}, caches=False) as (side, log),
    ):
        each_call_is_one_line_in_the_log(side, log, "127.0.0.1", "CERTIFICATE_VERIFY_FAILED")


def no_tls_for_a_redis_that_wants_it_is_in_the_log(place: Place) -> None:
    with place.tls_relay(*place.certificate("ours")) as relay, place.app(relay.port, caches=False) as (side, log):
        each_call_is_one_line_in_the_log(side, log, "127.0.0.1", "onnection")


def empty_variables_are_as_none(place: Place) -> None:
    nothing = {"REDIS_TLS": "", "REDIS_PASSWORD": ""}
    with place.app(place.memorystore.port, nothing, caches=True) as (side, log):
        visits_are_served_from_the_cache(side, log)


def memorystores_certificate_is_taken(place: Place) -> None:
    # The address is the common name only: https://github.com/envoyproxy/ratelimit/pull/409.
    key, certificate = place.certificate("memorystore", subject="/CN=127.0.0.1")
    with (
        place.tls_relay(key, certificate) as relay,
        place.app(relay.port, {"REDIS_TLS": str(certificate)}, caches=True) as (side, log),
    ):
        visits_are_served_from_the_cache(side, log)


def a_host_name_in_the_certificate_is_taken(place: Place) -> None:
    key, certificate = place.certificate("localhost", "subjectAltName=DNS:localhost")
    named = {"REDIS_TLS": str(certificate), "REDIS_HOST": "localhost"}
    with place.tls_relay(key, certificate) as relay, place.app(relay.port, named, caches=True) as (side, log):
        visits_are_served_from_the_cache(side, log)


def a_host_name_that_is_not_in_the_certificate_is_refused(place: Place) -> None:
    key, certificate = place.certificate("other", "subjectAltName=DNS:redis.example.com")
    named = {"REDIS_TLS": str(certificate), "REDIS_HOST": "localhost"}
    with place.tls_relay(key, certificate) as relay, place.app(relay.port, named, caches=False) as (side, log):
        each_call_is_one_line_in_the_log(side, log, "localhost", "Hostname mismatch")


def the_machines_own_authorities_are_believed_too(place: Place) -> None:
    # The README says so, as a limit of what TLS proves here. OpenSSL takes the machine's from SSL_CERT_FILE.
    key, public = place.certificate("public", subject="/CN=127.0.0.1")
    _, ours = place.certificate("ours")
    variables = {"REDIS_TLS": str(ours), "SSL_CERT_FILE": str(public)}
    with place.tls_relay(key, public) as relay, place.app(relay.port, variables, caches=True) as (side, log):
        visits_are_served_from_the_cache(side, log)


def a_key_of_another_type_is_a_miss(place: Place) -> None:
    with place.app(place.memorystore.port, caches=True) as (side, log):
        side.visit(ANN)
        with place.memorystore.client() as client:
            (key,) = client.keys()
            client.delete(key)
            client.rpush(key, "visits")
        side.visit(BOB)
        side.visit(BOB)
        (warning,) = warnings_in(log, at_least=1)
        assert "Cannot read from Redis at 127.0.0.1: WRONGTYPE" in warning


CHECKS: list[Check] = [
    a_host_that_is_none_is_in_the_log,
    a_port_that_is_closed_is_in_the_log,
    a_wrong_password_is_in_the_log,
    a_wrong_authority_is_in_the_log,
    no_tls_for_a_redis_that_wants_it_is_in_the_log,
    empty_variables_are_as_none,
    memorystores_certificate_is_taken,
    a_host_name_in_the_certificate_is_taken,
    a_host_name_that_is_not_in_the_certificate_is_refused,
    the_machines_own_authorities_are_believed_too,
    a_key_of_another_type_is_a_miss,
]
CASES = [
    *((folder, check) for folder in (FINISH, FINISH_PY3) for check in CHECKS),
    # The README declares that FINISH cannot: the last client for Python 2 tries nothing again.
    (FINISH_PY3, a_reset_connection_is_replaced_at_once),
]


@dataclass(frozen=True)
class Mutant:
    """FINISH-py3 with `found` replaced by `put`, and the check that must fail for it."""

    name: str
    found: str
    put: str
    check: Check


MUTANTS = [
    Mutant(
        "nothing tried again",
        "retry=Retry(NoBackoff(), 1, (redis.ConnectionError,))",
        "retry=None",
        a_reset_connection_is_replaced_at_once,
    ),
    Mutant(
        "reading fails in silence",
        "        app.logger.warning('Cannot read from Redis at %s: %s', REDIS_HOST, error)\n",
        "",
        a_host_that_is_none_is_in_the_log,
    ),
    Mutant(
        "writing fails in silence",
        "app.logger.warning('Cannot write to Redis at %s: %s', REDIS_HOST, error)",
        "pass",
        a_wrong_password_is_in_the_log,
    ),
    Mutant("no reason in the log", "REDIS_HOST, error)", "REDIS_HOST, 'error')", a_wrong_authority_is_in_the_log),
    Mutant(
        "an empty variable for one that is set",
        "ssl=bool(REDIS_TLS)",
        "ssl=REDIS_TLS is not None",
        empty_variables_are_as_none,
    ),
    Mutant(
        "no name checked",
        "ssl_check_hostname=not REDIS_HOST.replace('.', '').isdigit()",
        "ssl_check_hostname=False",
        a_host_name_that_is_not_in_the_certificate_is_refused,
    ),
    Mutant(
        "addresses checked",
        "ssl_check_hostname=not REDIS_HOST.replace('.', '').isdigit()",
        "ssl_check_hostname=True",
        memorystores_certificate_is_taken,
    ),
]


@pytest.fixture(scope="module")
def memorystore() -> Iterator[Memorystore]:
    server = Memorystore()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def place(memorystore: Memorystore, tmp_path: Path) -> Place:
    if not shutil.which("openssl"):
        pytest.skip("no openssl to make certificates with")
    memorystore.flush()
    return Place(ROOT / FINISH_PY3, memorystore, tmp_path)


@pytest.mark.parametrize(
    ("folder", "check"), [pytest.param(*case, id=f"{case[0]}-{case[1].__name__}") for case in CASES]
)
def test_mod13(place: Place, folder: str, check: Check) -> None:
    place.folder = ROOT / folder
    check(place)


@pytest.mark.parametrize("mutant", [pytest.param(mutant, id=mutant.name) for mutant in MUTANTS])
def test_a_broken_mod13_is_found(place: Place, tmp_path: Path, mutant: Mutant) -> None:
    place.folder = shutil.copytree(place.folder, tmp_path / "FINISH-py3")
    main = place.folder / "main.py"
    text = main.read_text()
    assert mutant.found in text, "main.py has changed: adapt this mutant"
    main.write_text(text.replace(mutant.found, mutant.put))
    with pytest.raises((AssertionError, ValueError)):
        mutant.check(place)

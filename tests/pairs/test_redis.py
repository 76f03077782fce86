"""mod13 with a Redis that is down, broken or locked: the pages that visitors see, and the warnings in the log."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis

from codelab.compare.app_under_test import AppUnderTest
from codelab.compare.local_backend import FAR_FROM_UTC, LocalBackend
from codelab.compare.scenarios import ANN, BOB
from datastore_emulator.net.ports import free_port, hold
from localcloud import Cloud
from localcloud.services.memorystore import Memorystore
from tests.support.course import ROOT
from tests.support.relays import RedisRelay

pytestmark = pytest.mark.app

FINISH, FINISH_PY3 = "mod13-memorystore/FINISH", "mod13-memorystore/FINISH-py3"


@dataclass
class Environment:
    """The resources of a check: the folder to run, an empty Redis, and a directory for certificates."""

    folder: Path
    memorystore: Memorystore
    directory: Path

    @contextmanager
    def app(
        self, port: int, environment: Mapping[str, str] | None = None, *, caches: bool
    ) -> Iterator[tuple[AppUnderTest, list[str]]]:
        """Run the folder with a Redis on this port; yield the app and its log. `caches` says that the cache works."""
        log: list[str] = []
        variables = {**FAR_FROM_UTC, **(environment or {})}
        with Cloud(redis=f"127.0.0.1:{port}", log=lambda name, line: log.append(line)) as cloud:
            app = cloud.add(self.folder, environment=variables)
            cloud.start()
            cache = "Redis" if caches else None
            # Not emptied first: the cloud is new, and the fixture `env` has emptied its Redis.
            with closing(AppUnderTest(app.name, app.url, LocalBackend(cloud, app), cache=cache)) as new:
                yield new, log

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
        """Return a relay that adds TLS to the Redis."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        return RedisRelay(self.memorystore.port, context)


Check = Callable[[Environment], None]


def warnings_in(app: AppUnderTest, log: list[str]) -> list[str]:
    """End the app, so that its log is complete, and return its warnings about its cache."""
    app.backend.app.stop()
    return [line for line in log if "Cannot " in line]


def visits_are_served_from_the_cache(app: AppUnderTest, log: list[str]) -> None:
    app.visit(ANN)
    app.visit(ANN)
    app.visit(ANN)
    assert app.backend.count_visits() == 1
    assert not warnings_in(app, log)


def each_call_is_one_line_in_the_log(app: AppUnderTest, log: list[str], where: str, why: str) -> None:
    app.visit(ANN)
    reading, writing = warnings_in(app, log)
    assert f"Cannot read from Redis at {where}: " in reading
    assert why in reading
    assert f"Cannot write to Redis at {where}: " in writing
    assert why in writing


def reset_connection_is_replaced_at_once(env: Environment) -> None:
    with RedisRelay(env.memorystore.port) as relay, env.app(relay.port, caches=True) as (app, log):
        app.visit(ANN)
        for _ in range(3):
            assert relay.forget_connections() > 0
            app.visit(ANN)
        assert relay.forget_connections() > 0
        app.visit(BOB)
        app.visit(BOB)
        assert not warnings_in(app, log)


def unknown_host_is_in_the_log(env: Environment) -> None:
    host = "no-such-host.invalid"
    with env.app(env.memorystore.port, {"REDIS_HOST": host}, caches=False) as (app, log):
        each_call_is_one_line_in_the_log(app, log, host, f"connecting to {host}:{env.memorystore.port}. ")


def closed_port_is_in_the_log(env: Environment) -> None:
    port = free_port()
    with (
        hold(port),
        env.app(env.memorystore.port, {"REDIS_PORT": str(port)}, caches=False) as (app, log),
    ):
        each_call_is_one_line_in_the_log(app, log, "127.0.0.1", "Connection refused")


def wrong_password_is_in_the_log(env: Environment) -> None:
    port = env.memorystore.port
    with env.memorystore.client() as client:
        client.config_set("requirepass", "right")
    try:
        with env.app(port, {"REDIS_PASSWORD": "right"}, caches=True) as (app, log):
            visits_are_served_from_the_cache(app, log)
        with env.app(port, {"REDIS_PASSWORD": "wrong"}, caches=False) as (app, log):
            each_call_is_one_line_in_the_log(app, log, "127.0.0.1", "invalid")
        with env.app(port, caches=False) as (app, log):
            each_call_is_one_line_in_the_log(app, log, "127.0.0.1", "uthenticat")
    finally:
        with redis.Redis(port=port, password="right") as client:
            client.config_set("requirepass", "")


def wrong_authority_is_in_the_log(env: Environment) -> None:
    _, other = env.certificate("other")
    with (
        env.tls_relay(*env.certificate("ours", subject="/CN=127.0.0.1")) as relay,
        env.app(relay.port, {"REDIS_TLS": str(other)}, caches=False) as (app, log),
    ):
        each_call_is_one_line_in_the_log(app, log, "127.0.0.1", "CERTIFICATE_VERIFY_FAILED")


def missing_tls_is_in_the_log(env: Environment) -> None:
    with env.tls_relay(*env.certificate("ours")) as relay, env.app(relay.port, caches=False) as (app, log):
        each_call_is_one_line_in_the_log(app, log, "127.0.0.1", "onnection")


def empty_variables_count_as_unset(env: Environment) -> None:
    nothing = {"REDIS_TLS": "", "REDIS_PASSWORD": ""}
    with env.app(env.memorystore.port, nothing, caches=True) as (app, log):
        visits_are_served_from_the_cache(app, log)


def memorystores_certificate_is_accepted(env: Environment) -> None:
    # The address is the common name only: https://github.com/envoyproxy/ratelimit/pull/409.
    key, certificate = env.certificate("memorystore", subject="/CN=127.0.0.1")
    with (
        env.tls_relay(key, certificate) as relay,
        env.app(relay.port, {"REDIS_TLS": str(certificate)}, caches=True) as (app, log),
    ):
        visits_are_served_from_the_cache(app, log)


def host_name_in_the_certificate_is_accepted(env: Environment) -> None:
    key, certificate = env.certificate("localhost", "subjectAltName=DNS:localhost")
    named = {"REDIS_TLS": str(certificate), "REDIS_HOST": "localhost"}
    with env.tls_relay(key, certificate) as relay, env.app(relay.port, named, caches=True) as (app, log):
        visits_are_served_from_the_cache(app, log)


def host_name_missing_from_the_certificate_is_refused(env: Environment) -> None:
    key, certificate = env.certificate("other", "subjectAltName=DNS:redis.example.com")
    named = {"REDIS_TLS": str(certificate), "REDIS_HOST": "localhost"}
    with env.tls_relay(key, certificate) as relay, env.app(relay.port, named, caches=False) as (app, log):
        each_call_is_one_line_in_the_log(app, log, "localhost", "Hostname mismatch")


def authorities_of_the_machine_are_accepted_too(env: Environment) -> None:
    # docs/redis-in-production.md names this limit. OpenSSL takes the authorities of the machine from SSL_CERT_FILE.
    key, public = env.certificate("public", subject="/CN=127.0.0.1")
    _, ours = env.certificate("ours")
    variables = {"REDIS_TLS": str(ours), "SSL_CERT_FILE": str(public)}
    with env.tls_relay(key, public) as relay, env.app(relay.port, variables, caches=True) as (app, log):
        visits_are_served_from_the_cache(app, log)


def key_of_another_type_is_a_cache_miss(env: Environment) -> None:
    with env.app(env.memorystore.port, caches=True) as (app, log):
        app.visit(ANN)
        with env.memorystore.client() as client:
            (key,) = client.keys()
            client.delete(key)
            client.rpush(key, "visits")
        app.visit(BOB)
        app.visit(BOB)
        (warning,) = warnings_in(app, log)
        assert "Cannot read from Redis at 127.0.0.1: WRONGTYPE" in warning


CHECKS: list[Check] = [
    unknown_host_is_in_the_log,
    closed_port_is_in_the_log,
    wrong_password_is_in_the_log,
    wrong_authority_is_in_the_log,
    missing_tls_is_in_the_log,
    empty_variables_count_as_unset,
    memorystores_certificate_is_accepted,
    host_name_in_the_certificate_is_accepted,
    host_name_missing_from_the_certificate_is_refused,
    authorities_of_the_machine_are_accepted_too,
    key_of_another_type_is_a_cache_miss,
]
CASES = [
    *((folder, check) for folder in (FINISH, FINISH_PY3) for check in CHECKS),
    # Not FINISH, as the README declares: the last client for Python 2 does not retry.
    (FINISH_PY3, reset_connection_is_replaced_at_once),
]


@dataclass(frozen=True)
class Mutant:
    """FINISH-py3 with `found` replaced by `put`, and the check that must fail."""

    name: str
    found: str
    put: str
    check: Check


MUTANTS = [
    Mutant(
        "nothing tried again",
        "retry=Retry(NoBackoff(), 1, (redis.ConnectionError,))",
        "retry=None",
        reset_connection_is_replaced_at_once,
    ),
    Mutant(
        "reading fails in silence",
        "        app.logger.warning('Cannot read from Redis at %s: %s', REDIS_HOST, error)\n",
        "",
        unknown_host_is_in_the_log,
    ),
    Mutant(
        "writing fails in silence",
        "app.logger.warning('Cannot write to Redis at %s: %s', REDIS_HOST, error)",
        "pass",
        wrong_password_is_in_the_log,
    ),
    Mutant("no reason in the log", "REDIS_HOST, error)", "REDIS_HOST, 'error')", wrong_authority_is_in_the_log),
    Mutant(
        "an empty variable for one that is set",
        "ssl=bool(REDIS_TLS)",
        "ssl=REDIS_TLS is not None",
        empty_variables_count_as_unset,
    ),
    Mutant(
        "no name checked",
        "ssl_check_hostname=not REDIS_HOST.replace('.', '').isdigit()",
        "ssl_check_hostname=False",
        host_name_missing_from_the_certificate_is_refused,
    ),
    Mutant(
        "addresses checked",
        "ssl_check_hostname=not REDIS_HOST.replace('.', '').isdigit()",
        "ssl_check_hostname=True",
        memorystores_certificate_is_accepted,
    ),
]


@pytest.fixture(scope="module")
def memorystore() -> Iterator[Memorystore]:
    server = Memorystore()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def env(memorystore: Memorystore, tmp_path: Path) -> Environment:
    if not shutil.which("openssl"):
        pytest.skip("no openssl to create certificates")
    memorystore.flush()
    return Environment(ROOT / FINISH_PY3, memorystore, tmp_path)


@pytest.mark.parametrize(
    ("folder", "check"), [pytest.param(*case, id=f"{case[0]}-{case[1].__name__}") for case in CASES]
)
def test_mod13(env: Environment, folder: str, check: Check) -> None:
    env.folder = ROOT / folder
    check(env)


@pytest.mark.parametrize("mutant", [pytest.param(mutant, id=mutant.name) for mutant in MUTANTS])
def test_check_finds_mutant_of_mod13(env: Environment, tmp_path: Path, mutant: Mutant) -> None:
    env.folder = shutil.copytree(env.folder, tmp_path / "FINISH-py3")
    main = env.folder / "main.py"
    text = main.read_text()
    assert mutant.found in text, "main.py has changed: adapt this mutant"
    main.write_text(text.replace(mutant.found, mutant.put))
    with pytest.raises((AssertionError, ValueError)):
        mutant.check(env)

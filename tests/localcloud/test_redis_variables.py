"""The variables by which an app asks for a Redis, and gets its address."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import redis

from localcloud.cloud import Cloud
from localcloud.launch.plan import LaunchPlan, Platform
from localcloud.runtimes import Instance, ServiceAddresses
from localcloud.runtimes.redis_advice import RedisAdvice
from localcloud.runtimes.variables import app_variables
from localcloud.services import Memorystore


def redis_variables(file: Mapping[str, str], overrides: Mapping[str, str]) -> dict[str, str]:
    """Return the variables about Redis that an app gets if its Redis is at 127.0.0.1:7000."""
    services = ServiceAddresses("demo", "127.0.0.1:1", ("127.0.0.1", 2), "ticket", redis=("127.0.0.1", 7000))
    plan = LaunchPlan(Path("app.yaml"), Platform.CLOUD_RUN, Path(), environment=file)
    variables = app_variables(plan, services, Instance("app", 8080, Path(), overrides))
    return {name: value for name, value in variables.items() if "REDIS" in name}


LOCAL = {
    "REDIS_HOST": {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": "7000"},
    "REDISHOST": {"REDISHOST": "127.0.0.1", "REDISPORT": "7000"},
    "REDIS_CACHE_URL": {"REDIS_CACHE_URL": "redis://127.0.0.1:7000"},
    "REDIS_URL": {"REDIS_URL": "redis://127.0.0.1:7000"},
}


@pytest.mark.parametrize(("name", "expected"), LOCAL.items(), ids=LOCAL)
def test_app_gets_the_address_by_the_name_in_its_file(name, expected):
    assert redis_variables({name: "10.0.0.3"}, {}) == expected


@pytest.mark.parametrize(("name", "expected"), LOCAL.items(), ids=LOCAL)
def test_app_gets_the_address_by_the_name_on_the_command_line(name, expected):
    assert redis_variables({}, {name: "10.0.0.3"}) == expected


def test_address_keeps_the_number_of_the_database():
    file = {"REDIS_URL": "rediss://:secret@10.0.0.3:6378/1"}
    assert redis_variables(file, {}) == {"REDIS_URL": "redis://127.0.0.1:7000/1"}


def test_command_line_beats_the_address_if_the_file_asks_for_a_redis():
    file = {"REDIS_HOST": "10.0.0.3"}
    assert redis_variables(file, {"REDIS_HOST": "localhost"}) == {"REDIS_HOST": "localhost", "REDIS_PORT": "7000"}


@pytest.mark.parametrize("name", ["REDIS_PASSWORD", "REDISPASSWORD", "REDIS_AUTH"])
def test_password_of_the_cloud_is_emptied(name):
    variables = redis_variables({"REDIS_HOST": "10.0.0.3", name: "secret"}, {})
    assert variables == {**LOCAL["REDIS_HOST"], name: ""}


def test_password_on_the_command_line_stays():
    variables = redis_variables({"REDIS_HOST": "10.0.0.3", "REDIS_PASSWORD": "secret"}, {"REDIS_PASSWORD": "other"})
    assert variables == {**LOCAL["REDIS_HOST"], "REDIS_PASSWORD": "other"}


def test_app_without_a_redis_is_told_once_how_to_get_one():
    adviser = RedisAdvice()
    line = "redis.exceptions.ConnectionError: Error 111 connecting to localhost:6379. Connection refused."
    assert "--env REDISHOST=localhost" in (adviser.read(line) or "")
    assert [adviser.read(other) for other in (line, "Error 111 connecting to localhost:5432.")] == [None, None]


@pytest.mark.parametrize("name", LOCAL)
@pytest.mark.parametrize("in_file", [True, False], ids=["file", "command line"])
def test_name_of_a_redis_starts_one(tmp_path, name, in_file):
    variables = f"env_variables:\n  {name}: '10.0.0.3'\n" if in_file else ""
    (tmp_path / "app.yaml").write_text(f"runtime: python314\n{variables}")
    (tmp_path / "main.py").write_text("")
    with Cloud() as cloud:
        cloud.add(tmp_path, environment={} if in_file else {name: "10.0.0.3"})
        assert isinstance(cloud.redis, Memorystore)


def test_app_without_such_a_name_has_no_redis(tmp_path):
    (tmp_path / "app.yaml").write_text("runtime: python314\nenv_variables:\n  REDIS_PORT: '6379'\n")
    (tmp_path / "main.py").write_text("")
    with Cloud() as cloud:
        cloud.add(tmp_path, environment={"REDIS_TIMEOUT": "1"})
        assert cloud.redis is None


@pytest.mark.parametrize(
    ("name", "in_file"),
    [("REDIS_PASSWORD", True), ("REDIS_PASSWORD", False), ("REDISPASSWORD", True), ("REDIS_AUTH", True)],
)
def test_redis_takes_the_password_that_the_app_has_for_it(tmp_path, name, in_file):
    variables = {"REDIS_HOST": "10.0.0.3", name: "secret"}
    lines = "".join(f"  {name}: {value}\n" for name, value in variables.items())
    (tmp_path / "app.yaml").write_text("runtime: python314\n" + (f"env_variables:\n{lines}" if in_file else ""))
    (tmp_path / "main.py").write_text("")
    with Cloud() as cloud:
        cloud.add(tmp_path, environment={} if in_file else variables)
        with redis.Redis(cloud.redis.host, cloud.redis.port, password="secret") as client:
            assert client.ping()

"""The Flask app of examples/split-into-functions, the functions made of it, and one function give the same answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import httpx
import pytest
from google.cloud import datastore
from ruamel.yaml import YAML

from codelab.compare.local_backend import FAR_FROM_UTC
from localcloud import App, Cloud
from tests.support.course import ROOT
from tests.support.deadline import DEADLINE

EXAMPLES = ROOT / "examples"
SPLIT = EXAMPLES / "split-into-functions"
FUNCTIONS = ("page", "visits", "sign")
FORGED = "203.0.113.9"
# The time of a visit, on the page and in JSON.
TIME = re.compile(r"\w{3} \w{3} +\d+ \d\d:\d\d:\d\d \d{4}|\d{4}-\d\d-\d\dT[\d:.]+\+00:00")

pytestmark = [pytest.mark.app, pytest.mark.xdist_group("several-endpoints")]

Answer = tuple[int, str, str, str]


class Way(NamedTuple):
    """A way to run the app: the address that serves a path."""

    url: Callable[[str], str]

    def send(self, method: str, path: str, **options: object) -> httpx.Response:
        headers = {"User-Agent": "suite", **options.pop("headers", {})}  # type: ignore[dict-item]
        url = self.url(path.partition("?")[0]).replace("localhost", "127.0.0.1") + path
        return httpx.request(method, url, headers=headers, timeout=DEADLINE, **options)  # type: ignore[arg-type]

    def answer(self, method: str, path: str, **options: object) -> Answer:
        """Return the parts of an answer that the ways have in common."""
        response = self.send(method, path, **options)
        return (
            response.status_code,
            response.headers.get("Content-Type", ""),
            response.headers.get("Location", ""),
            TIME.sub("TIME", response.text),
        )


def route(path: str) -> str:
    """Return the backend service to which the URL map sends a path."""
    url_map = YAML(typ="safe").load(SPLIT / "url-map.yaml")
    (matcher,) = url_map["pathMatchers"]
    services = {path: rule["service"] for rule in matcher["pathRules"] for path in rule["paths"]}
    return str(services.get(path, matcher["defaultService"]).rpartition("/")[2])


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with Cloud() as cloud:
        yield cloud


@pytest.fixture(scope="module")
def ways(cloud: Cloud) -> dict[str, Way]:
    """The monolith, the functions behind a load balancer, and one function without one."""
    monolith = cloud.add(SPLIT / "START", environment=FAR_FROM_UTC)
    split: dict[str, App] = {
        f"visitme-{name}": cloud.add(
            SPLIT / "FINISH",
            name=name,
            function=name,
            environment={**FAR_FROM_UTC, "PROXY_HOPS": "2"},
            behind_load_balancer=True,
        )
        for name in FUNCTIONS
    }
    one = cloud.add(EXAMPLES / "several-endpoints", function="visitme", environment=FAR_FROM_UTC)
    cloud.start()
    return {
        "monolith": Way(lambda path: monolith.url),
        "functions": Way(lambda path: split[route(path)].url),
        "one function": Way(lambda path: one.url),
    }


@pytest.fixture(autouse=True)
def empty(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Empty the Datastore; returns a function that does it again."""
    monkeypatch.setenv("DATASTORE_EMULATOR_HOST", cloud.datastore.address)
    client = datastore.Client(project="demo")

    def delete_visits() -> None:
        client.delete_multi([visit.key for visit in client.query(kind="Visit").fetch()])

    delete_visits()
    return delete_visits


REQUESTS: list[tuple[str, str, dict[str, object]]] = [
    ("GET", "/", {}),
    ("GET", "/?page=2", {}),
    ("HEAD", "/", {}),
    ("POST", "/sign", {"data": {"name": " Zoë "}}),
    ("GET", "/visits", {}),
    ("HEAD", "/visits", {}),
    ("GET", "/", {"headers": {"X-Forwarded-For": FORGED}}),
    ("POST", "/sign", {"data": {"name": "x" * 100}}),
    ("GET", "/visits", {}),
    # What is wrong in a request.
    ("POST", "/sign", {"data": {"name": " "}}),
    ("POST", "/sign", {"data": {"name": "x" * 101}}),
    ("POST", "/sign", {}),
    ("POST", "/sign", {"json": {"name": "Ann"}}),
    *(("GET", path, {}) for path in ("/nope", "/sign/", "/visits/", "/visits/1", "/Visits", "/page")),
    ("POST", "/nope", {}),
    *((method, "/", {}) for method in ("POST", "PUT", "DELETE", "PATCH")),
    *((method, "/visits", {}) for method in ("POST", "DELETE")),
    *((method, "/sign", {}) for method in ("GET", "HEAD", "PUT", "DELETE")),
    ("GET", "/visits", {}),
]


@pytest.mark.parametrize("name", ["functions", "one function"])
def test_functions_answer_like_the_monolith(ways: dict[str, Way], empty: Callable[[], None], name: str) -> None:
    expected = [ways["monolith"].answer(method, path, **options) for method, path, options in REQUESTS]
    empty()
    found = [ways[name].answer(method, path, **options) for method, path, options in REQUESTS]
    assert list(zip(REQUESTS, found, strict=True)) == list(zip(REQUESTS, expected, strict=True))
    assert {status for status, *_ in expected} == {200, 303, 400, 404, 405}


@pytest.mark.parametrize("name", ["functions", "one function"])
def test_405_names_the_methods_that_work(ways: dict[str, Way], name: str) -> None:
    def allowed(way: Way, path: str) -> set[str]:
        # Flask's router answers OPTIONS by itself, which a function does not.
        return {*way.send("PUT", path).headers["Allow"].split(", ")} - {"OPTIONS"}

    for path in ("/", "/visits", "/sign"):
        assert allowed(ways[name], path) == allowed(ways["monolith"], path)


@pytest.mark.parametrize("name", ["monolith", "functions", "one function"])
def test_options_is_the_declared_difference(ways: dict[str, Way], name: str) -> None:
    assert ways[name].send("OPTIONS", "/").status_code == (200 if name == "monolith" else 405)


@pytest.mark.parametrize("name", ["monolith", "functions", "one function"])
def test_forged_address_is_not_stored(ways: dict[str, Way], name: str) -> None:
    ways[name].send("POST", "/sign", data={"name": "Ann"}, headers={"X-Forwarded-For": FORGED})
    assert [visit["visitor"] for visit in ways[name].send("GET", "/visits").json()] == ["127.0.0.1: Ann"]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function_answers_its_own_path_only(cloud: Cloud, ways: dict[str, Way], function: str) -> None:
    app = next(app for app in cloud.apps if app.name == function)
    statuses = {path: httpx.get(app.url + path, timeout=DEADLINE).status_code for path in ("/", "/visits", "/sign")}
    assert [path for path, status in statuses.items() if status != 404] == [
        {"page": "/", "visits": "/visits", "sign": "/sign"}[function]
    ]

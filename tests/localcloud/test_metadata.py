"""The metadata server, as an app asks it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from localcloud.metadata import MetadataServer
from tests.support.deadline import DEADLINE

GOOGLE = {"Metadata-Flavor": "Google"}
ACCOUNT = "instance/service-accounts/default"
EMAIL = "demo@appspot.gserviceaccount.com"


@pytest.fixture(scope="module")
def logged() -> list[str]:
    """What the server has logged."""
    return []


@pytest.fixture(scope="module")
def client(logged: list[str]) -> Iterator[httpx.Client]:
    """A client whose URLs begin at the root of the metadata."""
    server = MetadataServer("demo", logged.append)
    server.start()
    root = f"http://{server.address}/computeMetadata/v1/"
    with httpx.Client(base_url=root, timeout=DEADLINE) as client:
        yield client
    server.stop()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("project/project-id", "demo"),
        ("project/", "numeric-project-id\nproject-id\n"),
        ("instance/region", "projects/100000000000/regions/us-central1"),
        ("instance/id", "local"),
        ("instance/service-accounts/", f"default/\n{EMAIL}/\n"),
        (f"{ACCOUNT}/email", EMAIL),
        (f"instance/service-accounts/{EMAIL}/aliases", "default"),
        ("universe/universe-domain", "googleapis.com"),
    ],
)
def test_value_is_text(client, path, value):
    answer = client.get(path, headers=GOOGLE)
    assert (answer.status_code, answer.text, answer.headers["Metadata-Flavor"]) == (200, value, "Google")


def test_recursive_directory_is_json(client):
    account = client.get(f"{ACCOUNT}/", params={"recursive": "true"}, headers=GOOGLE).json()
    assert (account["email"], account["aliases"]) == (EMAIL, ["default"])
    assert client.get("project/?recursive=true", headers=GOOGLE).json()["projectId"] == "demo"


def test_root_says_that_there_is_a_metadata_server(client):
    answer = client.get(client.base_url.join("/"))
    assert (answer.status_code, answer.headers["Metadata-Flavor"]) == (200, "Google")


@pytest.mark.parametrize(
    ("path", "token"), [("token?scopes=a", "an access token"), ("identity?audience=a", "an identity token")]
)
def test_token_is_refused_by_name_and_logged_once(client, logged, path, token):
    answers = [client.get(f"{ACCOUNT}/{path}", headers=GOOGLE) for _ in range(2)]
    assert {answer.status_code for answer in answers} == {403}
    assert f"{token} is refused here" in answers[0].text
    assert len([line for line in logged if token in line]) == 1


@pytest.mark.parametrize(
    ("headers", "reason"),
    [({}, "Metadata-Flavor: Google"), ({**GOOGLE, "X-Forwarded-For": "192.0.2.1"}, "X-Forwarded-For")],
)
def test_headers_are_those_of_the_cloud(client, headers, reason):
    answer = client.get("project/project-id", headers=headers)
    assert answer.status_code == 403
    assert reason in answer.text


@pytest.mark.parametrize("path", ["instance/attributes/", f"{ACCOUNT}/email/x", "token", "../v2/project/project-id"])
def test_what_is_not_there_is_404(client, path):
    assert client.get(path, headers=GOOGLE).status_code == 404


def test_names_of_the_cloud_are_its_own(client):
    answer = client.get("project/project-id", headers={**GOOGLE, "Host": "metadata.google.internal"})
    assert answer.text == "demo"

"""Who may open the console, and what its pages may load."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx
import pytest

from tests.localcloud.console.pages import Pages
from tests.support.deadline import DEADLINE


@pytest.mark.parametrize("path", ["/", "/entities/", "/guessed/entities/", "/guessed/../entities/"])
def test_address_without_the_secret_is_403(pages: Pages, path: str) -> None:
    parts = urlsplit(pages.url)
    answer = httpx.get(f"{parts.scheme}://{parts.netloc}{path}", timeout=DEADLINE)
    assert answer.status_code == 403
    assert answer.text == "403 Forbidden: open the address of the console that `localcloud run` has printed\n"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "http://localhost:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Host": "evil.example"},
    ],
    ids=lambda headers: " ".join(*headers.items()),
)
def test_form_of_another_site_is_403(pages: Pages, headers: dict[str, str]) -> None:
    form = pages.form("memcache/", "/flush")
    assert pages.client.post(form.action, data=dict(form.fields), headers=headers).status_code == 403


@pytest.mark.parametrize("token", ["", "guessed", "é"])
def test_form_without_the_token_is_403(pages: Pages, token: str) -> None:
    pages.send(pages.form("memcache/", "/flush").set("token", token), 403)


def test_page_may_load_its_own_styles_and_no_script(pages: Pages) -> None:
    headers = pages.client.get("entities/").headers
    policy = dict(rule.split(" ", 1) for rule in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["style-src"] == "'self'"
    assert "script-src" not in policy
    assert (headers["Referrer-Policy"], headers["Cache-Control"]) == ("same-origin", "no-store")


def test_cookie_is_for_the_console_alone(pages: Pages) -> None:
    form = pages.form("memcache/", "/flush")
    answer = pages.client.post(form.action, data=dict(form.fields), follow_redirects=False)
    name, *attributes = answer.headers["Set-Cookie"].split("; ")
    assert name.startswith("localcloud_console=")
    assert set(attributes) == {"HttpOnly", f"Path={urlsplit(pages.url).path.rstrip('/')}", "SameSite=Strict"}


@pytest.mark.parametrize("back", ["http://evil.example/", "//evil.example/", "/elsewhere"])
def test_form_leads_back_to_the_console_only(pages: Pages, back: str) -> None:
    token = pages.form("memcache/", "/flush").get("token")
    answer = pages.client.post("entities/delete", data={"token": token, "back": back}, follow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{urlsplit(pages.url).path}entities/")

"""The sign-in page of App Engine's users service, and pages behind `login:`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from localcloud.frontend import FrontEnd
from localcloud.launch.plan import Handler, Platform
from tests.localcloud.frontend.frontend_ends import App
from tests.support.deadline import DEADLINE

TICKET = "t1"


@pytest.fixture(scope="module", params=[Platform.APP_ENGINE, Platform.APP_ENGINE_PYTHON27], ids=lambda one: one.name)
def site(app: App, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[FrontEnd]:
    directory = tmp_path_factory.mktemp("site")
    (directory / "secret").mkdir()
    (directory / "secret" / "plan.txt").write_text("plan")
    handlers = [
        Handler(url="/members/.*", script="main.app", login="required"),
        Handler(url="/admin/.*", script="main.app", login="admin"),
        Handler(url="/api/.*", script="main.app", login="required", login_redirects=False),
        Handler(url="/secret", static_dir="secret", login="required"),
        Handler(url=".*", script="main.app"),
    ]
    extra = {"X-Appengine-Api-Ticket": TICKET}
    front_end = FrontEnd(request.param, app.address, directory=directory, handlers=handlers, extra_headers=extra)
    front_end.start()
    yield front_end
    front_end.stop()


@pytest.fixture
def browser(site: FrontEnd) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site.url, timeout=DEADLINE) as browser:
        yield browser


def sign_in(
    browser: httpx.Client, email: str = "ada@example.com", admin: str = "", onward: str = "/"
) -> httpx.Response:
    query = {"email": email, "admin": admin, "action": "Login", "continue": onward}
    return browser.get("/_ah/login", params=query)


def test_app_receives_the_user_who_signed_in(browser: httpx.Client) -> None:
    sign_in(browser, admin="True")
    echo = browser.get("/").text
    assert "X-Appengine-User-Email: ada@example.com\r\n" in echo
    assert "X-Appengine-User-Is-Admin: 1\r\n" in echo
    assert "X-Appengine-User-Nickname: ada\r\n" in echo


def test_user_id_is_the_one_of_dev_appserver(browser: httpx.Client) -> None:
    sign_in(browser, "test@example.com")
    assert "X-Appengine-User-Id: 185804764220139124118\r\n" in browser.get("/").text


def test_page_behind_a_login_sends_to_the_sign_in_page_and_back(browser: httpx.Client) -> None:
    sent = browser.get("/members/list?page=2&q=a%20b")
    assert (sent.status_code, browser.get(sent.headers["Location"]).status_code) == (302, 200)
    onward = httpx.URL(sent.headers["Location"]).params["continue"]
    assert sign_in(browser, onward=onward).headers["Location"] == "/members/list?page=2&q=a%20b"
    assert browser.get("/members/list").text.startswith("GET /members/list")


def test_static_files_behind_a_login_need_a_user(browser: httpx.Client) -> None:
    assert browser.get("/secret/plan.txt").status_code == 302
    sign_in(browser)
    assert browser.get("/secret/plan.txt").text == "plan"


def test_admin_page_is_for_administrators(browser: httpx.Client) -> None:
    sign_in(browser)
    assert browser.get("/admin/").status_code == 401
    sign_in(browser, admin="True")
    assert browser.get("/admin/").status_code == 200


def test_page_that_does_not_redirect_is_unauthorized(browser: httpx.Client) -> None:
    assert browser.get("/api/x").status_code == 401


def test_app_without_bundled_services_has_the_sign_in_page_for_its_login(app: App, tmp_path: Path) -> None:
    handlers = [Handler(url=".*", script="auto", login="required")]
    front_end = FrontEnd(Platform.APP_ENGINE, app.address, directory=tmp_path, handlers=handlers)
    front_end.start()
    with httpx.Client(base_url=front_end.url, timeout=DEADLINE) as browser:
        assert browser.get(browser.get("/page").headers["Location"]).status_code == 200
        sign_in(browser)
        assert browser.get("/page").text.startswith("GET /page")
    front_end.stop()


@pytest.mark.parametrize("page", ["/_ah/login?action=Logout", "/_ah/logout?continue=/"])
def test_signing_out_forgets_the_user(browser: httpx.Client, page: str) -> None:
    sign_in(browser)
    assert browser.get(page).status_code == 302
    assert browser.get("/members/").status_code == 302


@pytest.mark.parametrize(
    "onward", ["http://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "http://[", "", "x"]
)
def test_signing_in_leads_to_this_app_only(browser: httpx.Client, onward: str) -> None:
    assert sign_in(browser, onward=onward).headers["Location"] == "/"


@pytest.mark.parametrize("email", ["", "ada", 'a"@b', "a:b@c", "<b>@x", "a@b\r\nX: y", "ä@b", "a\0@b"])
def test_what_is_no_address_is_refused(browser: httpx.Client, email: str) -> None:
    assert sign_in(browser, email).status_code == 400


def test_visitor_cannot_send_a_user(browser: httpx.Client) -> None:
    echo = browser.get("/", headers={"X-Appengine-User-Email": "root@example.com", "Cookie": "dev_appserver_login=x:y"})
    assert "User-Email" not in echo.text


@pytest.mark.parametrize("letter", ["\\000", "\\015\\012X: y", "\\177"])
def test_cookie_with_a_control_character_names_nobody(browser: httpx.Client, letter: str) -> None:
    echo = browser.get("/", headers={"Cookie": f'dev_appserver_login="ada{letter}@example.com:True:1"'})
    assert (echo.status_code, "User-Email" in echo.text) == (200, False)


def test_request_with_the_ticket_passes_for_app_engine_itself(browser: httpx.Client) -> None:
    task = {"X-Appengine-Api-Ticket": TICKET, "X-Appengine-QueueName": "default", "X-Appengine-User-Ip": "0.1.0.2"}
    echo = browser.get("/admin/", headers=task).text
    assert echo.startswith("GET /admin/")
    assert "X-Appengine-QueueName: default\r\n" in echo
    assert "X-Appengine-User-Ip: 0.1.0.2\r\n" in echo


def test_request_with_a_wrong_ticket_is_a_visitors(browser: httpx.Client) -> None:
    task = {"X-Appengine-Api-Ticket": "t2", "X-Appengine-QueueName": "default"}
    assert browser.get("/admin/", headers=task).status_code == 302
    assert "QueueName" not in browser.get("/", headers=task).text


def test_administrator_with_headers_of_app_engine_passes_for_it(browser: httpx.Client) -> None:
    cron = {"X-Appengine-Cron": "true", "X-Appengine-User-Ip": "0.1.0.2"}
    assert "Cron" not in browser.get("/", headers=cron).text
    sign_in(browser)
    assert "Cron" not in browser.get("/", headers=cron).text
    sign_in(browser, admin="True")
    echo = browser.get("/admin/", headers=cron).text
    assert "X-Appengine-Cron: true\r\n" in echo
    assert "X-Appengine-User-Ip: 0.1.0.2\r\n" in echo
    assert "User-Email" not in echo
    assert "cookie" not in echo.lower()

"""START, the learner's app and FINISH run next to the text."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Server
from tests.support.deadline import DEADLINE

pytestmark = pytest.mark.app
Open = Callable[..., Page]


@pytest.fixture
def running(new_page: Open) -> Page:
    """Start mod12 and its three apps."""
    page = new_page("/mod12-memcache")
    page.get_by_role("button", name="Start: make my copy").click()
    page.get_by_role("link", name="See it run").click()
    page.get_by_role("button", name="Start the apps").click()
    expect(page.locator(".pane a")).to_have_count(3)
    return page


def visits_in(page: Page, pane: str) -> list[str]:
    return page.frame_locator(f"#pane-{pane} iframe").locator("li").all_inner_texts()


def calls_of(page: Page, pane: str) -> Locator:
    return page.locator(f"#pane-{pane} .calls")


def visit(page: Page, button: str, user_agent: str | None = None) -> None:
    if user_agent:
        page.get_by_label("User-Agent").fill(user_agent)
    with page.expect_navigation():
        page.get_by_role("button", name=button, exact=True).click()


def test_apps_show_same_visits(running: Page) -> None:
    visit(running, "Visit START", "Ann")
    visit(running, "Visit FINISH", "Bob")
    visit(running, "Visit your copy", "Carol")
    assert [line.rpartition(" from ")[2] for line in visits_in(running, "work")] == [
        "127.0.0.1: Carol",
        "127.0.0.1: Bob",
        "127.0.0.1: Ann",
    ]


def test_visit_has_chosen_address_and_user_agent(running: Page) -> None:
    running.get_by_label("Visitor's address").select_option("127.0.0.3")
    visit(running, "Visit START", "<script>alert(1)</script>")
    assert visits_in(running, "START")[0].endswith("127.0.0.3: <script>alert(1)</script>")
    expect(running.get_by_label("Visitor's address")).to_have_value("127.0.0.3")


def test_calls_of_visit_are_shown(running: Page) -> None:
    visit(running, "Visit START", "Ann")
    expect(calls_of(running, "START").locator(".call")).to_have_text(
        ["1 Datastore Commit", "1 Datastore RunQuery", "1 Memcache Delete by ndb"]
    )
    expect(calls_of(running, "START")).to_contain_text("ndb keeps entities in Memcache on its own")
    visit(running, "Visit FINISH", "Ann")
    expect(calls_of(running, "FINISH")).to_contain_text("1 Memcache Set")
    visit(running, "Visit FINISH", "Ann")
    expect(calls_of(running, "FINISH").locator("li")).to_have_text(["1 Memcache Get"])


def test_cached_list_expires_after_an_hour(running: Page) -> None:
    visit(running, "Visit FINISH", "Ann")
    visit(running, "Visit FINISH", "Ann")
    assert len(visits_in(running, "FINISH")) == 1
    running.get_by_role("button", name="Let an hour pass").click()
    expect(running.get_by_role("status")).to_have_text("An hour has passed for the caches.")
    visit(running, "Visit FINISH", "Ann")
    assert len(visits_in(running, "FINISH")) == 2


def test_save_restarts_own_app_at_its_address(running: Page, server: Server) -> None:
    address = running.locator("#pane-work a").inner_text()
    template = server.course / "work" / "mod12-memcache" / "templates" / "index.html"
    template.write_text(template.read_text().replace("Last 10 visits", "The last visits"))
    expect(running.locator("#pane-work")).to_contain_text("started again after your save at")
    expect(running.locator("#pane-work a")).to_have_text(address)
    visit(running, "Visit your copy", "Ann")
    expect(running.frame_locator("#pane-work iframe").locator("h2")).to_have_text("The last visits")


def test_curl_of_a_step_goes_to_the_running_app(running: Page) -> None:
    address = running.locator("#pane-work a").inner_text()
    running.goto(running.url.partition("/run")[0] + "/step/3")
    expect(running.locator(".console", has_text="curl").locator("code")).to_contain_text(f"{address}/")


def test_app_that_does_not_start_shows_why_and_others_run(running: Page, server: Server) -> None:
    (server.course / "work" / "mod12-memcache" / "main.py").write_text("def broken(:\n")
    running.get_by_role("button", name="Restart your copy").click()
    expect(running.locator("#pane-work .note")).to_contain_text("main.py:1")
    visit(running, "Visit START", "Ann")
    assert len(visits_in(running, "START")) == 1


def test_log_is_shown(running: Page) -> None:
    visit(running, "Visit START", "Ann")
    running.locator("#pane-START summary").click()
    expect(running.locator("#pane-START pre")).to_contain_text("this runs on Python")


def test_stop_ends_apps(running: Page) -> None:
    address = running.locator("#pane-START a").first.inner_text()
    running.get_by_role("button", name="Stop the apps").click()
    expect(running.get_by_role("button", name="Start the apps")).to_be_visible()
    with pytest.raises(httpx.ConnectError):
        httpx.get(address, timeout=DEADLINE)


def test_redis_calls_are_shown(new_page: Open) -> None:
    page = new_page("/mod13-memorystore/run")
    page.get_by_role("button", name="Start the apps").click()
    expect(page.locator(".pane a")).to_have_count(2)
    visit(page, "Visit all", "Ann")
    expect(calls_of(page, "START")).to_contain_text("Memcache Set")
    expect(calls_of(page, "FINISH").locator("li")).to_have_text(
        ["1 Datastore Commit", "1 Datastore RunQuery", "1 Redis GET", "1 Redis SET"]
    )

"""START, the learner's app and FINISH run beside the text."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Server

Open = Callable[..., Page]


@pytest.fixture
def stage(new_page: Open) -> Page:
    """mod12 with a copy, its three apps started."""
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
        page.get_by_label("who says to be").fill(user_agent)
    with page.expect_navigation():
        page.get_by_role("button", name=button, exact=True).click()


def test_the_apps_show_the_same_visits(stage: Page) -> None:
    visit(stage, "visits START", "Ann")
    visit(stage, "visits FINISH", "Bob")
    visit(stage, "visits your copy", "Carol")
    assert [line.rpartition(" from ")[2] for line in visits_in(stage, "work")] == [
        "127.0.0.1: Carol",
        "127.0.0.1: Bob",
        "127.0.0.1: Ann",
    ]


def test_a_visitor_has_an_address_and_a_name_of_choice(stage: Page) -> None:
    stage.get_by_label("A visitor from").select_option("127.0.0.3")
    visit(stage, "visits START", "<script>alert(1)</script>")
    assert visits_in(stage, "START")[0].endswith("127.0.0.3: <script>alert(1)</script>")
    expect(stage.get_by_label("A visitor from")).to_have_value("127.0.0.3")


def test_each_visit_shows_what_it_asked_for(stage: Page) -> None:
    visit(stage, "visits START", "Ann")
    expect(calls_of(stage, "START").locator("li")).to_have_text(
        ["1 Datastore Commit", "1 Datastore RunQuery", "1 Memcache Delete"]
    )
    visit(stage, "visits FINISH", "Ann")
    expect(calls_of(stage, "FINISH")).to_contain_text("1 Memcache Set")
    visit(stage, "visits FINISH", "Ann")
    expect(calls_of(stage, "FINISH").locator("li")).to_have_text(["1 Memcache Get"])


def test_an_hour_passes_and_the_cached_list_is_renewed(stage: Page) -> None:
    visit(stage, "visits FINISH", "Ann")
    visit(stage, "visits FINISH", "Ann")
    assert len(visits_in(stage, "FINISH")) == 1
    stage.get_by_role("button", name="Let an hour pass").click()
    expect(stage.get_by_role("status")).to_have_text("An hour has passed for the caches.")
    visit(stage, "visits FINISH", "Ann")
    assert len(visits_in(stage, "FINISH")) == 2


def test_an_app_that_does_not_start_says_why_and_the_others_run(stage: Page, server: Server) -> None:
    (server.course / "work" / "mod12-memcache" / "main.py").write_text("def broken(:\n")
    stage.get_by_role("button", name="Restart your copy as it is now").click()
    expect(stage.locator("#pane-work .note")).to_contain_text("main.py:1")
    visit(stage, "visits START", "Ann")
    assert len(visits_in(stage, "START")) == 1


def test_a_log_is_in_the_page(stage: Page) -> None:
    visit(stage, "visits START", "Ann")
    stage.locator("#pane-START summary").click()
    expect(stage.locator("#pane-START pre")).to_contain_text("this runs on Python")


def test_the_apps_stop_on_request(stage: Page) -> None:
    address = stage.locator("#pane-START a").first.inner_text()
    stage.get_by_role("button", name="Stop the apps").click()
    expect(stage.get_by_role("button", name="Start the apps")).to_be_visible()
    with pytest.raises(httpx.ConnectError):
        httpx.get(address)


def test_redis_calls_are_shown_too(new_page: Open) -> None:
    page = new_page("/mod13-memorystore/run")
    page.get_by_role("button", name="Start the apps").click()
    expect(page.locator(".pane a")).to_have_count(2)
    visit(page, "visits all", "Ann")
    expect(calls_of(page, "START")).to_contain_text("Memcache Set")
    expect(calls_of(page, "FINISH").locator("li")).to_have_text(
        ["1 Datastore Commit", "1 Datastore RunQuery", "1 Redis GET", "1 Redis SET"]
    )

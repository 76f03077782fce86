"""A learner goes through a codelab in the browser."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server
from tests.support.deadline import DEADLINE


def edit(file: Path, *changes: tuple[str, str]) -> None:
    text = file.read_text()
    for found, put in changes:
        assert found in text, f"{file} has changed: adapt this test"
        text = text.replace(found, put, 1)
    file.write_text(text)


def start_mod12(page: Page, server: Server) -> Path:
    """Open mod12 from the map, and make the copy."""
    page.get_by_role("heading", name="Add App Engine Memcache").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Add App Engine Memcache")
    page.get_by_role("button", name="Start: make my copy").click()
    expect(page.get_by_text("0 of 3 steps done.")).to_be_visible()
    return server.course / "work" / "mod12-memcache"


def cache_as_text(work: Path) -> None:
    """Do step 1, written in another way."""
    edit(
        work / "main.py",
        (
            "    return Visit.query().order(-Visit.timestamp).fetch(limit)",
            "    rows = []\n"
            "    for found in Visit.query().order(-Visit.timestamp).fetch(limit):\n"
            '        rows.append({"timestamp": found.timestamp.ctime(), "visitor": found.visitor})\n'
            "    return rows",
        ),
    )
    edit(work / "templates" / "index.html", ("visit.timestamp.ctime()", "visit.timestamp"))


def write_the_cache(work: Path, call: str = "set") -> None:
    """Do step 2, written in another way; with another call than `set`, it is wrong."""
    edit(
        work / "main.py",
        ("from flask import", "import json\n\nfrom flask import"),
        (
            "from google.appengine.ext import ndb",
            "from google.appengine.api import memcache\nfrom google.appengine.ext import ndb",
        ),
        (
            "    visits = fetch_visits(10)\n",
            f'    visits = fetch_visits(10)\n    memcache.{call}("visits", json.dumps(visits), 60 * 60)\n',
        ),
    )


def read_the_cache(work: Path) -> None:
    """Do step 3 with an early return."""
    edit(
        work / "main.py",
        (
            "    store_visit(request.remote_addr, request.headers.get('User-Agent', ''))\n",
            "    agent = request.headers.get('User-Agent', '')\n"
            "    visits = known_visits()\n"
            "    if visits and visits[0]['visitor'] == '%s: %s' % (request.remote_addr, agent):\n"
            "        return render_template('index.html', visits=visits)\n"
            "    store_visit(request.remote_addr, agent)\n",
        ),
        (
            "@app.route('/')\n",
            "def known_visits():\n"
            "    try:\n"
            "        known = json.loads(memcache.get('visits') or '[]')\n"
            "        return [{'visitor': one['visitor'], 'timestamp': one['timestamp']} for one in known]\n"
            "    except Exception as error:\n"
            "        app.logger.warning('foreign: %r', error)\n"
            "        return []\n\n\n"
            "@app.route('/')\n",
        ),
    )


@pytest.mark.app
def test_editing_files_finishes_mod12(page: Page, server: Server) -> None:
    work = start_mod12(page, server)
    ticks = page.locator(".steps li.done")
    for number, do in enumerate((cache_as_text, write_the_cache, read_the_cache), 1):
        do(work)
        expect(ticks).to_have_count(number)
        expect(page.get_by_text(f"{number} of 3 steps done.")).to_be_visible()
    page.get_by_role("button", name="Check and run").click()
    expect(page.get_by_text("Well done! mod12-memcache is finished.")).to_be_visible()
    expect(
        page.get_by_text("Your app's output is the same as START's in 16 scenarios, except for the cache.")
    ).to_be_visible()
    expect(page.locator(".steps li.proven")).to_have_count(3)
    page.get_by_role("region", name="Your copy").get_by_role("link", name="Module 13").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("App Engine Memcache → Memorystore")
    page.get_by_role("link", name="All codelabs").click()
    expect(page.locator(".card", has_text="Module 12 ").first).to_contain_text("done 20")


def test_wrong_edit_is_reported_with_line(page: Page, server: Server) -> None:
    work = start_mod12(page, server)
    cache_as_text(work)
    expect(page.locator(".steps li.done")).to_have_count(1)
    page.goto(server.address("/mod12-memcache/step/2"))
    write_the_cache(work, "add")
    below = page.locator('.findings[data-file="main.py"]')
    expect(below).to_contain_text("memcache.set('visits', json.dumps(visits), time=HOUR)")
    expect(below).to_contain_text('memcache.add("visits", json.dumps(visits), 60 * 60)')
    expect(below.locator(".where")).to_have_text(f"line {_line(work / 'main.py', 'memcache.add')}")
    expect(below.locator("del").first).to_have_text("memcache.add")
    expect(page.locator(".stages li")).to_have_class(["partly", "open", "open"])


@pytest.mark.app
def test_step_says_whether_it_is_written_runs_and_has_same_output(page: Page, server: Server) -> None:
    work = start_mod12(page, server)
    page.goto(server.address("/mod12-memcache/step/1"))
    stages = page.locator(".stages li")
    cache_as_text(work)
    expect(stages).to_have_class(["yes", "open", "open"])
    edit(work / "main.py", ("return rows", "return rows[1:]"))
    page.get_by_role("button", name="Check and run").click()
    expect(stages).to_have_class(["yes", "yes", "no"])
    edit(work / "main.py", ("return rows[1:]", "return rows"))
    expect(page.locator(".outcome.old")).to_contain_text("Before your last save")
    page.get_by_role("button", name="Check and run").click()
    expect(stages).to_have_class(["yes", "yes", "yes"])
    expect(page.locator(".steps li.proven")).to_have_count(1)


@pytest.mark.app
def test_failing_app_shows_its_error(page: Page, server: Server) -> None:
    work = start_mod12(page, server)
    cache_as_text(work)
    edit(work / "main.py", ("return rows", "return rows + [1 / 0]"))
    expect(page.locator(".steps li.done")).to_have_count(1)
    page.get_by_role("button", name="Check and run").click()
    outcome = page.locator(".outcome")
    expect(outcome).to_contain_text("Your app's output is wrong in the scenario")
    expect(outcome).to_contain_text(f"main.py:{_line(work / 'main.py', '1 / 0')}: ZeroDivisionError: division by zero")


@pytest.mark.app
def test_check_under_way_is_named_and_old_outcome_is_grey(page: Page, server: Server, tmp_path: Path) -> None:
    work, begun, go_on = start_mod12(page, server), tmp_path / "begun", tmp_path / "go on"
    cache_as_text(work)
    expect(page.locator(".steps li.done")).to_have_count(1)
    page.get_by_role("button", name="Check and run").click()
    expect(page.locator(".outcome")).to_contain_text("output is the same as START's")
    waits = (
        "import os, time\n"
        f"open({str(begun)!r}, 'w').close()  # an app that is being checked, until the test goes on\n"
        f"while not os.path.exists({str(go_on)!r}):\n    time.sleep(.05)\n"
    )
    edit(work / "main.py", ("app = Flask", f"{waits}app = Flask"))
    expect(page.locator(".outcome.old")).to_have_count(1)
    page.get_by_role("button", name="Check and run").click()
    expect(page.locator(".under-way")).to_contain_text("Checking: ")
    expect(page.locator(".outcome.old")).to_have_count(1)
    end = time.monotonic() + DEADLINE
    while not begun.exists() and time.monotonic() < end:
        page.wait_for_timeout(50)  # a sleep in which the page goes on
    edit(work / "main.py", ("rows = []", "rows = list()"))
    go_on.touch()
    expect(page.locator(".under-way")).to_have_count(0)
    expect(page.locator(".outcome.old")).to_contain_text("a file was saved during the check; check again")


def test_apply_and_reset(page: Page, server: Server) -> None:
    work = start_mod12(page, server)
    page.get_by_role("button", name="Do step 1 for me").click()
    expect(page.get_by_text("1 of 3 steps done.")).to_be_visible()
    assert "as data a cache can hold" in (work / "main.py").read_text()
    page.get_by_role("link", name="Reset …").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Reset your copy to START?")
    expect(page.get_by_text("main.py: +4 -2 lines")).to_be_visible()
    page.get_by_role("button", name="Reset", exact=True).click()
    expect(page.get_by_text("0 of 3 steps done.")).to_be_visible()
    assert "as data a cache can hold" not in (work / "main.py").read_text()
    (kept,) = (server.course / "work" / ".kept").iterdir()
    assert "as data a cache can hold" in (kept / "main.py").read_text()


def test_apply_refuses_conflict_with_line(page: Page, server: Server) -> None:
    work = start_mod12(page, server)
    edit(work / "main.py", ("fetch(limit)", "fetch(limit + 0)"))
    page.get_by_role("button", name="Do step 1 for me").click()
    expect(page.get_by_role("status")).to_contain_text(f"main.py:{_line(work / 'main.py', 'most recent visits')}: ")
    assert "fetch(limit + 0)" in (work / "main.py").read_text()


def test_url_leads_to_its_step(new_page: Callable[..., Page]) -> None:
    page = new_page("/mod12-memcache/step/3")
    expect(page.get_by_role("heading", level=1)).to_have_text("Step 3 Serve the same visitor from the cache")
    page = new_page("/mod2-cloudndb/FINISH/step/2")
    expect(page.get_by_role("heading", level=1)).to_have_text("Step 2 Ask for the Python 3 runtime")


def test_arrow_keys_turn_pages(new_page: Callable[..., Page]) -> None:
    page = new_page("/mod12-memcache")
    for key, number in (("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1)):
        page.wait_for_load_state()
        page.keyboard.press(key)
        page.wait_for_url(f"**/mod12-memcache/step/{number}")


def test_copy_buttons_copy_lines_patches_and_commands(new_page: Callable[..., Page]) -> None:
    page = new_page("/mod12-memcache/step/2", permissions=["clipboard-read", "clipboard-write"])
    # Each place has its own lines, with what stands between them.
    page.get_by_role("button", name="Copy the new lines").first.click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("import json\n\nfrom flask import")
    assert copied.endswith("\nHOUR = 3600\n")
    page.get_by_role("button", name="Copy the patch").click()
    page.wait_for_function("navigator.clipboard.readText().then((text) => text.startsWith('--- a/main.py'))")
    page.goto(page.url.replace("/step/2", ""))
    page.get_by_role("button", name="Copy", exact=True).first.click()
    page.wait_for_function("navigator.clipboard.readText().then((text) => text === 'make run MOD=mod12-memcache\\n')")


@pytest.mark.app
def test_page_works_without_scripts(new_page: Callable[..., Page], server: Server) -> None:
    page = new_page("/mod12-memcache", java_script_enabled=False)
    page.get_by_role("button", name="Start: make my copy").click()
    page.get_by_role("button", name="Do step 1 for me").click()
    page.get_by_role("button", name="Check and run").click()
    expect(page.locator(".outcome")).to_contain_text("Your app's output is the same as START's in 10 scenarios.")
    expect(page.locator(".steps li.done")).to_have_count(1)
    page.goto(server.address("/mod12-memcache/step/1"))
    page.get_by_text("Hint", exact=True).click()
    expect(page.get_by_text("Both files change in this step.")).to_be_visible()


def _line(file: Path, text: str) -> int:
    return next(number for number, line in enumerate(file.read_text().splitlines(), 1) if text in line)

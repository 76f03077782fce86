"""The page: security, accessibility, small screens and paper."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from codelab.readme.course import Course
from codelab.web.rendering import PICTURES, picture_name
from tests.browser.conftest import Server
from tests.support.course import ROOT
from tests.support.deadline import DEADLINE

Open = Callable[..., Page]
PAGES = [
    "/",
    "/mod12-memcache",
    "/mod12-memcache/step/2",
    "/mod12-memcache/more",
    "/mod12-memcache/run",
    "/mod12-memcache/reset",
    "/mod12-memcache/compare",
    "/mod12-memcache/compare?old=START&new=FINISH&view=split",
    "/docs/platform-facts.md",
    "/assess/1",
]


@pytest.fixture
def started(server: Server) -> Server:
    """Start mod12, with one step done and one half done, and have an app of one's own assessed."""
    answer = post(server, "/mod12-memcache/begin")
    assert answer.status_code == 303
    assert post(server, "/mod12-memcache/apply").status_code == 303
    main = server.course / "work" / "mod12-memcache" / "main.py"
    main.write_text(main.read_text().replace("import ndb", "import ndb\nfrom google.appengine.api import memcache"))
    fields = {"token": token_of(server), "folder": str(server.course / "mod1-flask" / "START"), "to": "cloudrun"}
    page = httpx.post(server.address("/assess"), data=fields, follow_redirects=True, timeout=DEADLINE)
    assert page.status_code == 200
    return server


def token_of(server: Server) -> str:
    found = re.search(
        r'name="token" value="([^"]+)"', httpx.get(server.address("/mod12-memcache/"), timeout=DEADLINE).text
    )
    assert found
    return found[1]


def post(server: Server, path: str, headers: dict[str, str] | None = None, token: str | None = None) -> httpx.Response:
    """Post a form as a page of this server does, except for what a test changes."""
    data = {"token": token_of(server) if token is None else token}
    return httpx.post(server.address(path), data=data, headers=headers or {}, timeout=DEADLINE)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_axe_finds_nothing(new_page: Open, started: Server, scheme: str, width: int) -> None:
    page = new_page(color_scheme=scheme, viewport={"width": width, "height": 800})
    found = []
    for path in PAGES:
        page.goto(started.address(path))
        for violation in Axe().run(page).response["violations"]:
            found += [f"{path}: {violation['id']}: {node['html']}" for node in violation["nodes"]]
    assert found == []


def test_nothing_moves_while_a_page_loads(new_page: Open, started: Server) -> None:
    page = new_page()
    page.add_init_script(
        "window.moved = 0; new PerformanceObserver((list) => {"
        " for (const entry of list.getEntries()) window.moved += entry.value;"
        "}).observe({type: 'layout-shift', buffered: true});"
    )
    moved = {}
    for path in PAGES:
        page.goto(started.address(path))
        moved[path] = page.evaluate("new Promise((done) => requestAnimationFrame(() => done(window.moved)))")
    assert {path: value for path, value in moved.items() if value > 0} == {}


def test_pages_fit_phone(new_page: Open, started: Server) -> None:
    page = new_page(viewport={"width": 390, "height": 800}, device_scale_factor=2)
    widths = {}
    for path in PAGES:
        page.goto(started.address(path))
        widths[path] = page.evaluate("document.documentElement.scrollWidth")
    assert {path: width for path, width in widths.items() if width > 390} == {}


def test_print_has_text_without_controls(new_page: Open, started: Server) -> None:
    page = new_page("/mod12-memcache/step/2")
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("aside#progress")).to_be_hidden()
    expect(page.get_by_role("button", name="Copy the patch")).to_be_hidden()


def test_hint_opens_by_keyboard(new_page: Open) -> None:
    page = new_page("/mod12-memcache/step/2")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "SUMMARY":
            break
    page.keyboard.press("Enter")
    expect(
        page.get_by_text("`json.dumps`", exact=False).or_(page.get_by_text("turns the list into text"))
    ).to_be_visible()


def test_own_app_is_assessed_by_keyboard_without_scripts(new_page: Open, server: Server) -> None:
    page = new_page(java_script_enabled=False)
    folder = page.get_by_label("Folder of your app")
    for _ in range(3):  # after the links to the text and to all codelabs
        page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="nothing of them is run")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type("/none")
    page.keyboard.press("Enter")
    expect(folder).to_be_focused()
    expect(folder).to_have_accessible_description("/none: no such folder; name the folder with your app.yaml")
    page.keyboard.press("Control+a")
    page.keyboard.type(str(server.course / "mod1-flask" / "START"))
    page.keyboard.press("Tab")
    page.keyboard.type("Cloud Run")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Move START to Cloud Run")
    page.get_by_role("link", name="mod1-flask", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("webapp2 → Flask")


def test_form_of_other_origin_is_403(chromium: Browser, server: Server) -> None:
    form = f"""<form method="post" action="{server.address("/mod12-memcache/begin")}">
        <input name="token" value="{token_of(server)}"><button>Win a prize</button></form>"""
    with another_site(form) as address:
        page = chromium.new_context().new_page()
        page.goto(address)
        page.get_by_role("button").click()
        refused = f"403 Forbidden: the request comes from a page at {address}"
        expect(page.locator("body")).to_have_text(refused)
        page.context.close()
    assert not (server.course / "work" / "mod12-memcache").exists()


@contextmanager
def another_site(html: str) -> Iterator[str]:
    """Serve one page on a port of its own, which makes it another origin; yield its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as site:
        thread = threading.Thread(target=site.serve_forever)
        thread.start()
        yield f"http://localhost:{site.server_port}"
        site.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        pytest.param({"Origin": "http://evil.example"}, None, id="another origin"),
        pytest.param({"Origin": "null"}, None, id="an opaque origin"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, None, id="another site"),
        pytest.param({"Host": "evil.example"}, None, id="a name that points here"),
        pytest.param({}, "", id="no token"),
        pytest.param({}, "guessed", id="a wrong token"),
    ],
)
def test_foreign_request_is_403(server: Server, headers: dict[str, str], token: str | None) -> None:
    answer = post(server, "/mod12-memcache/begin", headers, token)
    assert answer.status_code == 403
    assert not (server.course / "work" / "mod12-memcache").exists()


def test_get_with_wrong_host_is_403(server: Server) -> None:
    assert httpx.get(server.url, headers={"Host": "evil.example"}, timeout=DEADLINE).status_code == 403


def test_get_changes_nothing(server: Server) -> None:
    for path in PAGES:
        httpx.get(server.address(path), follow_redirects=True, timeout=DEADLINE)
    for path in ("begin", "check", "apply", "run/start", "run/visit", "run/hour"):
        answer = httpx.get(server.address(f"/mod12-memcache/{path}"), follow_redirects=True, timeout=DEADLINE)
        assert answer.status_code in (404, 405)
    assert not (server.course / "work" / "mod12-memcache").exists()


def test_every_diagram_has_current_drawing() -> None:
    course = Course(ROOT)
    fences = [fence for module in course.modules for fence in course.codelab(module).page.fences]
    wanted = {picture_name(fence.text) for fence in fences if fence.language == "mermaid"}
    drawn = {path.stem for path in PICTURES.glob("*.svg")}
    assert wanted == drawn, "run `python -m codelab.web.draw`"


def test_map_has_all_tracks_in_the_groups_of_the_readme(page: Page) -> None:
    expect(page.locator(".group > h3")).to_have_text(["Start here", "Datastore", "Caches", "Destinations"])
    expect(page.locator(".card h4")).to_have_count(8)
    expect(page.locator(".card .second a")).to_have_count(6)
    first = page.locator(".card").first
    expect(first.locator("h4")).to_have_text("webapp2 → Flask")
    expect(first.locator(".then a").first).to_have_text("App Engine ndb → Cloud NDB")


def test_map_begins_with_what_the_app_imports(page: Page) -> None:
    question = page.get_by_role("region", name="What does your app import?")
    question.locator("div", has_text="import webapp2").get_by_role("link", name="Module 1").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("webapp2 → Flask")


def test_second_track_shows_its_own_commands(new_page: Open) -> None:
    page = new_page("/mod2-cloudndb/FINISH")
    commands = "\n".join(page.locator(".console code").all_inner_texts())
    assert "make run MOD=mod2-cloudndb/FINISH" in commands
    assert "MOD=mod2-cloudndb\n" not in commands
    expect(page.locator(".output")).to_have_count(0)


def test_command_has_link_to_what_the_page_does(new_page: Open) -> None:
    page = new_page("/mod1-flask/step/4")
    page.locator(".console", has_text="make diff").get_by_role("link", name="Compare here").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("START and FINISH")  # there is no copy yet


def test_renamed_file_is_one_change(new_page: Open) -> None:
    page = new_page("/mod1-flask/compare?old=START&new=FINISH")
    template = page.locator("figure", has_text="index.html → templates/index.html")
    expect(template.locator("tr.removed, tr.added")).to_have_count(2)


def test_comparison_groups_hunks_by_step_with_reason(new_page: Open) -> None:
    page = new_page("/mod12-memcache/compare?old=START&new=FINISH")
    first = page.locator("details.changes").first
    expect(first.locator("summary")).to_have_text("Step 1: Turn visits into data that a cache can hold")
    expect(first).to_contain_text("What is cached outlives the program that wrote it")
    expect(first.locator("tr.added").first).to_contain_text("visit.timestamp")


def test_comparison_shows_own_changes_apart(new_page: Open, started: Server) -> None:
    (started.course / "work" / "mod12-memcache" / "notes.txt").write_text("mine\n")
    page = new_page("/mod12-memcache/compare?old=START&new=work")
    own = page.locator("details.changes", has_text="Your own changes, not part of any step")
    expect(own).to_contain_text("notes.txt")


def test_unknown_path_is_404(server: Server) -> None:
    answer = httpx.get(server.address("/mod99-nothing/step/1"), timeout=DEADLINE, follow_redirects=True)
    assert answer.status_code == 404
    assert "no such module; choose one of mod1-flask" in answer.text
    answer = httpx.get(server.address("/mod12-memcache/step/9"), timeout=DEADLINE)
    assert answer.status_code == 404
    assert "mod12-memcache has no step 9; its steps are 1 to 3" in answer.text

"""Takes the pictures in docs/pictures, with the Chromium on PATH: `python -m codelab.web.screenshots`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from codelab.errors import CodelabError
from codelab.readme.course import find_course

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# The visitors in the picture of the sample app.
_USER_AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "curl/8.14.1",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Safari/604.1",
)


def take_app_picture(browser: Browser, pictures: Path, url: str) -> None:
    """Take a picture of the sample app after a few visits."""
    for user_agent in _USER_AGENTS:
        page = browser.new_page(viewport={"width": 1000, "height": 190}, user_agent=user_agent)
        # By name the visitor may be ::1, by address every machine shows the same.
        page.goto(url.replace("localhost", "127.0.0.1"))
    page.screenshot(path=pictures / "visitme.png")


def half_do(main: Path) -> None:
    """Write the second step of mod12 with the mistake that its text warns of."""
    text = main.read_text(encoding="utf-8")
    text = text.replace(
        "from google.appengine.ext", "from google.appengine.api import memcache\nfrom google.appengine.ext", 1
    ).replace(
        "    visits = fetch_visits(10)\n",
        "    visits = fetch_visits(10)\n    memcache.add('visits', json.dumps(visits), time=3600)\n",
    )
    main.write_text(text.replace("from flask", "import json\n\nfrom flask", 1), encoding="utf-8")


def take_course_pictures(browser: Browser, root: Path, pictures: Path, url: str) -> None:
    """Take a picture of the map, a step that is half done, the running apps and a comparison; two also in the dark.

    A phone has its own pictures.
    """
    page = browser.new_page(viewport={"width": 1280, "height": 860})
    page.goto(url)
    page.screenshot(path=pictures / "map.png", full_page=True)
    page.goto(f"{url}mod12-memcache")
    page.get_by_role("button", name="Start: make my copy").click()
    page.get_by_role("button", name="Do step 1 for me").click()
    page.get_by_text("1 of 3 steps done.").wait_for()
    half_do(root / "work" / "mod12-memcache" / "main.py")
    page.goto(f"{url}mod12-memcache/step/2")
    page.locator(".findings .missing").wait_for()
    page.screenshot(path=pictures / "step.png", full_page=True)
    page.get_by_role("link", name="See it run").first.click()
    page.get_by_role("button", name="Start the apps").click()
    page.get_by_role("button", name="Visit all").click()
    page.get_by_role("button", name="Visit FINISH").click()
    for pane in ("START", "work", "FINISH"):
        page.frame_locator(f"#pane-{pane} iframe").locator("li").first.wait_for()
    page.screenshot(path=pictures / "run.png", full_page=True)
    page.goto(f"{url}mod1-flask/compare?old=START&new=FINISH&view=split")
    page.screenshot(path=pictures / "compare.png")
    dark = browser.new_page(viewport={"width": 1280, "height": 860}, color_scheme="dark")
    dark.goto(f"{url}mod12-memcache/step/2")
    dark.screenshot(path=pictures / "step-dark.png")
    phone = browser.new_page(viewport={"width": 390, "height": 844}, color_scheme="dark")
    phone.goto(f"{url}mod12-memcache/step/2")
    phone.screenshot(path=pictures / "step-phone.png")


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start Chromium, and end it."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        raise CodelabError("chromium is not on PATH; on Debian or Ubuntu: apt install chromium")
    # Chromium's sandbox does not start for root, as in a container.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=chromium, args=sandbox) as browser:
        yield browser


@contextmanager
def serve(*command: str) -> Iterator[str]:
    """Run a module of ours, yield the address in its first line, and end it."""
    with subprocess.Popen([sys.executable, "-m", *command], stdout=subprocess.PIPE, text=True) as server:
        try:
            found = re.search(r"http://\S+", server.stdout.readline() if server.stdout else "")
            if not found:
                raise CodelabError(f"{command[0]} printed no address")
            yield found[0]
        finally:
            server.terminate()


def main() -> None:
    """Serve the sample app, then a course without a learner's copies, and take the pictures."""
    root = find_course(Path(__file__)).root
    if (root / "work" / "mod12-memcache").exists():
        raise CodelabError("work/mod12-memcache exists, but the pictures are of a new learner; move it away")
    pictures = root / "docs" / "pictures"
    pictures.mkdir(exist_ok=True)
    with open_browser() as browser:
        with serve("localcloud", "run", str(root / "mod1-flask" / "START"), "--port", "0", "--data", ":memory:") as url:
            take_app_picture(browser, pictures, url)
        with serve("codelab", "--course", str(root), "serve", "--port", "0") as url:
            take_course_pictures(browser, root, pictures, url)
    shutil.rmtree(root / "work" / "mod12-memcache", ignore_errors=True)


if __name__ == "__main__":
    main()

"""Takes the pictures of the page for the README, with the Chromium on PATH: `python -m codelab.web.screenshots`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from codelab.errors import CodelabError
from codelab.readme.course import find_course


def take_pictures(root: Path, url: str) -> None:
    """Take a picture of the map, a step, the running apps and a comparison."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        raise CodelabError("chromium is not on PATH; on Debian or Ubuntu: apt install chromium")
    pictures = root / "docs" / "pictures"
    pictures.mkdir(exist_ok=True)
    # Chromium's sandbox does not start for root, as in a container.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=chromium, args=sandbox) as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(url)
        page.screenshot(path=pictures / "map.png")
        page.goto(f"{url}mod12-memcache")
        page.get_by_role("button", name="Start: make my copy").click()
        page.get_by_role("button", name="Do step 1 for me").click()
        page.goto(f"{url}mod12-memcache/step/2")
        page.screenshot(path=pictures / "step.png")
        page.get_by_role("link", name="See it run").click()
        page.get_by_role("button", name="Start the apps").click()
        page.get_by_role("button", name="Visit all").click()
        page.get_by_role("button", name="Visit FINISH").click()
        page.locator("#pane-FINISH .calls").wait_for()
        page.screenshot(path=pictures / "run.png")
        page.goto(f"{url}mod12-memcache/compare?old=START&new=FINISH&view=split")
        page.screenshot(path=pictures / "compare.png")


def main() -> None:
    """Serve a course without a learner's copies, and take the pictures."""
    root = find_course(Path(__file__)).root
    if (root / "work" / "mod12-memcache").exists():
        raise CodelabError("work/mod12-memcache exists, but the pictures are of a new learner; move it away")
    command = [sys.executable, "-m", "codelab", "--course", str(root), "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            found = re.search(r"http://\S+/", server.stdout.readline() if server.stdout else "")
            if found:
                take_pictures(root, found[0])
        finally:
            server.terminate()
    shutil.rmtree(root / "work" / "mod12-memcache", ignore_errors=True)


if __name__ == "__main__":
    main()

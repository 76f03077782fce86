"""Draws the codelabs' diagrams, so that pages show them without the network: `python -m codelab.web.draw`.

For authors, after a change of a diagram. It needs npm, which fetches Mermaid, and Chromium on PATH.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from codelab.errors import CodelabError
from codelab.readme.course import find_course
from codelab.web.rendering import PICTURES, picture_name

MERMAID = "mermaid@12.3.0"
_DRAW = """async ([name, source]) => {
  mermaid.initialize({startOnLoad: false, theme: 'neutral', htmlLabels: false, flowchart: {htmlLabels: false}});
  return (await mermaid.render('picture-' + name, source)).svg;
}"""


def draw_all(course_pages: list[str]) -> None:
    """Draw each diagram, and delete drawings that no page uses any more."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        raise CodelabError("chromium is not on PATH; on Debian or Ubuntu: apt install chromium")
    wanted = {picture_name(source): source for source in course_pages}
    for old in PICTURES.glob("*.svg"):
        if old.stem not in wanted:
            old.unlink()
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        packed = subprocess.run(
            ["npm", "pack", "--silent", MERMAID], cwd=scratch, capture_output=True, text=True, check=True
        )
        with tarfile.open(Path(scratch) / packed.stdout.strip()) as package:
            package.extract("package/dist/mermaid.min.js", scratch)
        # Chromium's sandbox does not start for root, as in a container.
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        with playwright.chromium.launch(executable_path=chromium, args=sandbox) as browser:
            page = browser.new_page()
            page.add_script_tag(path=Path(scratch) / "package" / "dist" / "mermaid.min.js")
            for name, source in wanted.items():
                (PICTURES / f"{name}.svg").write_text(page.evaluate(_DRAW, [name, source]) + "\n", encoding="utf-8")


def main() -> None:
    """Draw the diagrams of all codelabs."""
    course = find_course(Path(__file__))
    fences = [fence for module in course.modules for fence in course.codelab(module).page.fences]
    PICTURES.mkdir(exist_ok=True)
    draw_all([fence.text for fence in fences if fence.language == "mermaid"])


if __name__ == "__main__":
    main()

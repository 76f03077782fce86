"""Checks that the links of a page lead somewhere."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from codelab.errors import Problem
from codelab.readme.markdown import anchor, headings, parse
from codelab.readme.model import Page
from localcloud.files.paths import OutsideError, resolve_inside


class LinkChecker:
    """Checks links into the repository; `checked` counts them. Links to other sites are not followed."""

    def __init__(self, root: Path) -> None:
        self.checked = 0
        self._root = root.resolve()
        self._anchors: dict[Path, set[str]] = {}

    def check(self, page: Page) -> Iterator[Problem]:
        """Yield a problem for each link to a file or a heading that does not exist."""
        for link in page.links:
            target = urlsplit(link.target)
            if target.scheme or target.netloc:
                continue
            self.checked += 1
            try:
                name = posixpath.normpath(posixpath.join(posixpath.dirname(page.name), unquote(target.path)))
                path = (
                    page.path.resolve()
                    if not target.path
                    else self._root
                    if name == "."
                    else resolve_inside(self._root, name)
                )
            except OutsideError:
                yield Problem(page.name, link.line, f"{link.target} leads out of this repository")
                continue
            if not path.exists():
                yield Problem(page.name, link.line, f"{link.target} does not exist")
            elif target.fragment and target.fragment not in self._headings(path):
                yield Problem(page.name, link.line, f"{path.name} has no heading #{target.fragment}")

    def _headings(self, path: Path) -> set[str]:
        """Return the anchors that repository pages give a Markdown file's headings."""
        if path not in self._anchors:
            tokens = parse(path.read_text(encoding="utf-8"))
            self._anchors[path] = {anchor(title) for _, title, _ in headings(tokens)}
        return self._anchors[path]

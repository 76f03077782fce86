"""Renders Markdown as HTML, with links within the site, coloured diffs, buttons to copy, and pictures."""

from __future__ import annotations

import hashlib
import posixpath
import re
import struct
from collections.abc import Callable, Sequence
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from codelab.readme.course import Course
from codelab.readme.markdown import anchor
from codelab.readme.trees import held
from codelab.web.diff_html import code_block, diff_html
from codelab.web.page_links import PageOfTrack, find_address

PICTURES = Path(__file__).with_name("pictures")
_OTHER_SITE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_TAG = re.compile(r"(</?(?:details|summary)>|<details open>|<br ?/?>)")
_FORMATTER = HtmlFormatter(nowrap=True)


class Renderer:
    """Renders the Markdown of one page; `page` is its path in the repository, as in "mod2-cloudndb/README.md".

    `shown_on` is the track whose page has the text, if one has. `below_diff` returns HTML to put under a file's diff.
    """

    def __init__(
        self,
        course: Course,
        page: str,
        shown_on: PageOfTrack | None = None,
        below_diff: Callable[[str], str] = lambda file: "",
    ) -> None:
        self._course = course
        self._directory = posixpath.dirname(page)
        self._shown_on = shown_on
        self._below_diff = below_diff
        self._markdown = MarkdownIt(renderer_cls=RendererHTML).enable("table")
        rules: dict[str, Callable[[Token, Token], str]] = {
            "fence": lambda token, _: self._fence(token),
            "link_open": lambda token, _: self._link(token),
            "image": lambda token, _: self._image(token),
            "heading_open": lambda token, text: f'<{token.tag} id="{escape(anchor(text.content))}">',
            "table_open": lambda *_: '<div class="wide" tabindex="0"><table>',
            "table_close": lambda *_: "</table></div>",
            "html_block": lambda token, _: safe_html(token.content),
            "html_inline": lambda token, _: safe_html(token.content),
        }
        for name, rule in rules.items():
            self._markdown.add_render_rule(name, _rule(rule))

    def html(self, text: str) -> Markup:
        """Render Markdown as HTML; raw HTML in it becomes text, except for the tags that `safe_html` keeps."""
        # The corner of a table says nothing, so it is no heading.
        return Markup(self._markdown.render(text).replace("<th></th>", "<td></td>"))

    def line(self, text: str) -> Markup:
        """Render a line of Markdown as HTML without a paragraph around it."""
        return Markup(self._markdown.renderInline(text))

    def _fence(self, token: Token) -> str:
        language, text = token.info.strip(), token.content
        if language == "diff":
            return diff_html(text, self._below_diff)
        if language == "mermaid":
            return picture_html(text)
        if language == "console":
            return self._console(text)
        if language == "output" and self._shown_on and not self._shown_on.ref.is_main:
            return ""  # what the commands of the main track print
        return code_block(language or "text", f"<code>{_highlighted(text, language)}</code>", [("Copy", text)])

    def _console(self, text: str) -> str:
        commands = [line.removeprefix("$ ") for line in text.splitlines()]
        links = ""
        if self._shown_on:
            commands = [self._shown_on.adapt(command) for command in commands]
            found = dict.fromkeys(link for command in commands if (link := self._shown_on.link_for(command)))
            links = "".join(f'<a class="here" href="{escape(path)}">{label}</a>' for label, path in found)
        shown = "".join(f'<i aria-hidden="true">$ </i>{escape(command)}\n' for command in commands)
        copied = "".join(f"{command}\n" for command in commands)
        return code_block("console", f"<code>{shown}</code>", [("Copy", copied)], "In a terminal", links)

    def _link(self, token: Token) -> str:
        target = str(token.attrGet("href") or "")
        if _OTHER_SITE.match(target):
            return f'<a href="{escape(target)}" rel="noreferrer">'
        return f'<a href="{escape(self._address(target))}">'

    def _image(self, token: Token) -> str:
        source = str(token.attrGet("src") or "")
        size = ""
        if not _OTHER_SITE.match(source):
            size = _size_of_png(held(self._course.root, posixpath.normpath(posixpath.join(self._directory, source))))
            source = self._address(source)
        return f'<img src="{escape(source)}" alt="{escape(token.content)}"{size}>'

    def _address(self, target: str) -> str:
        """Return where this site shows a file of the repository."""
        return find_address(self._course, target, self._directory)


def safe_html(text: str) -> str:
    """Turn raw HTML into text, except for bare tags of the format: details, summary and br. Comments are left out.

    A tag with any attribute but `open` becomes text too, so that nothing runs, styles, loads or links.
    """
    text = _COMMENT.sub("", text)
    return "".join(part if _TAG.fullmatch(part) else escape(part) for part in _TAG.split(text))


def _rule(rule: Callable[[Token, Token], str]) -> Callable[..., str]:
    """Wrap a rule as markdown-it calls it: bound to its renderer, with all tokens and the index of one."""

    def render(_renderer: object, tokens: Sequence[Token], index: int, *_: Any) -> str:
        return rule(tokens[index], tokens[min(index + 1, len(tokens) - 1)])

    return render


def _size_of_png(file: Path) -> str:
    """Return the attributes for a picture's size, so that the text below does not move when it comes; "" if unknown.

    https://www.w3.org/TR/png-3/#11IHDR
    """
    try:
        with file.open("rb") as picture:
            head = picture.read(24)
    except OSError:
        return ""
    if len(head) < 24 or not head.startswith(b"\x89PNG"):
        return ""
    width, height = struct.unpack(">II", head[16:])
    return f' width="{width}" height="{height}"'


def picture_html(text: str) -> str:
    """Render a diagram by its stored drawing, or as its source if there is none."""
    picture = PICTURES / f"{picture_name(text)}.svg"
    if not picture.is_file():
        return code_block("mermaid", f"<code>{escape(text)}</code>", [])
    return f'<figure class="picture" tabindex="0">{picture.read_text(encoding="utf-8")}</figure>'


def picture_name(text: str) -> str:
    """Return the file name of a diagram's drawing, without its suffix."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@lru_cache(maxsize=512)
def _highlighted(text: str, language: str) -> str:
    try:
        return str(highlight(text, get_lexer_by_name(language, stripnl=False), _FORMATTER))
    except ClassNotFound:
        return escape(text)

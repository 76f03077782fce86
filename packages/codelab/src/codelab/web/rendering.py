"""Renders Markdown as HTML, with links within the site, coloured diffs, buttons to copy, and pictures."""

from __future__ import annotations

import hashlib
import posixpath
import re
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
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.util import ClassNotFound

from codelab.readme.course import Course
from codelab.readme.markdown import anchor

PICTURES = Path(__file__).with_name("pictures")
_MODULE = re.compile(r"(mod\d+-[\w-]+)/README\.md")
_OTHER_SITE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_TAG = re.compile(r"(</?(?:details|summary)>|<details open>|<br ?/?>)")
_FORMATTER = HtmlFormatter(nowrap=True)


class Renderer:
    """Renders the Markdown of one page; `page` is its path in the repository, as in "mod2-cloudndb/README.md"."""

    def __init__(self, course: Course, page: str) -> None:
        self._course = course
        self._directory = posixpath.dirname(page)
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
        return Markup(self._markdown.render(text))

    def _fence(self, token: Token) -> str:
        language, text = token.info.strip(), token.content
        if language == "diff":
            return diff_html(text)
        if language == "mermaid":
            return picture_html(text)
        if language == "console":
            commands = "".join(f"{line.removeprefix('$ ')}\n" for line in text.splitlines())
            return _code_block("console", f"<code>{escape(text)}</code>", [("Copy", commands)])
        return _code_block(language or "text", f"<code>{_highlighted(text, language)}</code>", [("Copy", text)])

    def _link(self, token: Token) -> str:
        target = str(token.attrGet("href") or "")
        if _OTHER_SITE.match(target):
            return f'<a href="{escape(target)}" rel="noreferrer">'
        return f'<a href="{escape(self._address(target))}">'

    def _image(self, token: Token) -> str:
        source = str(token.attrGet("src") or "")
        shown = source if _OTHER_SITE.match(source) else self._address(source)
        return f'<img src="{escape(shown)}" alt="{escape(token.content)}">'

    def _address(self, target: str) -> str:
        """Return where this site shows a file of the repository."""
        path, hash_sign, fragment = target.partition("#")
        if not path:
            return target
        name = posixpath.normpath(posixpath.join(self._directory, path))
        module = _MODULE.fullmatch(name)
        if module and module[1] in self._course.modules:
            name = f"{module[1]}/more" if fragment else module[1]
        return f"/{name}{hash_sign}{fragment}"


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


def diff_html(text: str) -> str:
    """Render a unified diff, each file in a block of its own, its lines marked as added, removed or kept."""
    parts: list[list[str]] = []
    lines = text.splitlines(keepends=True)
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        in_hunks = bool(parts) and any(earlier.startswith("@@") for earlier in parts[-1])
        new_file = line.startswith("--- ") and following.startswith("+++ ")
        if not parts or line.startswith("diff --git ") or (new_file and in_hunks):
            parts.append([])
        parts[-1].append(line)
    return "".join(_file_html("".join(part)) for part in parts)


def _file_html(text: str) -> str:
    lines = text.splitlines()
    start = next((number for number, line in enumerate(lines) if line.startswith("@@")), len(lines))
    old, new = (_path(lines[:start], sign) for sign in ("--- ", "+++ "))
    renamed = next((line.partition(" ")[2] for line in lines[:start] if line.startswith("rename from ")), None)
    title = f"{old}: delete" if new is None else f"{new}: new file" if old is None else new
    if renamed:
        title = f"{renamed.removeprefix('from ')} becomes {new}"
    body, added = [], []
    for line in lines[start:]:
        kind = {"+": "added", "-": "removed", "@": "hunk"}.get(line[:1], "kept")
        code = line[1:] if kind in ("added", "removed", "kept") else line
        if kind in ("added", "kept"):
            added.append(code)
        sign = f"<i>{escape(line[:1] or ' ')}</i>"
        shown = escape(line) if kind == "hunk" else sign + highlighted_line(code, new or old or "")
        body.append(f'<span class="{kind}">{shown}\n</span>')
    buttons = [("Copy the patch", text)]
    if new is not None:
        only_new = "".join(f"{line[1:]}\n" for line in lines[start:] if line.startswith("+"))
        buttons.insert(0, ("Copy the new lines", only_new))
    return _code_block("diff", f"<code>{''.join(body)}</code>", buttons, title)


def _path(lines: list[str], sign: str) -> str | None:
    name = next((line[4:] for line in lines if line.startswith(sign)), "/dev/null")
    return None if name == "/dev/null" else name[2:]


def picture_html(text: str) -> str:
    """Render a diagram by its stored drawing, or as its source if there is none."""
    picture = PICTURES / f"{picture_name(text)}.svg"
    if not picture.is_file():
        return _code_block("mermaid", f"<code>{escape(text)}</code>", [])
    return f'<figure class="picture">{picture.read_text(encoding="utf-8")}</figure>'


def picture_name(text: str) -> str:
    """Return the file name of a diagram's drawing, without its suffix."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _code_block(kind: str, code: str, buttons: list[tuple[str, str]], title: str | None = None) -> str:
    shown = "".join(
        f'<button type="button" class="copy" hidden data-copy="{escape(text)}">{escape(label)}</button>'
        for label, text in buttons
    )
    caption = f"<figcaption>{f'<b>{escape(title)}</b>' if title else ''}{shown}</figcaption>"
    return f'<figure class="code {escape(kind)}">{caption}<pre tabindex="0">{code}</pre></figure>\n'


@lru_cache(maxsize=4096)
def highlighted_line(line: str, file: str) -> str:
    """Render one line of a file, coloured by the file's language."""
    try:
        lexer = get_lexer_for_filename(file, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return escape(line)
    return str(highlight(line, lexer, _FORMATTER)).rstrip("\n")


@lru_cache(maxsize=512)
def _highlighted(text: str, language: str) -> str:
    try:
        return str(highlight(text, get_lexer_by_name(language, stripnl=False), _FORMATTER))
    except ClassNotFound:
        return escape(text)

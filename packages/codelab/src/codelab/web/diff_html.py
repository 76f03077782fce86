"""Renders a unified diff as HTML: a block for each file, with buttons that copy its new lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from html import escape

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_for_filename
from pygments.util import ClassNotFound

_FORMATTER = HtmlFormatter(nowrap=True)
_KINDS = {"+": "added", "-": "removed"}


def diff_html(text: str, below: Callable[[str], str] = lambda file: "") -> str:
    """Render a unified diff, its lines marked as added, removed or kept. `below` returns HTML to put under a file."""
    return "".join(_file_html("".join(part), below) for part in _files(text))


def _files(text: str) -> list[list[str]]:
    """Split a diff into the lines of each file."""
    parts: list[list[str]] = []
    lines = text.splitlines(keepends=True)
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        in_hunks = bool(parts) and any(earlier.startswith("@@") for earlier in parts[-1])
        new_file = line.startswith("--- ") and following.startswith("+++ ")
        if not parts or line.startswith("diff --git ") or (new_file and in_hunks):
            parts.append([])
        parts[-1].append(line)
    return parts


def _file_html(text: str, below: Callable[[str], str]) -> str:
    lines = text.splitlines()
    start = next((number for number, line in enumerate(lines) if line.startswith("@@")), len(lines))
    old, new = (_path(lines[:start], sign) for sign in ("--- ", "+++ "))
    renamed = next((line.partition(" ")[2] for line in lines[:start] if line.startswith("rename from ")), None)
    title = f"{old}: delete" if new is None else f"{new}: new file" if old is None else new
    if renamed:
        title = f"{renamed.removeprefix('from ')} becomes {new}"
    hunks = list(_hunks(lines[start:]))
    buttons = [("Copy the patch", text)]
    if new is not None and len(hunks) == 1 and (lines_to_copy := _new_lines(hunks[0])):
        buttons.insert(0, ("Copy the new lines", lines_to_copy))
    file = new or old or ""
    # Lines that are far apart do not belong together: each hunk has its own button then.
    body = "".join(_hunk_html(hunk, file, with_button=new is not None and len(hunks) > 1) for hunk in hunks)
    return code_block("diff", f"<code>{body}</code>", buttons, title) + below(file)


def _path(lines: list[str], sign: str) -> str | None:
    name = next((line[4:] for line in lines if line.startswith(sign)), "/dev/null")
    return None if name == "/dev/null" else name[2:]


def _hunks(lines: list[str]) -> Iterator[list[str]]:
    """Yield the lines of each hunk, with its head."""
    hunk: list[str] = []
    for line in lines:
        if line.startswith("@@") and hunk:
            yield hunk
            hunk = []
        hunk.append(line)
    if hunk:
        yield hunk


def _new_lines(hunk: list[str]) -> str:
    """Return what a hunk's region reads afterwards, from its first new line to the last."""
    after = [line for line in hunk[1:] if not line.startswith(("-", "\\"))]
    new = [number for number, line in enumerate(after) if line.startswith("+")]
    return "".join(f"{line[1:]}\n" for line in after[new[0] : new[-1] + 1]) if new else ""


def _hunk_html(hunk: list[str], file: str, *, with_button: bool) -> str:
    lines = _new_lines(hunk) if with_button else ""
    button = copy_button("Copy the new lines", lines) if lines else ""
    # The button comes first, so that it stays in sight beside a long line.
    shown = [f'<span class="hunk">{button}{escape(hunk[0])}\n</span>']
    for line in hunk[1:]:
        sign = f"<i>{escape(line[:1] or ' ')}</i>"
        shown.append(f'<span class="{_KINDS.get(line[:1], "kept")}">{sign}{highlighted_line(line[1:], file)}\n</span>')
    return "".join(shown)


def copy_button(label: str, text: str) -> str:
    """Return a button that copies a text; it is shown when the page's script runs."""
    return f'<button type="button" class="copy" hidden data-copy="{escape(text)}">{escape(label)}</button>'


def code_block(kind: str, code: str, buttons: list[tuple[str, str]], title: str | None = None, more: str = "") -> str:
    """Return a block of code: HTML with a caption, which has the title, `more` as HTML, and buttons that copy."""
    shown = more + "".join(copy_button(label, text) for label, text in buttons)
    caption = f"<figcaption>{f'<b>{escape(title)}</b>' if title else ''}{shown}</figcaption>" if title or shown else ""
    return f'<figure class="code {escape(kind)}">{caption}<pre tabindex="0">{code}</pre></figure>\n'


@lru_cache(maxsize=4096)
def highlighted_line(line: str, file: str) -> str:
    """Render one line of a file, coloured by the file's language."""
    try:
        lexer = get_lexer_for_filename(file, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return escape(line)
    return str(highlight(line, lexer, _FORMATTER)).rstrip("\n")

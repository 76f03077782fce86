"""Renders the message of a finding, with the words marked in which two lines differ."""

from __future__ import annotations

import difflib
import re
from html import escape

from markupsafe import Markup

_TWO_LINES = re.compile(
    r'expected "(?P<wanted>.+?)"(?P<where> at the top level of the file)?, found "(?P<found>.+)"(?P<why>; .+)?',
    re.DOTALL,
)
_MARKS = re.compile(r"\[-(?P<gone>.*?)-\]|\{\+(?P<new>.*?)\+\}|(?P<quoted>\"[^\"]+\")", re.DOTALL)
_WORDS = re.compile(r"\s+|[\w.]+|[^\w\s]")


def finding_html(message: str) -> Markup:
    """Return a message as HTML: lines of code as code, what differs between two lines as <ins> and <del>."""
    if found := _TWO_LINES.fullmatch(message):
        wanted, mine = _mark_both(found["wanted"], found["found"])
        return Markup(
            f'<span class="line">expected <code>{wanted}</code>{escape(found["where"] or "")}</span>'
            f'<span class="line">found <code>{mine}</code>{escape(found["why"] or "")}</span>'
        )
    parts, end = [], 0
    for mark in _MARKS.finditer(message):
        parts.append(escape(message[end : mark.start()]))
        end = mark.end()
        if mark["quoted"]:
            parts.append(f"<code>{escape(mark['quoted'][1:-1])}</code>")
        else:
            tag, text = ("del", mark["gone"]) if mark["gone"] is not None else ("ins", mark["new"])
            parts.append(f"<code><{tag}>{escape(text)}</{tag}></code>")
    return Markup("".join([*parts, escape(message[end:])]))


def _mark_both(wanted: str, found: str) -> tuple[str, str]:
    """Return both lines as HTML, with the words marked that only one of them has."""
    new, old = _WORDS.findall(wanted), _WORDS.findall(found)
    new_html, old_html = [], []
    # Which quotes a line has is the learner's choice.
    alike = [[word.replace('"', "'") for word in words] for words in (old, new)]
    matcher = difflib.SequenceMatcher(a=alike[0], b=alike[1], autojunk=False)
    for tag, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        mine, theirs = escape("".join(old[old_start:old_end])), escape("".join(new[new_start:new_end]))
        old_html.append(mine if tag == "equal" or not mine else f"<del>{mine}</del>")
        new_html.append(theirs if tag == "equal" or not theirs else f"<ins>{theirs}</ins>")
    return "".join(new_html), "".join(old_html)

"""The places of an answer that give out a value, in words that fit other apps' answers, too: see `Source`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus, unquote

from localcloud.traffic.given import Given, without_origin
from localcloud.traffic.values import looks_handed_out

# A part of a URL that another app may have another value for, besides the one that is looked for.
_PART = re.compile(r"[^/?&=;,:.]+")
_ANY = "{}"
# An attribute that is no URL, see `Page.attributes`: the value is all that remains.
_NAME = re.compile(r"(meta [^=]*|data-[^=/]*)=")
_LONGEST_URL = 1000
_RANDOM = 16
_CONTEXT = 24


def list_patterns(value: str, name: str, given: Given, *, alone: bool) -> Iterator[tuple[str, str]]:
    """Yield the places of an answer that have a value, the most telling first, as kind and pattern.

    `name` is that of the field with the value in a later request, and `alone` is true if nothing else in it is equal.
    """
    token = looks_handed_out(value)
    if given.page and name and (token or alone) and (name, value) in given.page.hidden:
        yield "field", name
    if not token:
        return
    if given.page:
        yield from (("field", name) for name, content in given.page.fields if content == value)
    yield from (("cookie", name) for name, content in given.cookies if content == value)
    yield from (("location", pattern) for pattern in _generalise(given.location, value))
    for path, content in given.json:
        if content == value:
            yield "json", path
        else:
            yield from (("json", f"{path}={pattern}") for pattern in _generalise(without_origin(content), value))
    if given.page:
        for attribute in given.page.attributes:
            yield from (("attribute", pattern) for pattern in _generalise(attribute, value))
    if len(value) >= _RANDOM:
        yield from (("text", pattern) for pattern in _find_contexts(given.text, value))


def _generalise(text: str, value: str) -> Iterator[str]:
    """Yield the patterns of an attribute for the places where it has a value, alone or as a part."""
    name = _NAME.match(text)
    start = name.end() if name else 0
    if len(text) > _LONGEST_URL or len(text[start:].split()) != 1:
        return  # a text with a value in it: its pattern would be as long
    for spelled in dict.fromkeys([value, quote(value, safe=""), quote_plus(value), quote(value)]):
        for found in re.finditer(rf"(?<![A-Za-z0-9]){re.escape(spelled)}(?![A-Za-z0-9])", text[start:]):
            before, after = text[start : start + found.start()], text[start + found.end() :]
            yield f"{text[:start]}{_leave_open(before)}*{_leave_open(after)}"


def _leave_open(text: str) -> str:
    """Return a part of a URL with what another app may have another value for left open."""
    return _PART.sub(lambda found: _ANY if looks_handed_out(found[0]) else found[0], _spell_stars(text))


def _spell_stars(text: str) -> str:
    return text.replace("*", "%2A").replace("{", "%7B").replace("}", "%7D")


def _find_contexts(text: str, value: str) -> Iterator[str]:
    """Yield patterns of a text's places with a value: what is before it in the line, without digits, and one letter."""
    start = text.find(value)
    while start >= 0:
        end = start + len(value)
        before = re.search(rf"[^\d\n*]{{0,{_CONTEXT}}}\Z", text[max(0, start - _CONTEXT) : start])
        after = text[end : end + 1].strip()
        if before and before[0].strip() and not after.isalnum():
            yield f"{before[0]}*{after}"
        start = text.find(value, end)


def match(given: Given, kind: str, pattern: str) -> list[str]:
    """Return the values that an answer has in a place, in their order; none for a kind that does not exist."""
    reader = _READERS.get(kind)
    return reader(given, pattern) if reader else []


def _match_field(given: Given, name: str) -> list[str]:
    return [value for key, value in given.page.fields if key == name] if given.page else []


def _match_cookie(given: Given, name: str) -> list[str]:
    return [value for key, value in given.cookies if key == name]


def _match_location(given: Given, pattern: str) -> list[str]:
    return _match_urls([given.location], pattern)


def _match_attribute(given: Given, pattern: str) -> list[str]:
    return _match_urls(given.page.attributes, pattern) if given.page else []


def _match_json(given: Given, pattern: str) -> list[str]:
    """Return the values at a path; "[]" in it stands for any place of a list."""
    path, equals, url = pattern.partition("=")
    wanted = re.compile(re.escape(path).replace(re.escape("[]"), r"\[\d+\]"))
    values = [value for name, value in given.json if wanted.fullmatch(name)]
    return _match_urls(map(without_origin, values), url) if equals else values


def _match_text(given: Given, pattern: str) -> list[str]:
    before, _, after = pattern.partition("*")
    inner = rf"([^\s\"'<>]+?){re.escape(after)}" if after else r"([^\s\"'<>]+)"
    return re.findall(re.escape(before) + inner, given.text)


_READERS: Mapping[str, Callable[[Given, str], list[str]]] = {
    "field": _match_field,
    "cookie": _match_cookie,
    "location": _match_location,
    "attribute": _match_attribute,
    "json": _match_json,
    "text": _match_text,
}
KINDS = tuple(_READERS)


def _match_urls(texts: Iterable[str], pattern: str) -> list[str]:
    """Return what stands for the "*" of a pattern in each text that fits it."""
    before, _, after = pattern.partition("*")
    inner = "(.+)" if _NAME.fullmatch(before) else "([^/?&#]+?)"
    wanted = re.compile(_as_regex(before) + inner + _as_regex(after))
    return [unquote(found[1]) for text in texts if (found := wanted.fullmatch(_spell_stars(text)))]


def _as_regex(text: str) -> str:
    return re.escape(text).replace(re.escape(_ANY), "[^/?&=]*")

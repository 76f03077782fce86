"""What a visitor writes into a form: values that its fields take, and odd ones."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, datetime, timedelta
from enum import Enum

from localcloud.compare.visiting.forms import Field, Form, Upload

_Make = Callable[[Field, int], str]
Entry = tuple[str, "str | Upload"]

_NAMES = ("Alice", "Bruno", "Carla", "David", "Elena", "Frank", "Grace", "Henry", "Irene", "Jonas", "Karen", "Louis")
_FREE_TEXT = ("text", "search", "textarea")
# Far enough to be in the future of every app that wants that.
_FIRST_DAY = date(2035, 1, 1)


class Odd(Enum):
    """Text that an app may fail to take, to escape or to store."""

    MARKUP = "<b>&\"' Käthe 訪問者"
    # Longer than a string of Datastore may be that is indexed: 1,500 bytes.
    LONG = "x" * 1600
    EMPTY = ""


def fill_in(form: Form, number: int, odd: Odd | None = None) -> list[Entry]:
    """Return what visitor `number`, from 0, sends of a form; each writes something else. `odd` is for its free text."""
    entries: list[Entry] = []
    radios: dict[str, list[Field]] = {}
    for one in form.fields:
        if one.kind == "radio":
            radios.setdefault(one.name, []).append(one)
    for one in form.fields:
        if one.kind == "radio":
            group = radios[one.name]
            if one is group[number % len(group)]:
                entries.append((one.name, one.value))
        else:
            entries += [(one.name, value) for value in _values(one, number, odd)]
    return entries


def has_text(form: Form) -> bool:
    """Return whether a visitor can write something of one's own into the form."""
    return any(one.kind in _FREE_TEXT and _is_free(one) for one in form.fields)


def count_choices(form: Form) -> int:
    """Return how many visitors it takes to choose each option of the first select, and each button and radio."""
    selects = [len(one.options) for one in form.fields if one.kind == "select"]
    names = [one.name for one in form.fields if one.kind == "radio"]
    return max(len(form.buttons), *selects[:1], *(names.count(name) for name in names), 1)


def _values(one: Field, number: int, odd: Odd | None) -> list[str | Upload]:
    """Return what a visitor sends for a field that is not a radio button."""
    if one.kind == "checkbox":
        return [one.value] if "required" in one.limits or number % 2 == 0 else []
    if one.kind == "select":
        # An option without a value only says what to choose.
        options = [value for value in one.options if value] or list(one.options)
        return [options[number % len(options)]] if options else []
    if one.kind == "file":
        return [_file(one.limits.get("accept", ""), number)]
    return [_text(one, number, odd)]


def _text(one: Field, number: int, odd: Odd | None) -> str:
    if one.kind == "hidden":
        return "utf-8" if one.name == "_charset_" and not one.value else one.value
    if "readonly" in one.limits:
        return one.value
    if odd is not None and _is_free(one):
        return odd.value[: _number(one.limits.get("maxlength"), len(odd.value))]
    return _fit(one, _typed(one, number))


def _is_free(one: Field) -> bool:
    """Return whether a field takes any text, as far as one can see."""
    return (
        one.kind in _FREE_TEXT
        and "readonly" not in one.limits
        and "pattern" not in one.limits
        and _by_name(one.name) is None
    )


def _typed(one: Field, number: int) -> str:
    if one.kind in _BY_KIND:
        return _BY_KIND[one.kind](one, number)
    if make := _by_name(one.name):
        return make(one, number)
    if not _PEOPLE.isdisjoint(_words(one.name)):
        return _NAMES[number % len(_NAMES)]
    text = f"{re.sub(r'[^A-Za-z]+', ' ', one.name).strip() or 'text'} {number + 1}"
    return f"{text}\nand a second line" if one.kind == "textarea" else text


def _by_name(name: str) -> _Make | None:
    words = _words(name)
    return next((make for known, make in _BY_NAME if not known.isdisjoint(words)), None)


def _words(name: str) -> list[str]:
    """Return the words in a field's name, as in "due date" for dueDate, due_date and due-date."""
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)]


def _fit(one: Field, value: str) -> str:
    """Return the value as long as the field wants it, or another one that fits its pattern."""
    longest = _number(one.limits.get("maxlength"), len(value))
    value = value.ljust(_number(one.limits.get("minlength"), 0), "x")[:longest]
    if pattern := one.limits.get("pattern"):
        with suppress(re.error):
            fits = re.compile(pattern)
            return next((other for other in (value, *_candidates(longest)) if fits.fullmatch(other)), value)
    return value


def _candidates(longest: int) -> Iterator[str]:
    yield from ("alice", "Alice", "alice1", "2035-01-01", "12:30", "+15550100", "555-0100", "#00aa00", "1.50")
    for length in range(1, 21):
        yield from (character * length for character in "1aA")
    yield from ("https://example.com/", "alice@example.com")


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else otherwise


def _numeric(one: Field, number: int) -> str:
    """Return a number within the limits, on one of the steps."""

    def limit(name: str, otherwise: float) -> float:
        with suppress(ValueError):
            return float(one.limits.get(name, ""))
        return otherwise

    step = limit("step", 1) or 1
    lowest = limit("min", 0 if one.kind == "range" else 1)
    highest = limit("max", max(lowest, 100))
    steps = int((highest - lowest) / step) + 1
    return f"{lowest + step * (number % max(1, steps)):.12g}"


def _day(one: Field, number: int) -> date:
    def limit(name: str) -> date | None:
        with suppress(ValueError):
            return datetime.fromisoformat(one.limits.get(name, "")).date()
        return None

    lowest, highest = limit("min"), limit("max")
    first = lowest or (min(highest - timedelta(11), _FIRST_DAY) if highest else _FIRST_DAY)
    days = (highest - first).days + 1 if highest else 12
    return first + timedelta(number % max(1, min(days, 12)))


def _file(accept: str, number: int) -> Upload:
    if re.search(r"image|png", accept, re.IGNORECASE):
        return Upload(f"picture{number + 1}.png", "image/png", _draw(number))
    return Upload(f"file{number + 1}.txt", "text/plain", f"file {number + 1}\n".encode())


def _draw(number: int) -> bytes:
    """Return a PNG of 40 by 30 pixels, in another grey for each visitor: https://www.w3.org/TR/png-3/."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    header = (40).to_bytes(4, "big") + (30).to_bytes(4, "big") + bytes([8, 0, 0, 0, 0])  # 8 bits, greyscale
    rows = b"".join(b"\0" + bytes([20 * (number % 12 + 1)] * 40) for _ in range(30))
    chunks = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _email(one: Field, number: int) -> str:
    return f"{_NAMES[number % len(_NAMES)].lower()}@example.com"


def _phone(one: Field, number: int) -> str:
    return f"+1555010{number % 10}"


def _url(one: Field, number: int) -> str:
    return f"https://example.com/{number + 1}"


def _password(one: Field, number: int) -> str:
    # The same in both fields of a form that asks twice, and in the one that signs in.
    return f"Right-password-{number + 1}"


_BY_KIND: dict[str, _Make] = {
    "email": _email,
    "url": _url,
    "tel": _phone,
    "password": _password,
    "number": _numeric,
    "range": _numeric,
    "date": lambda one, number: _day(one, number).isoformat(),
    "datetime-local": lambda one, number: f"{_day(one, number)}T12:{number % 60:02}",
    "month": lambda one, number: f"{_day(one, 0):%Y}-{number % 12 + 1:02}",
    "week": lambda one, number: f"{_day(one, 0):%Y}-W{number % 50 + 2:02}",
    "time": lambda one, number: f"12:{number % 60:02}",
    "color": lambda one, number: f"#0000{number % 256:02x}",
}
# What old apps ask for in a field of type "text", by the words in its name.
_BY_NAME: tuple[tuple[frozenset[str], _Make], ...] = tuple(
    (frozenset(words.split()), make)
    for words, make in (
        ("email mail", _email),
        ("url website homepage link", _url),
        ("phone tel mobile fax", _phone),
        ("date day birthday dob", lambda one, number: _day(one, number).isoformat()),
        ("time hour", lambda one, number: f"12:{number % 60:02}"),
        ("zip postcode postal plz", lambda one, number: f"1234{number % 10}"),
        ("age count number amount qty quantity price cost year rating score id num", _numeric),
    )
)
_PEOPLE = frozenset(("name", "user", "username", "nick", "nickname", "login", "author"))

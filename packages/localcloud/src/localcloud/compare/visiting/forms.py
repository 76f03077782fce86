"""The forms of a page, and the request that a browser makes when somebody submits one.

They follow the HTML standard: https://html.spec.whatwg.org/multipage/form-control-infrastructure.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import quote_plus, urljoin
from xml.etree.ElementTree import Element

from localcloud.traffic import RecordedRequest

BUTTONS = ("submit", "image")
_NOT_SENT = ("button", "reset")
# Between these elements a parser lets no form stand, so a form there is closed at once, and what follows belongs to it.
_TABLE_PARTS = ("table", "tbody", "thead", "tfoot", "tr")
_NEW_LINE = re.compile(r"\r\n|\r|\n")
_BOUNDARY = "----localcloud-form-boundary"


@dataclass(frozen=True)
class Field:
    """A control of a form. `kind` is an input's type, or "select" or "textarea"; `value` is what it holds at first.

    `options` are the values of a select that can be chosen. `chosen` says that a box is ticked at first; of a select,
    `value` is the option that is selected at first. `limits` are attributes such as "min", "maxlength" and "pattern".
    """

    name: str
    kind: str
    value: str = ""
    options: tuple[str, ...] = ()
    chosen: bool = False
    limits: Mapping[str, str] = field(default_factory=dict)


class Button(NamedTuple):
    """A way to submit a form: the name and value that it adds, and the form's attributes that it replaces."""

    name: str = ""
    value: str = ""
    kind: str = "submit"
    replaced: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Form:
    """A form of the page at `page`, which is a target. `text` is what its buttons say."""

    page: str
    action: str
    method: str
    enctype: str
    fields: tuple[Field, ...]
    buttons: tuple[Button, ...]
    text: str = ""

    @property
    def shape(self) -> tuple[str, ...]:
        """What two forms have in common that do the same to different things."""
        return (self.method, *(f"{one.kind} {one.name}" for one in self.fields), *(one.name for one in self.buttons))

    @property
    def has_password(self) -> bool:
        """Whether the form may sign in or register a visitor."""
        return any(one.kind == "password" for one in self.fields)


class Upload(NamedTuple):
    """A file that a visitor chooses."""

    name: str
    content_type: str
    content: bytes


Entries = Sequence[tuple[str, "str | Upload"]]


def read_forms(tree: Element, page: str, base: str) -> list[Form]:
    """Return the forms of a parsed page. `page` is its target; links in it are relative to the URL `base`."""
    owned: dict[Element, list[Element]] = {form: [] for form in tree.iter("form")}
    by_id = {form.get("id"): form for form in reversed(owned) if form.get("id")}
    for control, ancestor in _controls(tree, None, _Pointer(), disabled=False):
        owner = by_id.get(control.get("form")) if control.get("form") is not None else ancestor
        if owner is not None:
            owned[owner].append(control)
    forms = [_read_form(form, controls, page, base) for form, controls in owned.items()]
    return [form for form in forms if form.method in ("GET", "POST")]


def submit(form: Form, button: Button, entries: Entries, encoding: str = "utf-8") -> RecordedRequest:
    """Return the request that a browser makes of a form that is filled in, with an absolute URL as its target."""
    replaced = dict(button.replaced)
    action = replaced.get("formaction") or form.action
    method = replaced.get("formmethod", form.method).upper()
    sent = [*entries, *_button_entries(button)]
    if method == "GET":
        return RecordedRequest(f"{action.partition('#')[0].partition('?')[0]}?{_urlencode(sent, encoding)}")
    enctype = replaced.get("formenctype", form.enctype).lower()
    if enctype == "multipart/form-data":
        content_type, body = f"{enctype}; boundary={_BOUNDARY}", _multipart(sent, encoding)
    elif enctype == "text/plain":
        content_type, body = (
            enctype,
            "".join(f"{name}={_text(value)}\r\n" for name, value in sent).encode(encoding, "xmlcharrefreplace"),
        )
    else:
        content_type, body = "application/x-www-form-urlencoded", _urlencode(sent, encoding).encode("ascii")
    return RecordedRequest(action, "POST", headers=(("Content-Type", content_type),), body=body)


class _Pointer:
    """The form that a parser has seen open between the parts of a table, and closed at once."""

    form: Element | None = None


def _controls(
    element: Element, ancestor: Element | None, pointer: _Pointer, *, disabled: bool
) -> Iterator[tuple[Element, Element | None]]:
    """Yield the controls that are sent, each with the form around it."""
    if element.tag == "datalist":
        return
    for child in element:
        if child.tag == "form":
            pointer.form = child if element.tag in _TABLE_PARTS and not len(child) else None
            yield from _controls(child, child, pointer, disabled=disabled)
            continue
        off = disabled or (
            child.tag in ("fieldset", "input", "select", "textarea", "button") and "disabled" in child.attrib
        )
        if child.tag in ("input", "select", "textarea", "button"):
            if not off:
                yield child, ancestor if ancestor is not None else pointer.form
        else:
            # The legend of a fieldset that is disabled stays enabled.
            off = off and not (child.tag == "legend" and element.tag == "fieldset")
            yield from _controls(child, ancestor, pointer, disabled=off)
            if child.tag == "table":
                pointer.form = None


def _read_form(form: Element, controls: Sequence[Element], page: str, base: str) -> Form:
    fields, buttons, texts = [], [], []
    for control in controls:
        kind = _kind(control)
        name = control.get("name", "")
        if kind in BUTTONS:
            replaced = [(key, control.get(key, "")) for key in ("formaction", "formmethod", "formenctype")]
            if control.get("formaction"):
                replaced[0] = ("formaction", urljoin(base, control.get("formaction", "").strip()))
            buttons.append(
                Button(
                    name, control.get("value", ""), kind, tuple(pair for pair in replaced if pair[0] in control.attrib)
                )
            )
            texts += [" ".join(control.itertext()), control.get("value", ""), name]
        elif name and kind not in _NOT_SENT:
            fields.append(_read_field(control, name, kind))
    # Without an action, a form is sent to the page's own URL, whatever <base> says.
    action = form.get("action", "").strip()
    return Form(
        page,
        urljoin(base, action) if action else page,
        form.get("method", "get").strip().upper() if form.get("method", "").lower() in ("post", "dialog") else "GET",
        form.get("enctype", ""),
        tuple(fields),
        tuple(buttons) or (Button(),),
        " ".join(texts),
    )


def _kind(control: Element) -> str:
    if control.tag == "input":
        return control.get("type", "text").lower() or "text"
    if control.tag == "button":
        return control.get("type", "submit").lower() or "submit"
    return str(control.tag)


def _read_field(control: Element, name: str, kind: str) -> Field:
    limits = {key: value for key, value in control.items() if key not in ("name", "type", "value", "id", "class")}
    if kind == "select":
        options = [one for one in control.iter("option") if "disabled" not in one.attrib]
        values = [one.get("value", " ".join("".join(one.itertext()).split())) for one in options]
        selected = [value for value, one in zip(values, options, strict=True) if "selected" in one.attrib]
        first = [*selected, *([] if "multiple" in limits else values), ""][0]
        return Field(name, kind, first, tuple(values), limits=limits)
    if kind == "textarea":
        return Field(name, kind, "".join(control.itertext()), limits=limits)
    value = control.get("value", "on" if kind in ("checkbox", "radio") else "")
    return Field(name, kind, value, chosen="checked" in control.attrib, limits=limits)


def _button_entries(button: Button) -> list[tuple[str, str]]:
    if button.kind == "image":  # where it was clicked
        return [(f"{button.name}.{axis}" if button.name else axis, "1") for axis in ("x", "y")]
    return [(button.name, button.value)] if button.name else []


def _text(value: str | Upload) -> str:
    return value.name if isinstance(value, Upload) else _NEW_LINE.sub("\r\n", value)


def _urlencode(entries: Entries, encoding: str) -> str:
    def encode(text: str) -> str:
        return quote_plus(text.encode(encoding, "xmlcharrefreplace"), safe="*-._").replace("~", "%7E")

    return "&".join(f"{encode(_text(name))}={encode(_text(value))}" for name, value in entries)


def _multipart(entries: Entries, encoding: str) -> bytes:
    def quoted(text: str) -> bytes:
        escaped = text.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
        return b'"' + escaped.encode(encoding, "xmlcharrefreplace") + b'"'

    parts = []
    for name, value in entries:
        head = b"Content-Disposition: form-data; name=" + quoted(name)
        if isinstance(value, Upload):
            head += b"; filename=" + quoted(value.name) + f"\r\nContent-Type: {value.content_type}".encode("ascii")
            content = value.content
        else:
            content = _text(value).encode(encoding, "xmlcharrefreplace")
        parts.append(b"--" + _BOUNDARY.encode() + b"\r\n" + head + b"\r\n\r\n" + content + b"\r\n")
    return b"".join(parts) + b"--" + _BOUNDARY.encode() + b"--\r\n"

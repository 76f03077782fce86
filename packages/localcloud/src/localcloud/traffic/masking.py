"""Secrets in requests, replaced by a fixed word that a person sees at once."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

from localcloud.traffic.recording import RecordedRequest, Recording
from localcloud.traffic.sources import substitute
from localcloud.traffic.values import Place, change_values, list_values, looks_handed_out

MASK = "masked"
"""What is in the place of a secret. One that an app gives out anew is "masked-1" and so on, since it is replaced."""

_WORDS = frozenset(
    {
        *("password", "passwords", "passwd", "passwort", "pwd", "pass", "passphrase", "passcode", "pin", "otp", "totp"),
        *("secret", "secrets", "token", "tokens", "jwt", "credential", "credentials", "auth", "authorization"),
        *("csrf", "xsrf", "csrftoken", "xsrftoken", "csrfmiddlewaretoken", "apikey"),
        *("sessionid", "phpsessid", "jsessionid", "sid", "cvv", "cvc", "cvv2", "iban", "ssn"),
    }
)
_PARTS = re.compile(
    r"passw(or)?d|passwort|secret|api_?key|access_?key|private_?key|auth_?key|(credit|debit)?_?card_?(number|no|num)\b|cc_?num"
    r"|token$"
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+\d?|\d+")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9-]* (?=\S)")
# A secret that is a short word, such as "admin", is masked only in its own request.
_LONG = 8
_MOST_SHOWN = 5


class Masking:
    """Masks the requests of a recording, one after another; `masked` counts what is gone, by the field's name."""

    def __init__(self) -> None:
        self.masked: Counter[str] = Counter()
        self._labels: dict[str, str] = {}
        self._secrets: dict[str, str] = {}

    def mask(self, request: RecordedRequest) -> RecordedRequest:
        """Return a request without secrets.

        A secret that the app gave out itself stays known as such, under a label, so that each app's own can be sent.
        """
        given = {taken.value for taken in request.taken}
        here: dict[str, str] = {}
        for place, value in list_values(request):
            if not is_secret(place):
                continue
            secret = _SCHEME.sub("", value, count=1) if place.part == "header" else value
            if secret in given:
                self._secrets[secret] = self._labels.setdefault(secret, f"{MASK}-{len(self._labels) + 1}")
            else:
                here[secret] = MASK
                self.masked[_describe(place)] += 1
                if len(secret) >= _LONG or looks_handed_out(secret):
                    self._secrets[secret] = MASK
        taken = tuple(replace(one, value=self._secrets.get(one.value, one.value)) for one in request.taken)
        request = change_values(replace(request, taken=taken), lambda place, value: _mask_alone(place, value, here))
        return substitute(request, self._secrets)


def _mask_alone(place: Place, value: str, secrets: dict[str, str]) -> str:
    """Return a value, masked if it is a secret: one that is repeated in a field of another name, too."""
    if place.part == "header" and is_secret(place):
        scheme = _SCHEME.match(value)
        return f"{scheme[0] if scheme else ''}{MASK}" if _SCHEME.sub("", value, count=1) in secrets else value
    return secrets.get(value, value) if place.part != "path" else value


def _describe(place: Place) -> str:
    return f"{place.part} {place.name}" if place.part in ("header", "cookie") else place.name


def is_secret(place: Place) -> bool:
    """Return whether a value is a secret, by its place's name. A cookie is one: the app has not set it here."""
    if place.part == "cookie":
        return True
    if not place.name:
        return False
    words = {word.lower() for word in _WORD.findall(place.name)}
    return not words.isdisjoint(_WORDS) or _PARTS.search(place.name.lower().replace("-", "_")) is not None


def list_masked(request: RecordedRequest) -> list[str]:
    """Return the names of what is masked in a request, and will not be as it was when the request is sent again."""
    known = {taken.value for taken in request.taken}
    return [
        _describe(place)
        for place, value in list_values(request)
        if value not in known and (value == MASK or (place.part == "header" and value.endswith(f" {MASK}")))
    ]


def explain_masked(recording: Recording) -> str:
    """Return a line about what is masked in a recording that is sent again, "" if nothing is."""
    masked = {number: list_masked(request) for number, request in enumerate(recording.requests, 1)}
    numbers = [str(number) for number, names in masked.items() if names]
    if not numbers:
        return ""
    names = ", ".join(sorted({name for found in masked.values() for name in found}))
    shown = ", ".join(numbers[:_MOST_SHOWN]) + (", ..." if len(numbers) > _MOST_SHOWN else "")
    return (
        f"masked in the recording, so not sent as it was: {names} (request {shown}); record with --keep-secrets, "
        "or write what a test account needs into the file"
    )

"""Static files in recordings: a browser gets them again with each page, and one request in a session is enough."""

from __future__ import annotations

import hashlib
import re
from http import HTTPStatus

from localcloud.traffic.recording import Answer, Exchange, RecordedRequest
from localcloud.traffic.values import read_media_type

REPEATED = "repeated requests for static files"
"""The words for what is left out of a recording."""

_NAMES = re.compile(r"\.(css|m?js|map|png|jpe?g|gif|svg|ico|webp|avif|woff2?|ttf|otf|eot)$", re.IGNORECASE)
_TYPES = re.compile(r"text/(css|javascript)|application/((x-)?(javascript|font-)|vnd\.ms-fontobject)|image/|font/")


class StaticFiles:
    """The static files that each session has got."""

    def __init__(self) -> None:
        # The last answer that is not "not modified", by session, app and target.
        self._answers: dict[tuple[str, str, str], tuple[int, bytes]] = {}

    def repeats(self, session: str, seen: Exchange) -> bool:
        """Note an exchange, and return whether it got a static file that the session had in the same version.

        A file whose answer has changed is no repetition: the app may have made it.
        """
        request, answer = seen.request, seen.answer
        place = (session, request.app, request.target)
        before = self._answers.get(place)
        # A file that was there and is not found any more is still one.
        if request.method != "GET" or request.body or not (before or _is_static(request, answer)):
            return False
        if answer.status == HTTPStatus.NOT_MODIFIED and before:
            return True
        now = self._answers[place] = (answer.status, hashlib.sha256(answer.body).digest())
        return now == before


def _is_static(request: RecordedRequest, answer: Answer) -> bool:
    """Return whether a request gets a style, a script, an image or a font, by the name or the type."""
    path = request.target.partition("?")[0]
    return bool(_NAMES.search(path) or _TYPES.match(read_media_type(answer.content_type)[0]))

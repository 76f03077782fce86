"""The metadata server: what an app may ask about its project and about the place where it runs. It gives no tokens."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, urlsplit

import h11

from datastore_emulator.http.guard import Guard, header
from datastore_emulator.http.response import Response
from datastore_emulator.http.service import HttpService, Request
from datastore_emulator.http.wire import VisitorError
from datastore_emulator.net.listen import listen

NAMES = frozenset({"metadata.google.internal", "metadata.google.internal.", "metadata", "169.254.169.254"})
"""The names that the metadata server has in the cloud."""

_ROOT = "/computeMetadata/v1/"
_FLAVOR = {"Metadata-Flavor": "Google"}
# Made up, like a region: nothing here has a number, or is anywhere.
_PROJECT_NUMBER = "100000000000"
_REGION = "us-central1"
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_TOKENS = {"token": "an access token", "identity": "an identity token"}

Tree = Mapping[str, "Tree | str | list[str]"]


class MetadataServer:
    """Answers at `address` as the metadata servers of Cloud Run and App Engine do, for one project.

    It refuses tokens: with one, a call would reach the real Google Cloud. `log` receives a line for each kind of
    token that an app has asked for.
    """

    def __init__(self, project: str, log: Callable[[str], None] = lambda line: None) -> None:
        self._http = _Http(_tree(project), log)
        self._port = 0

    @property
    def address(self) -> str:
        """The address as HOST:PORT, once it listens."""
        return f"127.0.0.1:{self._port}"

    def start(self) -> None:
        """Listen on a free port."""
        listener = listen("127.0.0.1", 0, "the metadata server")
        self._port = listener.getsockname()[1]
        self._http.listen([listener])

    def stop(self) -> None:
        """Stop listening, and hang up on every client."""
        self._http.close()


def _tree(project: str) -> Tree:
    """Return all values. Nested mappings are directories."""
    place = f"projects/{_PROJECT_NUMBER}"
    email = f"{project}@appspot.gserviceaccount.com"
    account: Tree = {"aliases": ["default"], "email": email, "scopes": [_SCOPE]}
    return {
        "instance": {
            "id": "local",
            "region": f"{place}/regions/{_REGION}",
            "service-accounts": {"default": account, email: account},
            "zone": f"{place}/zones/{_REGION}-1",
        },
        "project": {"numeric-project-id": _PROJECT_NUMBER, "project-id": project},
        "universe": {"universe-domain": "googleapis.com"},
    }


class _Http(HttpService):
    def __init__(self, tree: Tree, log: Callable[[str], None]) -> None:
        super().__init__("metadata", Guard(hosts=NAMES), largest_body=0, workers=4)
        self._tree = tree
        self._log = log
        self._refused: set[str] = set()

    def check(self, request: h11.Request) -> None:
        if request.method not in (b"GET", b"HEAD"):
            raise VisitorError("metadata is read with GET", 405)

    def answer(self, request: Request) -> Response:
        target = urlsplit(request.target)
        if target.path == "/":  # Google's libraries look here for a metadata server
            return _text("computeMetadata/\n")
        if not target.path.startswith(_ROOT):
            raise VisitorError(f"metadata is below {_ROOT}", 404)
        # As in the cloud. No page of a browser can send the first without asking, and proxies send the second.
        if request.header(b"metadata-flavor") != "Google":
            raise VisitorError("the request has no header Metadata-Flavor: Google", 403)
        if header(request.headers, b"x-forwarded-for") is not None:
            raise VisitorError("the request comes through a proxy: it has the header X-Forwarded-For", 403)
        path = target.path.removeprefix(_ROOT)
        return self._value(path, recursive=parse_qs(target.query).get("recursive") == ["true"])

    def refusal(self, request: h11.Request | None, status: int, reason: str) -> Response:
        return _text(f"localcloud's metadata server: {reason}\n", status)

    def _value(self, path: str, *, recursive: bool) -> Response:
        found: Tree | str | list[str] = self._tree
        parts = [part for part in path.split("/") if part]
        for part in parts:
            if part in _TOKENS and parts[:2] == ["instance", "service-accounts"]:
                self._refuse(_TOKENS[part])
            if not isinstance(found, Mapping) or part not in found:
                raise VisitorError(f"there is no {path} here; docs/support.md lists what there is", 404)
            found = found[part]
        if recursive:
            return Response(
                200, json.dumps(_camel_case(found)).encode(), {**_FLAVOR, "Content-Type": "application/json"}
            )
        if isinstance(found, Mapping):
            return _text("".join(f"{name}/\n" if isinstance(found[name], Mapping) else f"{name}\n" for name in found))
        return _text(found if isinstance(found, str) else "\n".join(found))

    def _refuse(self, token: str) -> None:
        """Raise VisitorError for a token, and log that once."""
        reason = f"{token} is refused here, because a call with one would reach the real Google Cloud"
        if token not in self._refused:
            self._refused.add(token)
            self._log(f"the app calls Google and asks for {token}; {reason}; use an emulator, or leave the call out")
        # Not 404, which Google's libraries read as "no account", nor a status that they retry.
        raise VisitorError(reason, 403)


def _camel_case(value: Tree | str | list[str]) -> object:
    """Return a value as JSON has it: its names are written otherwise than in paths."""
    if not isinstance(value, Mapping):
        return value
    return {_joined(name): _camel_case(inner) for name, inner in value.items()}


def _joined(name: str) -> str:
    first, *rest = name.split("-") if "@" not in name else [name]
    return first + "".join(word.capitalize() for word in rest)


def _text(text: str, status: int = 200) -> Response:
    return Response(status, text.encode(), {**_FLAVOR, "Content-Type": "application/text"})

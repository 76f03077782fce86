"""Uploads to the Blobstore at the front end, and blobs in the place of an app's answer."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from datastore_emulator.http.response import Response, plain
from localcloud.frontend import FrontEnd
from localcloud.frontend.blobs import Blob, Forwarded
from localcloud.launch.plan import Handler, Platform
from tests.localcloud.frontend.frontend_ends import App, Reply, connect, visit
from tests.support.deadline import DEADLINE

DATA = bytes(range(256)) * 10_000  # more than is sent at once


class SlowFile(io.BytesIO):
    """A file whose bytes come when the gate opens."""

    gate = threading.Event()

    def read(self, size: int | None = -1) -> bytes:
        assert self.gate.wait(DEADLINE)
        return super().read(size)


class FakeBlobs:
    """A Blobstore with one blob and a slow one, which passes an upload on as its path says."""

    def receive(self, upload: str, content_type: str, body: bytes) -> Forwarded | Response:
        if upload == "missing":
            return plain(404, "there is no such upload.")
        return Forwarded(f"/{upload}?a=1".encode(), b"text/plain", b"%s %d" % (content_type.encode(), len(body)))

    def open(self, key: str) -> Blob | None:
        files = {"key": io.BytesIO, "slow": SlowFile}
        return Blob("image/png", len(DATA), files[key](DATA)) if key in files else None

    def image(self, name: str) -> Response:
        return Response(200, name.encode())


@pytest.fixture(scope="module", params=[Platform.APP_ENGINE, Platform.APP_ENGINE_PYTHON27], ids=lambda one: one.name)
def site(app: App, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[FrontEnd]:
    front_end = FrontEnd(
        request.param,
        app.address,
        directory=tmp_path_factory.mktemp("site"),
        handlers=[
            Handler(url="/secret/.*", script="main.app", login="admin"),
            Handler(url="/refused", refused="localcloud has no such handler"),
            Handler(url="/(page|blob|failing).*", script="main.app"),
        ],
        extra_headers={"X-Appengine-Api-Ticket": "t1"},
        blobs=FakeBlobs,
    )
    front_end.start()
    yield front_end
    front_end.stop()


def post(site: FrontEnd, upload: bytes, method: bytes = b"POST") -> Reply:
    lines = b"Content-Type: multipart/form-data", b"Content-MD5: x", b"Content-Length: 5", b"X-Appengine-Blobupload: me"
    return visit(site, *lines, target=b"/_ah/upload/" + upload, method=method, body=b"hello")


def test_app_receives_what_an_upload_becomes(site: FrontEnd) -> None:
    reply = post(site, b"secret/page")
    assert (reply.line, reply.sent) == (b"POST /secret/page?a=1 HTTP/1.1", b"multipart/form-data 5")
    assert reply.one("Content-Type") == b"text/plain"
    assert reply.one("Content-Length") == b"21"
    assert reply.one("X-Appengine-Blobupload") == b"true"
    assert reply.all("Content-MD5") == []


@pytest.mark.parametrize(("upload", "status"), [(b"missing", 404), (b"lost", 404), (b"refused", 501)])
def test_upload_that_no_handler_takes_is_answered_here(site: FrontEnd, upload: bytes, status: int) -> None:
    assert post(site, upload).status == status


def test_addresses_of_the_blobstore_take_their_methods_only(site: FrontEnd) -> None:
    assert post(site, b"page", method=b"PUT").status == 405
    assert visit(site, target=b"/_ah/img/key=s32").body == b"key=s32"
    assert visit(site, b"Content-Length: 0", target=b"/_ah/img/key", method=b"POST").status == 405


@pytest.mark.parametrize(
    ("own", "asked", "part"),
    [
        (None, "bytes=1-3", (1, 4)),
        (None, "bytes=-2", (2559998, 2560000)),
        (None, "bytes=2559990-", (2559990, 2560000)),
        (None, "bytes=0-9999999", (0, 2560000)),
        ("bytes=5-6", "bytes=1-3", (5, 7)),
    ],
)
def test_part_of_a_blob_is_sent(site: FrontEnd, own: str | None, asked: str, part: tuple[int, int]) -> None:
    target = "/blob?X-AppEngine-BlobRange=" + quote(own) if own else "/blob"
    reply = visit(site, b"Range: " + asked.encode(), target=target.encode())
    start, stop = part
    assert (reply.status, reply.headers["Content-Range"]) == (206, f"bytes {start}-{stop - 1}/{len(DATA)}")
    assert reply.body == DATA[start:stop]


@pytest.mark.parametrize(
    "asked", ["bytes=2560000-", "bytes=3-2", "bytes=-0", "bytes=1-2,4-5", "lines=1-2", "bytes=-", "x"]
)
def test_part_that_a_blob_does_not_have_is_refused(site: FrontEnd, asked: str) -> None:
    reply = visit(site, b"Range: " + asked.encode(), target=b"/blob")
    assert (reply.status, reply.headers["Content-Range"], reply.body) == (416, f"bytes */{len(DATA)}", b"")


def test_blob_takes_the_place_of_the_answer(site: FrontEnd) -> None:
    reply = visit(site, target=b"/blob")
    assert (reply.status, reply.headers["Content-Length"]) == (200, str(len(DATA)))
    assert reply.body == DATA
    assert "X-AppEngine-BlobKey" not in reply.headers
    assert "X-AppEngine-BlobRange" not in reply.headers


def test_head_of_a_blob_has_its_length(site: FrontEnd) -> None:
    reply = visit(site, target=b"/blob", method=b"HEAD")
    assert (reply.status, reply.headers["Content-Length"], reply.body) == (200, str(len(DATA)), b"")


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        ("", "image/png"),
        ("&Content-Type=application/vnd.google.appengine.auto", "image/png"),
        ("&Content-Type=text/html", "text/html"),
    ],
)
def test_type_of_a_blob_is_the_apps_if_it_has_one(site: FrontEnd, sent: str, received: str) -> None:
    reply = visit(site, target=b"/blob?Content-Disposition=attachment" + sent.encode())
    assert (reply.headers["Content-Type"], reply.headers["Content-Disposition"]) == (received, "attachment")


@pytest.mark.parametrize(
    ("target", "reason"),
    [(b"/failing", b"with status 404"), (b"/blob?key=missing", b"the blob missing, which is not in the Blobstore")],
)
def test_blob_that_cannot_be_sent_is_an_error(site: FrontEnd, target: bytes, reason: bytes) -> None:
    reply = visit(site, target=target)
    assert (reply.status, reason in reply.body) == (500, True)


def test_app_without_bundled_services_keeps_these_addresses(app: App, tmp_path: Path) -> None:
    front_end = FrontEnd(Platform.APP_ENGINE, app.address, directory=tmp_path, blobs=FakeBlobs)
    front_end.start()
    assert post(front_end, b"page").line == b"POST /_ah/upload/page HTTP/1.1"
    assert visit(front_end, target=b"/blob").body == b"the app's own body"
    front_end.stop()


def test_next_request_may_come_while_a_blob_is_sent(site: FrontEnd) -> None:
    SlowFile.gate.clear()
    with connect(site) as connection:
        connection.sendall(b"GET /blob?key=slow HTTP/1.1\r\nHost: a\r\n\r\n")
        connection.recv(1, socket.MSG_PEEK)
        connection.sendall(b"GET /page HTTP/1.1\r\nHost: a\r\n\r\n")
        SlowFile.gate.set()
        assert Reply(connection, "GET").body == DATA

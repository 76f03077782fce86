"""Blobs in the console: what visitors have uploaded, whatever it is."""

from __future__ import annotations

import html
import io
import re
from urllib.parse import urljoin

import pytest
from google.appengine.api.blobstore import blobstore_service_pb2 as pb
from PIL import Image

from localcloud import App, Cloud
from localcloud.appengine.forms import Part, join_form
from localcloud.frontend.blobs import Forwarded
from tests.localcloud.console.pages import SCRIPT, Pages, notes


@pytest.fixture(scope="module")
def app(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> App:
    """Add an app with the Blobstore, which is not started."""
    folder = tmp_path_factory.mktemp("app")
    (folder / "app.yaml").write_text("runtime: python314\napp_engine_apis: true\n")
    (folder / "main.py").touch()
    return cloud.add(folder)


def upload(cloud: Cloud, app: App, name: str, kind: str, data: bytes) -> None:
    request, response = pb.CreateUploadURLRequest(success_path="/done"), pb.CreateUploadURLResponse()
    stub = cloud.api_server.stub("blobstore", app.ticket)
    stub.MakeSyncCall("blobstore", "CreateUploadURL", request, response, cloud.api_server.caller(app.ticket))
    content_type, body = join_form([Part(f'form-data; name="file"; filename="{name}"', kind, data)])
    session = response.url.rpartition("/")[2]
    assert isinstance(cloud.api_server.blobs(app.ticket).receive(session, content_type.decode(), body), Forwarded)


def address_of(pages: Pages, page: str, where: str) -> str:
    """Return the address of the first blob on a page, in a link or a picture."""
    found = re.search(rf'<{where}="([^"]*/blobs/blob/[^"]*)"', page)
    assert found, page
    return urljoin(pages.url, html.unescape(found[1]))


def test_upload_is_listed_downloaded_and_deleted(cloud: Cloud, app: App, pages: Pages) -> None:
    assert "No blobs." in pages.get("blobs/")
    picture = io.BytesIO()
    Image.new("RGB", (4, 4), "red").save(picture, "PNG")
    upload(cloud, app, "rød.png", "image/png", picture.getvalue())
    page = pages.get("blobs/")
    answer = pages.client.get(address_of(pages, page, "img src"))
    assert (answer.content, answer.headers["Content-Type"]) == (picture.getvalue(), "image/png")
    assert ">image/png</td>" in page
    assert notes(pages.send(pages.form("blobs/", "/delete"))) == ["The blob is deleted."]
    assert "No blobs." in pages.get("blobs/")
    assert "The Datastore is empty" in pages.get("entities/")


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "image/png; charset=x", "text/javascript"])
def test_upload_is_no_page_of_the_console(cloud: Cloud, app: App, pages: Pages, kind: str) -> None:
    upload(cloud, app, "<script>;é.html", kind, SCRIPT.encode())
    page = pages.get("blobs/")
    assert "<script" not in page
    assert "<img" not in page
    assert "localcloud-blobs" not in pages.get("entities/")
    headers = pages.client.get(address_of(pages, page, "a href")).headers
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"] == "attachment; filename*=UTF-8''%3Cscript%3E%3B%C3%A9.html"
    assert headers["X-Content-Type-Options"] == "nosniff"
    pages.send(pages.form("blobs/", "/delete"))


def test_blob_that_is_not_there_is_404(app: App, pages: Pages) -> None:
    assert notes(pages.get("blobs/blob/unknown", 404)) == ["there is no blob unknown; it may have been deleted"]

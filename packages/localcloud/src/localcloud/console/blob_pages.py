"""The panel about blobs: the files that visitors have uploaded to App Engine's Blobstore."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from google.appengine.api.api_base_pb2 import VoidProto
from google.appengine.api.blobstore import blobstore_service_pb2 as pb
from werkzeug.wrappers import Response as BaseResponse

from datastore_emulator import messages as m
from localcloud.cloud import Cloud
from localcloud.console.panels import Panel, bundled_apps, read_cursor, read_number, write_cursor
from localcloud.console.store import Place, Store
from localcloud.console.values import show

_KIND = "__BlobInfo__"
# Types that a browser shows as a picture, and never as a page. Others are downloaded.
_PICTURES = {"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp"}


@dataclass(frozen=True)
class Upload:
    """A blob as the panel lists it."""

    key: str
    name: str
    type: str
    size: int
    creation: str
    picture: bool


def make_panel(cloud: Cloud) -> Panel:
    """Make the panel."""
    routes = Blueprint("blobs", __name__)
    store = Store(cloud.datastore, cloud.project)

    def find_ticket() -> str:
        """Return the ticket of an app with the project's blobs."""
        app = next(iter(bundled_apps(cloud)), None)
        if app is None:
            abort(404, "no app here uses App Engine's bundled services, which have the Blobstore")
        return app.ticket

    @routes.get("/")
    def index() -> str:
        page = store.list_entities(Place(kind=_KIND), read_cursor(request.args), read_number(request.args, "shown"))
        return render_template(
            "blobs.html",
            uploads=[_read_upload(entity) for entity in page.entities],
            shown=page.shown,
            next=write_cursor(page.next),
        )

    @routes.get("/blob/<key>")
    def blob(key: str) -> Response:
        found = cloud.api_server.blobs(find_ticket()).open(key)
        if found is None:
            abort(404, f"there is no blob {key}; it may have been deleted")
        with found.file:
            response = Response(found.file.read())
        # The page must not become one of the console's, whatever a visitor has uploaded.
        if found.content_type in _PICTURES:
            response.content_type = found.content_type
        else:
            response.content_type = "application/octet-stream"
            name = quote(request.args.get("name", "blob"), safe="")
            response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
        return response

    @routes.post("/delete")
    def delete() -> BaseResponse:
        ticket = find_ticket()
        caller = cloud.api_server.caller(ticket)
        deletion = pb.DeleteBlobRequest(blob_key=request.form.getlist("key"))
        cloud.api_server.stub("blobstore", ticket).MakeSyncCall(
            "blobstore", "DeleteBlob", deletion, VoidProto(), caller
        )
        flash("The blob is deleted.")
        return redirect(url_for("blobs.index"), 303)

    return Panel("Blobs", routes)


def _read_upload(entity: m.Entity) -> Upload:
    texts: dict[str, Any] = {
        name: show(entity.properties[name]) if name in entity.properties else ""
        for name in ("filename", "content_type", "creation")
    }
    return Upload(
        key=entity.key.path[-1].name,
        name=texts["filename"],
        type=texts["content_type"],
        size=entity.properties["size"].integer_value if "size" in entity.properties else 0,
        creation=texts["creation"],
        picture=texts["content_type"] in _PICTURES,
    )

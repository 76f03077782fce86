"""The blobstore service: uploads at the front end, and blobs for the app and for its visitors."""

import io
import time
from types import SimpleNamespace
from urllib.parse import urlsplit

import grpc
import pytest
from google.appengine.api.blobstore.blobstore_service_pb2 import CreateUploadURLRequest
from google.appengine.runtime import apiproxy_errors
from PIL import Image

from datastore_emulator.errors import DatastoreError
from datastore_emulator.http.wire import AppError
from localcloud.appengine.callers import Caller
from localcloud.appengine.datastore_v3 import DatastoreV3Service
from localcloud.appengine.forms import Part, join_form
from localcloud.appengine.services import Surroundings, make_services
from tests.localcloud.appengine.bundled_app import blobstore, images

PICTURE = io.BytesIO()
Image.new("RGB", (60, 40), "red").save(PICTURE, "PNG")


@pytest.fixture
def blobs(server, log):
    return server.blobs(server.ticket("demo"))


@pytest.fixture
def upload(app, blobs):
    """Upload files, as the visitor of a form does, and return what the app receives."""

    def upload(*files, path="/uploaded", fields=(), **limits):
        def create(path, limits):
            return blobstore.create_upload_url(path, **limits)

        url = app.run(create, path=path, limits=limits)
        parts = [Part(f'form-data; name="{name}"', "text/plain", text.encode()) for name, text in fields]
        parts += [Part(f'form-data; name="file"; filename="{name}"', kind, data) for name, kind, data in files]
        kind, body = join_form(parts)
        return blobs.receive(urlsplit(url).path.removeprefix("/_ah/upload/"), kind.decode(), body)

    return upload


@pytest.fixture
def stored(app, upload):
    """Upload one file and return its key."""

    def stored(data, kind="text/plain"):
        upload(("stored", kind, data))

        def find():
            query = blobstore.BlobInfo.all().order("-creation")
            return str(query.get().key())

        return app.run(find)

    return stored


def test_upload_reaches_the_app_as_production_sends_it(app, upload):
    forwarded = upload(("rød.txt", "text/plain", b"hello"), path="/uploaded?a=1", fields=[("title", "Tïtle")])
    boundary = forwarded.content_type.partition(b'boundary="')[2][:-1]
    empty, field, file, end = forwarded.body.split(b"--" + boundary)
    assert (forwarded.target, empty, end) == (b"/uploaded?a=1", b"", b"--\r\n")
    assert field.decode().splitlines() == [
        "",
        "Content-Type: text/plain",
        'Content-Disposition: form-data; name="title"',
        "",
        "Tïtle",
    ]
    lines = file.decode().splitlines()
    key = lines[1].split('"')[1]
    assert lines[1] == f'Content-Type: message/external-body; blob-key="{key}"; access-type="X-AppEngine-BlobKey"'
    creation = lines.pop(8)
    assert creation.startswith("X-AppEngine-Upload-Creation: 20")
    assert lines[2:] == [
        'Content-Disposition: form-data; name="file"; filename="rød.txt"',
        "",
        "Content-Type: text/plain",
        "Content-Length: 5",
        "Content-MD5: NWQ0MTQwMmFiYzRiMmE3NmI5NzE5ZDkxMTAxN2M1OTI=",
        'Content-Disposition: form-data; name="file"; filename="rød.txt"',
        "",
        "",
    ]

    def describe(key):
        info = blobstore.get(key)
        return info.filename, info.content_type, info.size, info.md5_hash, info.creation.isoformat(" ")

    *facts, created = app.run(describe, key=key)
    assert facts == ["rød.txt", "text/plain", 5, "5d41402abc4b2a76b9719d911017c592"]
    assert created.startswith(creation.partition(": ")[2][:19])


def test_handler_for_python3_reads_an_upload(app, upload):
    def read(content_type, body):
        environ = {
            "REQUEST_METHOD": "POST",
            "CONTENT_TYPE": content_type,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        }
        (info,) = blobstore.BlobstoreUploadHandler().get_uploads(environ, "file")
        return info.filename, info.content_type, info.size, info.md5_hash, info.key() == blobstore.get(info.key()).key()

    forwarded = upload(("rød.txt", "text/plain", b"hello"), fields=[("title", "Tïtle")])
    facts = app.run(read, content_type=forwarded.content_type.decode(), body=forwarded.body)
    assert facts == ("rød.txt", "text/plain", 5, b"5d41402abc4b2a76b9719d911017c592", True)


def test_blob_is_read_in_parts_until_it_is_deleted(app, app_error, stored):
    data = bytes(range(256)) * 10_000  # more than one piece

    def read(key):
        reader = blobstore.BlobReader(key)
        reader.seek(-3, 2)
        return blobstore.fetch_data(key, 999_998, 1_000_001), reader.read(), blobstore.fetch_data(key, 9_999_999, 10**7)

    def delete(key):
        blobstore.delete(key)
        return blobstore.get(key)

    def fetch(key):
        blobstore.fetch_data(key, 0, 1)

    key = stored(data)
    assert app.run(read, key=key) == (data[999_998:1_000_002], data[-3:], b"")
    assert app.run(delete, key=key) is None
    with pytest.raises(app_error) as raised:
        app.run(fetch, key=key)
    assert raised.value.kind == "BlobNotFoundError"


@pytest.mark.parametrize(
    ("limits", "status"),
    [
        ({"max_bytes_per_blob": 5, "max_bytes_total": 9}, 413),
        ({"max_bytes_per_blob": 4}, 413),
        ({"max_bytes_per_blob": 5, "max_bytes_total": 10}, None),
    ],
)
def test_limit_of_an_upload_is_kept(upload, limits, status):
    file = ("a", "text/plain", b"hello")
    assert getattr(upload(file, file, **limits), "status", None) == status


def test_field_without_a_file_is_left_out(upload):
    assert b"filename" not in upload(("", "application/octet-stream", b"")).body


@pytest.mark.parametrize(
    ("kind", "body", "reason"),
    [
        ("multipart/form-data", b"", "names no boundary"),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\nhalf", "its end is missing"),
        ("multipart/form-data; boundary=x", b"--x\r\nA: b\r\n\r\n\r\n--x--", "a field has no name"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="\xff"\r\n\r\n\r\n--x--',
            "UTF-8",
        ),
    ],
)
def test_broken_upload_is_refused(app, blobs, kind, body, reason):
    def create():
        return blobstore.create_upload_url("/uploaded")

    upload = urlsplit(app.run(create)).path.removeprefix("/_ah/upload/")
    answer = blobs.receive(upload, kind, body)
    assert (answer.status, reason in answer.body.decode()) == (400, True)
    assert blobs.receive(upload[:-3], kind, body).status == 404


@pytest.mark.parametrize(
    "upload", ["", "x", "\xff", "a" * 3000, "agZzfmRlbW9y", "agZzfmRlbW9yFQsSDF9fQmxvYkluZm9fXyIDYWJjDA"]
)
def test_what_is_no_upload_is_not_found(blobs, upload):
    assert blobs.receive(upload, "text/plain", b"").status == 404


def test_datastore_that_does_not_answer_is_told(app, app_error, engine, blobs, monkeypatch, stored):
    def fail(request):
        raise DatastoreError(grpc.StatusCode.UNAVAILABLE, "gone")

    key = stored(b"text")
    monkeypatch.setattr(engine, "lookup", fail)
    with pytest.raises(AppError) as raised:
        blobs.open(key)
    assert raised.value.status == 503

    def fetch(key):
        blobstore.fetch_data(key, 0, 1)

    with pytest.raises(app_error, match="the Datastore did not answer: gone"):
        app.run(fetch, key=key)


@pytest.mark.parametrize(
    ("code", "message", "reason"),
    [
        ("INVALID_ARGUMENT", 'The kind "__x__" is reserved.', "Leave --datastore out to use the Blobstore"),
        ("UNAVAILABLE", "gone", "the Datastore did not answer as it should: gone"),
    ],
)
def test_datastore_without_blobs_is_told_to_the_app(code, message, reason):
    def fail(request):
        raise DatastoreError(grpc.StatusCode[code], message)

    datastore = SimpleNamespace(commit=fail, lookup=fail)
    caller = Caller("demo", "ticket")
    service = make_services(Surroundings(time.time, datastore, DatastoreV3Service(datastore)), print)["blobstore"]
    request = CreateUploadURLRequest(success_path="/uploaded").SerializeToString()
    with pytest.raises(apiproxy_errors.Error, match=reason):
        service.call("CreateUploadURL", request, caller)


@pytest.mark.parametrize("key", ["", "missing", "k" * 2000, "\xff"])
def test_what_is_no_blob_is_not_there(blobs, key):
    assert blobs.open(key) is None


def test_address_of_an_upload_is_good_for_one(app, blobs):
    def create():
        return blobstore.create_upload_url("http://localhost:8080/é?q=ü")

    upload = urlsplit(app.run(create)).path.removeprefix("/_ah/upload/")
    assert blobs.receive(upload, "text/plain", b"body").target == b"/%C3%A9?q=%C3%BC"
    assert blobs.receive(upload, "text/plain", b"body").status == 404


@pytest.mark.parametrize("call", ["create_gs_key", "create_upload_url"])
def test_cloud_storage_is_refused_by_name(app, app_error, log, call):
    def create_gs_key():
        blobstore.create_gs_key("/gs/bucket/file")

    def create_upload_url():
        blobstore.create_upload_url("/uploaded", gs_bucket_name="bucket")

    with pytest.raises(app_error):
        app.run({"create_gs_key": create_gs_key, "create_upload_url": create_upload_url}[call])
    assert "Cloud Storage" in log[0]


def test_images_service_reads_blobs(app, stored):
    def resize(key):
        image = images.Image(blob_key=key)
        image.resize(width=30)
        return image.execute_transforms()

    data = app.run(resize, key=stored(PICTURE.getvalue(), "image/png"))
    assert Image.open(io.BytesIO(data)).size == (30, 20)


@pytest.mark.parametrize(
    ("options", "size"),
    [("", (60, 40)), ("=s0", (60, 40)), ("=s30", (30, 20)), ("=s30-c", (30, 30)), ("=s0-c", (40, 40))],
)
def test_image_has_an_address_with_its_size(app, blobs, stored, options, size):
    def serve(key):
        return images.get_serving_url(key)

    key = stored(PICTURE.getvalue(), "image/png")
    assert app.run(serve, key=key) == f"http://localhost:8080/_ah/img/{key}"
    answer = blobs.image(key + options)
    assert (answer.status, dict(answer.headers)["Content-Type"]) == (200, "image/png")
    assert Image.open(io.BytesIO(answer.body)).size == size


def test_address_of_an_image_ends_when_the_app_deletes_it(app, blobs, stored):
    def serve(key):
        images.get_serving_url(key)

    def delete(key):
        images.delete_serving_url(key)

    key = stored(PICTURE.getvalue(), "image/png")
    assert blobs.image(key).status == 404
    app.run(serve, key=key)
    assert [blobs.image(f"{key}{options}").status for options in ("", "=s9999", "=w32")] == [200, 400, 400]
    app.run(delete, key=key)
    assert blobs.image(key).status == 404


def test_address_of_what_is_no_image_is_refused(app, app_error, blobs, stored):
    def serve(key):
        images.get_serving_url(key)

    with pytest.raises(app_error) as raised:
        app.run(serve, key="missing")
    assert raised.value.kind == "InvalidBlobKeyError"
    key = stored(b"text")
    app.run(serve, key=key)
    assert blobs.image(f"{key}=s32").status == 400

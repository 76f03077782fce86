"""App Engine's handlers: static files, and paths for the app."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from datastore_emulator.errors import UserError
from localcloud.frontend import FrontEnd
from localcloud.launch.plan import Handler, Platform
from tests.localcloud.frontend.frontend_ends import App, Reply, connect, visit


@pytest.fixture(scope="module")
def site(app: App, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrontEnd]:
    directory = tmp_path_factory.mktemp("site")
    (directory / "secret.txt").write_text("secret")
    (directory / "static").mkdir()
    (directory / "static" / "style.css").write_text("p {}")
    (directory / "static" / "a b.unknown").write_text("?")
    (directory / "static" / "out").symlink_to(directory / "secret.txt")
    (directory / "icon.ico").write_bytes(b"icon")
    (directory / ".env").write_text("secret")
    (directory / "files" / "sub").mkdir(parents=True)
    (directory / "files" / "sub" / "a.txt").write_text("a")
    (directory / "files" / "not-uploaded.py").write_text("secret")
    os.mkfifo(directory / "files" / "pipe.txt")
    with open(directory / "files" / "huge.txt", "wb") as file:
        file.truncate(64_000_001)
    handlers = [
        Handler(url="/static", static_dir="static", http_headers={"X-Mine": "1", "cache-control": "public"}),
        Handler(url=r"/(.*)\.ico", static_files=r"\1.ico", mime_type="image/special"),
        Handler(url="/f/(.*)", static_files=r"files/\1", upload=r"files/.*\.(txt|env)"),
        Handler(url="/etc", static_dir="/etc"),
        Handler(url="/up", static_dir="static/../../"),
        Handler(url="/admin/.*", refused="app.yaml:9: login: admin is not here; remove it to try the page"),
        Handler(url="/app(/.*)?", script="main.app"),
        Handler(url="/static/.*", script="main.app"),
    ]
    front_end = FrontEnd(Platform.APP_ENGINE_PYTHON27, app.address, directory=directory, handlers=handlers)
    front_end.start()
    yield front_end
    front_end.stop()


def test_static_dir_serves_what_lies_below_it(site: FrontEnd) -> None:
    reply = visit(site, target=b"/static/style.css?v=1")
    assert (reply.status, reply.body, reply.headers["Content-Type"]) == (200, b"p {}", "text/css")


def test_static_file_of_unknown_type_is_bytes(site: FrontEnd) -> None:
    reply = visit(site, target=b"/static/a%20b.unknown")
    assert (reply.body, reply.headers["Content-Type"]) == (b"?", "application/octet-stream")


def test_handlers_own_headers_replace_the_usual(site: FrontEnd) -> None:
    headers = visit(site, target=b"/static/style.css").headers
    assert (headers["X-Mine"], headers.get_all("Cache-Control")) == ("1", ["public"])


def test_static_files_names_the_file_by_the_urls_groups(site: FrontEnd) -> None:
    reply = visit(site, target=b"/icon.ico")
    assert (reply.body, reply.headers["Content-Type"]) == (b"icon", "image/special")


def test_static_file_has_a_head_without_body(site: FrontEnd) -> None:
    with connect(site) as connection:
        connection.sendall(b"HEAD /static/style.css HTTP/1.1\r\nHost: demo\r\nConnection: close\r\n\r\n")
        head, _, body = connection.makefile("rb").read().partition(b"\r\n\r\n")
    assert (b"Content-Length: 4" in head, body) == (True, b"")


def test_static_file_cannot_be_posted_to(site: FrontEnd) -> None:
    reply = visit(site, b"Content-Length: 3", target=b"/static/style.css", method=b"POST", body=b"abc")
    assert (reply.status, reply.headers["Allow"]) == (405, "GET, HEAD")


def test_answer_arrives_though_its_body_was_not_read(site: FrontEnd) -> None:
    body = b"x" * 20_000_000  # more than the system takes in for us
    reply = visit(site, b"Content-Length: %d" % len(body), target=b"/static/style.css", method=b"POST", body=body)
    assert reply.status == 405


@pytest.mark.parametrize(
    "target",
    [
        b"/static/../secret.txt",
        b"/static/%2e%2e/secret.txt",
        b"/static/..%2fsecret.txt",
        b"/static//etc/passwd",
        b"/static/out",
        b"/static/",
        b"/static/none",
        b"/static/%00",
        b"/static/" + b"x" * 5_000,
        b"/static/..%5csecret.txt",
        b"/static/~",
        b"/static/caf%e9",
        b"/..%2f..%2fx.ico",
        b"/f/..%2f.env",
        b"/f/../.env",
        b"/f/sub/../../.env",
        b"/f//etc/hosts.txt",
        b"/f/not-uploaded.py",
        b"/f/pipe.txt",
        b"/f/sub",
        b"/f/%00.txt",
        b"/etc/passwd",
        b"/up/site/secret.txt",
    ],
)
def test_path_out_of_the_static_directory_is_not_found(site: FrontEnd, target: bytes) -> None:
    assert visit(site, target=target).status == 404


def test_static_file_with_a_slash_behind_it_is_not_found(site: FrontEnd) -> None:
    assert visit(site, target=b"/static/style.css/").status == 404


def test_static_file_below_its_folder_is_served(site: FrontEnd) -> None:
    assert visit(site, target=b"/f/sub/a.txt").body == b"a"


def test_static_file_that_is_too_large_is_named(site: FrontEnd) -> None:
    reply = visit(site, target=b"/f/huge.txt")
    assert (reply.status, b"at most 64,000,000 bytes, found 64,000,001" in reply.body) == (500, True)


def test_script_handler_reaches_the_app(site: FrontEnd) -> None:
    assert visit(site, target=b"/app/page").line == b"GET /app/page HTTP/1.1"


def test_refused_handler_says_why(site: FrontEnd) -> None:
    reply = visit(site, target=b"/admin/x")
    assert (reply.status, b"app.yaml:9: login: admin" in reply.body) == (501, True)


def test_path_without_handler_is_not_found(site: FrontEnd) -> None:
    reply = visit(site, target=b"/application/<b>")
    assert (reply.status, b"/application/&lt;b&gt;</code> was not found" in reply.body) == (404, True)


def test_connection_goes_on_after_a_static_file(site: FrontEnd) -> None:
    with connect(site) as connection:
        for _ in range(2):
            connection.sendall(b"GET /static/style.css HTTP/1.1\r\nHost: demo\r\n\r\n")
            assert Reply(connection, "GET").body == b"p {}"


@pytest.mark.parametrize(
    ("handler", "message"),
    [
        (Handler(url="/(", script="main.app"), r"url '/\(' is not a regular expression"),
        (Handler(url="/x", static_files=r"\1"), r"uses group 1 of url '/x', which has 0"),
    ],
)
def test_handler_that_cannot_work_is_refused(tmp_path: Path, handler: Handler, message: str) -> None:
    with pytest.raises(UserError, match=message):
        FrontEnd(Platform.APP_ENGINE, ("127.0.0.1", 1), directory=tmp_path, handlers=[handler])


def test_a_path_that_python_would_backtrack_over_is_answered(app: App, tmp_path: Path) -> None:
    handlers = [Handler(url="/(a+)+b", script="main.app"), Handler(url="/(x+x+)+y", static_dir="static")]
    front_end = FrontEnd(Platform.APP_ENGINE, app.address, directory=tmp_path, handlers=handlers)
    front_end.start()
    try:
        assert visit(front_end, target=b"/" + b"a" * 5_000).status == 404
        assert visit(front_end, target=b"/" + b"x" * 5_000 + b"/style.css").status == 404
    finally:
        front_end.stop()

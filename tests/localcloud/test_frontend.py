"""The front ends, seen from both sides: raw sockets as visitors, and an app that tells what bytes it was sent."""

from __future__ import annotations

import concurrent.futures
import gzip
import http.client
import re
import socket
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from localcloud.errors import LocalCloudError
from localcloud.frontend import FrontEnd
from localcloud.frontend.headers import visitor_address
from localcloud.launch.plan import Handler, Platform
from localcloud.process import free_port

DEADLINE = 10.0
APP_ENGINE = [Platform.APP_ENGINE, Platform.APP_ENGINE_PYTHON27]
CLOUD_RUN = [Platform.CLOUD_RUN, Platform.FUNCTIONS]
OK = b"HTTP/1.1 200 OK\r\n"


class App(socketserver.ThreadingTCPServer):
    """A server without a framework: it answers with the request's own bytes, or as its path says."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Exchange)
        self.gate = threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def address(self) -> tuple[str, int]:
        return ("127.0.0.1", self.server_address[1])

    def handle_error(self, request: object, client_address: object) -> None:
        """Says nothing: tests break connections on purpose, and what the visitor gets is what counts."""

    def __exit__(self, *details: object) -> None:
        self.shutdown()
        self.server_close()


class Exchange(socketserver.StreamRequestHandler):
    """One connection to the app, for one request."""

    server: App

    def handle(self) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self.rfile.readline()
            if not line:
                return
            head += line
        path = head.split(b" ")[1].decode()
        answer = getattr(self, "answer_" + re.sub(r"\W.*", "", path.removeprefix("/")), self.answer_echo)
        answer(head)

    def answer_echo(self, head: bytes) -> None:
        self.reply(head + self.body(head))

    def reply(self, body: bytes, *headers: bytes) -> None:
        lines = [b"Content-Length: %d" % len(body), b"X-Peer: " + self.client_address[0].encode(), *headers]
        self.wfile.write(OK + b"\r\n".join(lines) + b"\r\n\r\n" + body)

    def body(self, head: bytes) -> bytes:
        if length := re.search(rb"(?i)\r\ncontent-length: *(\d+)", head):
            return self.rfile.read(int(length[1]))
        chunks = b""
        if re.search(rb"(?i)\r\ntransfer-encoding: *chunked", head):
            while size := int(self.rfile.readline(), 16):
                chunks += self.rfile.read(size + 2)[:-2]
            self.rfile.readline()
        return chunks

    def answer_cookies(self, head: bytes) -> None:
        self.reply(b"", b"Set-Cookie: a=1", b"Set-Cookie: b=2", b"X-Bytes: \xff\xc3\xa9", b"Keep-Alive: timeout=9")

    def answer_gzip(self, head: bytes) -> None:
        self.reply(gzip.compress(b"visits", mtime=0), b"Content-Encoding: gzip")

    def answer_redirect(self, head: bytes) -> None:
        self.wfile.write(b"HTTP/1.1 302 Found Elsewhere\r\nLocation: /cookies\r\nContent-Length: 0\r\n\r\n")

    def answer_head(self, head: bytes) -> None:
        self.wfile.write(OK + b"Content-Length: 1234\r\n\r\n")

    def answer_slow(self, head: bytes) -> None:
        self.wfile.write(OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        assert self.server.gate.wait(DEADLINE)
        self.wfile.write(b"6\r\nsecond\r\n0\r\n\r\n")

    def answer_reads(self, head: bytes) -> None:
        first = self.rfile.read(5)
        self.server.gate.set()
        self.reply(first + self.rfile.read(5))

    def answer_refuses(self, head: bytes) -> None:
        self.wfile.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\nConnection: close\r\n\r\nstop")

    def answer_dies(self, head: bytes) -> None:
        pass

    def answer_babbles(self, head: bytes) -> None:
        self.wfile.write(b"this is not HTTP\r\n\r\n")

    def answer_breaks(self, head: bytes) -> None:
        self.wfile.write(OK + b"Content-Length: 100\r\n\r\nten bytes.")

    def answer_splinters(self, head: bytes) -> None:
        self.wfile.write(OK + b"Transfer-Encoding: chunked\r\n\r\n9\r\none chunk\r\n")

    def answer_ends(self, head: bytes) -> None:
        self.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil the end")


class Reply:
    """An answer as a visitor gets it; an echoing app's request is taken apart in `line`, `seen` and `sent`."""

    def __init__(self, connection: socket.socket, method: str) -> None:
        response = http.client.HTTPResponse(connection, method=method)
        response.begin()
        self.status, self.reason, self.headers = response.status, response.reason, response.headers
        self.body = response.read()
        head, _, self.sent = self.body.partition(b"\r\n\r\n")
        self.line, *lines = head.split(b"\r\n")
        self.seen = [(name, value) for name, _, value in (line.partition(b": ") for line in lines)]

    def all(self, name: str) -> list[bytes]:
        return [value for key, value in self.seen if key.lower() == name.lower().encode()]

    def one(self, name: str) -> bytes:
        (value,) = self.all(name)
        return value


def connect(front_end: FrontEnd, source: str = "127.0.0.1") -> socket.socket:
    host = "::1" if ":" in source else "127.0.0.1"
    return socket.create_connection((host, front_end.port), timeout=DEADLINE, source_address=(source, 0))


def visit(
    front_end: FrontEnd,
    *lines: bytes,
    target: bytes = b"/",
    method: bytes = b"GET",
    body: bytes = b"",
    source: str = "127.0.0.1",
) -> Reply:
    with connect(front_end, source) as connection:
        head = [method + b" " + target + b" HTTP/1.1", b"Host: demo.example", *lines, b"Connection: close"]
        connection.sendall(b"\r\n".join(head) + b"\r\n\r\n" + body)
        return Reply(connection, method.decode())


@pytest.fixture(scope="module")
def app() -> Iterator[App]:
    with App() as app:
        yield app


@pytest.fixture(scope="module")
def front_ends(app: App, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Platform, FrontEnd]]:
    directory = tmp_path_factory.mktemp("app")
    started = {
        platform: FrontEnd(platform, app.address, directory=directory, extra_headers={"X-Appengine-Api-Ticket": "t1"})
        for platform in Platform
    }
    for front_end in started.values():
        front_end.start()
    yield started
    for front_end in started.values():
        front_end.stop()


@pytest.fixture(params=Platform, ids=lambda platform: platform.name)
def any_front_end(front_ends: dict[Platform, FrontEnd], request: pytest.FixtureRequest) -> FrontEnd:
    return front_ends[request.param]


@pytest.fixture(params=APP_ENGINE, ids=lambda platform: platform.name)
def app_engine(front_ends: dict[Platform, FrontEnd], request: pytest.FixtureRequest) -> FrontEnd:
    return front_ends[request.param]


@pytest.fixture(params=CLOUD_RUN, ids=lambda platform: platform.name)
def cloud_run(front_ends: dict[Platform, FrontEnd], request: pytest.FixtureRequest) -> FrontEnd:
    return front_ends[request.param]


@pytest.fixture
def front_end(front_ends: dict[Platform, FrontEnd]) -> FrontEnd:
    """For what does not depend on the platform."""
    return front_ends[Platform.CLOUD_RUN]


# Who the visitor is


def test_app_engine_names_the_visitor(app_engine: FrontEnd) -> None:
    assert visit(app_engine, source="127.0.0.3").one("X-Appengine-User-Ip") == b"127.0.0.3"


def test_cloud_run_does_not_know_the_app_engine_header(cloud_run: FrontEnd) -> None:
    assert visit(cloud_run).all("X-Appengine-User-Ip") == []


def test_visitor_without_claims_is_all_of_x_forwarded_for(any_front_end: FrontEnd) -> None:
    assert visit(any_front_end, source="127.0.0.2").one("X-Forwarded-For") == b"127.0.0.2"


def test_visitor_comes_last_after_claims_of_several_lines(any_front_end: FrontEnd) -> None:
    reply = visit(any_front_end, b"X-Forwarded-For: 1.1.1.1, 2.2.2.2", b"x-forwarded-for: 3.3.3.3", source="127.0.0.2")
    assert reply.one("X-Forwarded-For") == b"1.1.1.1, 2.2.2.2, 3.3.3.3, 127.0.0.2"


def test_empty_claim_adds_no_entry(any_front_end: FrontEnd) -> None:
    assert visit(any_front_end, b"X-Forwarded-For:").one("X-Forwarded-For") == b"127.0.0.1"


def test_visitor_over_ipv6_keeps_the_address(app_engine: FrontEnd) -> None:
    assert visit(app_engine, source="::1").one("X-Appengine-User-Ip") == b"::1"


@pytest.mark.parametrize(
    ("peer", "shown"), [("::ffff:127.0.0.1", "127.0.0.1"), ("fe80::1%lo", "fe80::1"), ("::1", "::1")]
)
def test_address_is_shown_as_the_platforms_write_it(peer: str, shown: str) -> None:
    assert visitor_address(peer) == shown


def test_app_sees_the_proxy_as_its_peer(any_front_end: FrontEnd) -> None:
    assert visit(any_front_end).headers["X-Peer"] == "127.0.0.254"


# What is taken away and what is added


@pytest.mark.parametrize(
    "name", [b"X-Appengine-User-Ip", b"x-appengine-user-ip", b"X_Appengine_User_Ip", b"X-Appengine_User-Ip"]
)
def test_forged_user_ip_does_not_reach_an_app_engine_app(app_engine: FrontEnd, name: bytes) -> None:
    reply = visit(app_engine, name + b": 6.6.6.6")
    assert b"6.6.6.6" not in reply.body


@pytest.mark.parametrize("name", ["X-Appengine-Queuename", "X-Google-Real", "Accept-Encoding"])
def test_app_engine_removes_reserved_header(app_engine: FrontEnd, name: str) -> None:
    assert visit(app_engine, name.encode() + b": forged").all(name) == []


@pytest.mark.parametrize("name", ["X-Appengine-User-Ip", "X-Google-Real", "Accept-Encoding"])
def test_cloud_run_passes_what_only_app_engine_reserves(cloud_run: FrontEnd, name: str) -> None:
    assert visit(cloud_run, name.encode() + b": theirs").one(name) == b"theirs"


@pytest.mark.parametrize("name", [b"X_Forwarded_For", b"X-Forwarded_For"])
def test_underscore_is_no_way_round_x_forwarded_for(any_front_end: FrontEnd, name: bytes) -> None:
    assert b"6.6.6.6" not in visit(any_front_end, name + b": 6.6.6.6").body


def test_launcher_adds_a_header_no_visitor_can_replace(any_front_end: FrontEnd) -> None:
    assert visit(any_front_end, b"X-Appengine-Api-Ticket: t2").one("X-Appengine-Api-Ticket") == b"t1"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Appengine-Https", rb"off"),
        ("X-Appengine-Country", rb"ZZ"),
        ("X-Appengine-Request-Log-Id", rb"[0-9a-f]{64}"),
        ("X-Appengine-Default-Version-Hostname", rb"localhost:\d+"),
    ],
)
def test_app_engine_adds_its_header(app_engine: FrontEnd, name: str, value: bytes) -> None:
    assert re.fullmatch(value, visit(app_engine).one(name))


def test_scheme_is_the_one_the_visitor_used(any_front_end: FrontEnd) -> None:
    assert visit(any_front_end, b"X-Forwarded-Proto: https").one("X-Forwarded-Proto") == b"http"


def test_new_request_starts_a_trace(any_front_end: FrontEnd) -> None:
    reply = visit(any_front_end)
    trace = re.fullmatch(rb"([0-9a-f]{32})/(\d+);o=0", reply.one("X-Cloud-Trace-Context"))
    assert trace is not None
    assert reply.one("Traceparent") == b"00-%s-%016x-00" % (trace[1], int(trace[2]))


@pytest.mark.parametrize("line", [b"traceparent: 00-%s-00f067aa0ba902b7-01", b"X-Cloud-Trace-Context: %s/1;o=1"])
def test_visitors_trace_goes_on(any_front_end: FrontEnd, line: bytes) -> None:
    trace = b"4bf92f3577b34da6a3ce929d0e0e4736"
    assert visit(any_front_end, line % trace).one("X-Cloud-Trace-Context").startswith(trace)


def test_host_is_passed_as_it_came(any_front_end: FrontEnd) -> None:
    assert visit(any_front_end).one("Host") == b"demo.example"


@pytest.mark.parametrize("name", ["Keep-Alive", "Te", "Proxy-Connection", "Upgrade", "X-Mine"])
def test_header_of_the_visitors_connection_ends_here(any_front_end: FrontEnd, name: str) -> None:
    assert visit(any_front_end, name.encode() + b": h2c", b"Connection: X-Mine").all(name) == []


def test_connection_cannot_remove_host(any_front_end: FrontEnd) -> None:
    assert visit(any_front_end, b"Connection: host").one("Host") == b"demo.example"


def test_connection_cannot_remove_the_visitor(any_front_end: FrontEnd) -> None:
    assert visit(any_front_end, b"Connection: X-Forwarded-For").one("X-Forwarded-For") == b"127.0.0.1"


# Bytes


@pytest.mark.parametrize("target", [b"/a%2Fb//c/../d", b"/%e9%C3%a9?x=%20&y=a+b&&z;=%zz", b"/?", b"/{}%s'|\\^", b"*"])
def test_target_is_passed_unchanged(any_front_end: FrontEnd, target: bytes) -> None:
    assert visit(any_front_end, target=target).line == b"GET " + target + b" HTTP/1.1"


@pytest.mark.parametrize(
    ("target", "line"),
    [
        (b"http://demo/a?b", b"GET /a?b HTTP/1.1"),
        (b"HTTP://demo?b/c", b"GET /?b/c HTTP/1.1"),
        (b"http://d", b"GET / HTTP/1.1"),
    ],
)
def test_target_meant_for_a_proxy_becomes_a_path(front_end: FrontEnd, target: bytes, line: bytes) -> None:
    assert visit(front_end, target=target).line == line


@pytest.mark.parametrize(
    "agent",
    [b"caf\xc3\xa9", b"\xff\xfe latin \xe9", b"\"'<script>{}%s", b"a\tb", b"x" * 8_000, b"x" * 32_000],
    ids=["utf-8", "invalid", "markup", "tab", "8000", "32000"],
)
def test_user_agent_arrives_as_the_same_bytes(any_front_end: FrontEnd, agent: bytes) -> None:
    assert visit(any_front_end, b"User-Agent: " + agent).one("User-Agent") == agent


def test_long_head_may_arrive_in_pieces(front_end: FrontEnd) -> None:
    head = b"GET / HTTP/1.1\r\nHost: demo\r\nCookie: " + b"x" * 48_000 + b"\r\n\r\n"
    with connect(front_end) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, len(head), 1_000):
            connection.sendall(head[start : start + 1_000])
        assert len(Reply(connection, "GET").one("Cookie")) == 48_000


def test_absent_user_agent_stays_absent(any_front_end: FrontEnd) -> None:
    assert visit(any_front_end).all("User-Agent") == []


def test_empty_user_agent_stays_empty(any_front_end: FrontEnd) -> None:
    assert visit(any_front_end, b"User-Agent:").one("User-Agent") == b""


def test_other_headers_keep_their_order_number_and_spelling(any_front_end: FrontEnd) -> None:
    lines = [b"X-b: 1", b"x-A: 2", b"X-B: 3"]
    reply = visit(any_front_end, *lines)
    assert [name + b": " + value for name, value in reply.seen if name.lower() in {b"x-a", b"x-b"}] == lines


def test_each_cookie_reaches_the_visitor(any_front_end: FrontEnd) -> None:
    assert visit(any_front_end, target=b"/cookies").headers.get_all("Set-Cookie") == ["a=1", "b=2"]


def test_bytes_of_the_apps_headers_reach_the_visitor(any_front_end: FrontEnd) -> None:
    assert visit(any_front_end, target=b"/cookies").headers["X-Bytes"].encode("latin-1") == b"\xff\xc3\xa9"


def test_headers_of_the_apps_connection_end_here(any_front_end: FrontEnd) -> None:
    assert "Keep-Alive" not in visit(any_front_end, target=b"/cookies").headers


def test_compressed_body_stays_compressed(front_end: FrontEnd) -> None:
    assert visit(front_end, target=b"/gzip").body == gzip.compress(b"visits", mtime=0)


def test_redirect_is_the_visitors_to_follow(front_end: FrontEnd) -> None:
    reply = visit(front_end, target=b"/redirect")
    assert (reply.status, reply.reason, reply.headers["Location"]) == (302, "Found Elsewhere", "/cookies")


# Bodies


def test_head_has_the_length_and_no_body(front_end: FrontEnd) -> None:
    with connect(front_end) as connection:
        connection.sendall(b"HEAD /head HTTP/1.1\r\nHost: demo\r\nConnection: close\r\n\r\n")
        head, _, body = connection.makefile("rb").read().partition(b"\r\n\r\n")
    assert (b"Content-Length: 1234" in head, body) == (True, b"")


def test_body_of_announced_length_reaches_the_app(front_end: FrontEnd) -> None:
    body = bytes(range(256)) * 4_000
    assert visit(front_end, b"Content-Length: %d" % len(body), method=b"POST", body=body).sent == body


def test_chunked_body_reaches_the_app(front_end: FrontEnd) -> None:
    reply = visit(
        front_end, b"Transfer-Encoding: chunked", method=b"POST", body=b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
    )
    assert reply.sent == b"abcde"


def test_two_framings_of_one_body_reach_the_app_as_one(front_end: FrontEnd) -> None:
    lines = [b"Content-Length: 4", b"Transfer-Encoding: chunked"]
    reply = visit(front_end, *lines, method=b"POST", body=b"3\r\nabc\r\n0\r\n\r\n")
    assert (reply.all("Content-Length"), reply.sent) == ([], b"abc")


def test_visitor_who_waits_for_100_continue_gets_it(front_end: FrontEnd) -> None:
    with connect(front_end) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: demo\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"abc")
        assert Reply(connection, "POST").sent == b"abc"


def test_answer_is_passed_on_while_the_app_still_writes_it(app: App, front_end: FrontEnd) -> None:
    app.gate.clear()
    with httpx.stream("GET", f"{front_end.url}/slow", timeout=DEADLINE) as response:
        parts = response.iter_bytes()
        assert next(parts) == b"first"
        app.gate.set()
        assert b"".join(parts) == b"second"


def test_body_is_passed_on_while_the_visitor_still_sends_it(app: App, front_end: FrontEnd) -> None:
    app.gate.clear()
    with connect(front_end) as connection:
        connection.sendall(b"POST /reads HTTP/1.1\r\nHost: demo\r\nContent-Length: 10\r\n\r\nfirst")
        assert app.gate.wait(DEADLINE)
        connection.sendall(b"other")
        assert Reply(connection, "POST").body == b"firstother"


def test_app_may_answer_before_it_has_read_the_body(front_end: FrontEnd) -> None:
    with connect(front_end) as connection:
        connection.sendall(
            b"POST /refuses HTTP/1.1\r\nHost: demo\r\nContent-Length: 100000000\r\n\r\n" + b"x" * 100_000
        )
        reply = Reply(connection, "POST")
    assert (reply.status, reply.body) == (413, b"stop")


def test_app_may_end_its_answer_by_closing(front_end: FrontEnd) -> None:
    assert visit(front_end, target=b"/ends").body == b"until the end"


def test_connection_takes_several_requests(front_end: FrontEnd) -> None:
    with connect(front_end) as connection:
        for method in (b"GET", b"HEAD", b"POST", b"GET"):
            path = b"/head" if method == b"HEAD" else b"/"
            connection.sendall(method + b" " + path + b" HTTP/1.1\r\nHost: demo\r\nContent-Length: 0\r\n\r\n")
            assert Reply(connection, method.decode()).status == 200


def test_http_1_0_is_served(front_end: FrontEnd) -> None:
    with connect(front_end) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert Reply(connection, "GET").one("Host") == f"localhost:{front_end.port}".encode()


def test_twenty_visitors_at_once_are_not_mixed_up(front_end: FrontEnd) -> None:
    sources = [f"127.0.0.{n}" for n in range(2, 22)]
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        replies = list(pool.map(lambda source: visit(front_end, source=source), sources))
    assert [reply.one("X-Forwarded-For").decode() for reply in replies] == sources


# What goes wrong


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET /\xc3\xa9 HTTP/1.1\r\nHost: demo\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: demo\r\nUser-Agent: a\0b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: demo\r\nUser-Agent: " + b"x" * 1_000_000 + b"\r\n\r\n", 431),
        (b"POST / HTTP/1.1\r\nHost: demo\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: demo\r\nTransfer-Encoding: chunked\r\n\r\nnot a size\r\n", 400),
        (b"CONNECT demo:443 HTTP/1.1\r\nHost: demo\r\n\r\n", 405),
    ],
    ids=["no-http", "no-host", "raw-target", "nul", "too-long", "length", "chunk", "connect"],
)
def test_bad_request_is_the_visitors_fault(front_end: FrontEnd, request_bytes: bytes, status: int) -> None:
    with connect(front_end) as connection:
        connection.sendall(request_bytes)
        assert Reply(connection, "GET").status == status


@pytest.mark.parametrize("target", [b"/dies", b"/babbles"])
def test_app_that_gives_no_answer_is_a_502_in_plain_words(any_front_end: FrontEnd, target: bytes) -> None:
    reply = visit(any_front_end, target=target)
    assert (reply.status, reply.body) == (
        502,
        b"502 Bad Gateway: the app broke off before it had answered; its log says why.\n",
    )


@pytest.mark.parametrize("target", [b"/breaks", b"/splinters"])
def test_answer_that_breaks_off_does_not_look_whole(front_end: FrontEnd, target: bytes) -> None:
    with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
        visit(front_end, target=target)


def test_answer_that_breaks_off_does_not_look_whole_to_http_1_0(front_end: FrontEnd) -> None:
    with connect(front_end) as connection:
        connection.sendall(b"GET /splinters HTTP/1.0\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            connection.makefile("rb").read()


def test_websocket_is_refused_by_name_where_the_platform_has_it(cloud_run: FrontEnd) -> None:
    reply = visit(cloud_run, b"Upgrade: websocket")
    assert (reply.status, b"WebSocket" in reply.body) == (501, True)


def test_app_that_does_not_listen_is_a_503_in_plain_words(tmp_path: Path) -> None:
    port = free_port()
    front_end = FrontEnd(Platform.CLOUD_RUN, ("127.0.0.1", port), directory=tmp_path, patience=0)
    front_end.start()
    try:
        reply = visit(front_end)
    finally:
        front_end.stop()
    assert (reply.status, f"no app listens on 127.0.0.1:{port}".encode() in reply.body) == (503, True)


def test_request_waits_for_an_app_that_is_starting(tmp_path: Path) -> None:
    upstream = ("127.0.0.1", free_port())
    patient = FrontEnd(Platform.CLOUD_RUN, upstream, directory=tmp_path)
    impatient = FrontEnd(Platform.CLOUD_RUN, upstream, directory=tmp_path, patience=0.2)
    patient.start()
    impatient.start()
    try:
        with connect(patient) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: demo\r\n\r\n")
            assert visit(impatient).status == 503  # so the other has found nobody either by now
            with App(upstream[1]):
                assert Reply(connection, "GET").status == 200
    finally:
        patient.stop()
        impatient.stop()


# Its own port


@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_port_taken_is_one_line_with_the_way_round(tmp_path: Path, family: int, address: str) -> None:
    with socket.socket(family) as other:
        other.bind((address, 0))
        other.listen()
        port = other.getsockname()[1]
        front_end = FrontEnd(Platform.CLOUD_RUN, ("127.0.0.1", 1), directory=tmp_path, port=port)
        with pytest.raises(LocalCloudError, match=rf"^port {port} on {address} is in use .* --port$"):
            front_end.start()


def test_stopped_front_end_ends_its_connections(app: App, tmp_path: Path) -> None:
    front_end = FrontEnd(Platform.CLOUD_RUN, app.address, directory=tmp_path)
    front_end.start()
    with connect(front_end) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: demo\r\n\r\n")
        assert Reply(connection, "GET").status == 200
        front_end.stop()
        assert connection.recv(1) == b""


def test_stopped_front_end_can_be_started_on_its_port_again(app: App, tmp_path: Path) -> None:
    front_end = FrontEnd(Platform.CLOUD_RUN, app.address, directory=tmp_path)
    front_end.start()
    port = front_end.port
    with connect(front_end) as connection:  # ended by us, so that its port lingers in the system
        front_end.stop()
        assert connection.recv(1) == b""
    front_end.start()
    try:
        assert (visit(front_end).status, front_end.port) == (200, port)
    finally:
        front_end.stop()


def test_each_answer_is_told_to_the_log(app: App, tmp_path: Path) -> None:
    told: list[tuple[str, str, int, str]] = []
    done = threading.Event()
    front_end = FrontEnd(
        Platform.CLOUD_RUN,
        app.address,
        directory=tmp_path,
        on_request=lambda *entry: (told.append(entry), done.set())[1],
    )
    front_end.start()
    try:
        visit(front_end, target=b"/redirect?a=%20", method=b"PUT", source="127.0.0.9")
        assert done.wait(DEADLINE)
    finally:
        front_end.stop()
    assert told == [("PUT", "/redirect?a=%20", 302, "127.0.0.9")]


# app.yaml's handlers


@pytest.fixture(scope="module")
def site(app: App, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrontEnd]:
    directory = tmp_path_factory.mktemp("site")
    (directory / "secret.txt").write_text("secret")
    (directory / "static").mkdir()
    (directory / "static" / "style.css").write_text("p {}")
    (directory / "static" / "a b.unknown").write_text("?")
    (directory / "static" / "out").symlink_to(directory / "secret.txt")
    (directory / "icon.ico").write_bytes(b"icon")
    handlers = [
        Handler(url="/static", static_dir="static", http_headers={"X-Mine": "1", "cache-control": "public"}),
        Handler(url=r"/(.*)\.ico", static_files=r"\1.ico", mime_type="image/special"),
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
        b"/..%2f..%2fx.ico",
    ],
)
def test_path_out_of_the_static_directory_is_not_found(site: FrontEnd, target: bytes) -> None:
    assert visit(site, target=target).status == 404


def test_script_handler_is_the_apps(site: FrontEnd) -> None:
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
        (Handler(url="/x", static_files=r"\1"), r"asks for group 1 of url '/x', which has 0"),
    ],
)
def test_handler_that_cannot_work_is_refused(tmp_path: Path, handler: Handler, message: str) -> None:
    with pytest.raises(LocalCloudError, match=message):
        FrontEnd(Platform.APP_ENGINE, ("127.0.0.1", 1), directory=tmp_path, handlers=[handler])

"""The urlfetch service: real requests to a server on this machine."""

import datetime
import http.server
import ssl
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.localcloud.appengine.bundled_app import urlfetch


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with the request, or redirects, or says nothing."""

    def do_GET(self):
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/here")
            self.end_headers()
            return
        if self.path == "/slow":
            self.server.gate.wait()
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer = f"{self.command} {self.path} {self.headers.get('X-Mine')} {body.decode()}".encode()
        if self.path == "/agent":
            answer = self.headers["User-Agent"].encode()
        self.send_response(404 if self.path == "/missing" else 200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815  # the names that http.server calls

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def url():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        server.gate = threading.Event()
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.gate.set()
        server.shutdown()


@pytest.fixture(scope="module")
def secure_url(url, tmp_path_factory):
    """The address of a server whose certificate nobody has signed."""
    file = tmp_path_factory.mktemp("certificate") / "pem"
    file.write_bytes(self_signed("localhost"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"https://localhost:{server.server_port}"
        server.shutdown()


def self_signed(name):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(1))
        .not_valid_after(now + datetime.timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, no_password = serialization.Encoding.PEM, serialization.NoEncryption()
    return key.private_bytes(pem, serialization.PrivateFormat.PKCS8, no_password) + certificate.public_bytes(pem)


@pytest.mark.parametrize("validate", [True, None])
def test_certificate_is_validated_unless_the_app_says_no(app, app_error, secure_url, validate):
    def fetch(url, validate):
        return urlfetch.fetch(url, validate_certificate=validate).status_code

    with pytest.raises(app_error) as raised:
        app.run(fetch, url=secure_url, validate=validate)
    assert raised.value.kind == "SSLCertificateError"
    assert app.run(fetch, url=secure_url, validate=False) == 200


def test_user_agent_names_the_app(app, url):
    def fetch(url):
        return urlfetch.fetch(f"{url}/agent", headers={"User-Agent": "mine"}).content.decode()

    assert app.run(fetch, url=url) == "mine AppEngine-Google; (+http://code.google.com/appengine; appid: s~demo)"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_server_receives_the_request(app, url, method):
    def fetch(url, method):
        answer = urlfetch.fetch(f"{url}/page?a=1", payload=b"body", method=method, headers={"X-Mine": "mine"})
        return answer.status_code, answer.content.decode().strip()

    body = " body" if method in ("POST", "PUT") else ""
    assert app.run(fetch, url=url, method=method) == (200, f"{method} /page?a=1 mine{body}")


def test_status_of_the_server_is_the_apps_to_judge(app, url):
    def fetch(url):
        return urlfetch.fetch(f"{url}/missing").status_code

    assert app.run(fetch, url=url) == 404


def test_redirects_are_followed_unless_forbidden(app, url):
    def fetch(url):
        followed = urlfetch.fetch(f"{url}/away")
        return followed.final_url, urlfetch.fetch(f"{url}/away", follow_redirects=False).status_code

    assert app.run(fetch, url=url) == (f"{url}/here", 302)


def test_asynchronous_fetches_have_results(app, url):
    def fetch(url):
        calls = [urlfetch.create_rpc() for _ in range(2)]
        for number, call in enumerate(calls):
            urlfetch.make_fetch_call(call, f"{url}/{number}")
        return [call.get_result().content.decode().split()[1] for call in calls]

    assert app.run(fetch, url=url) == ["/0", "/1"]


@pytest.mark.parametrize(
    ("page", "kind"),
    [
        ("/slow", "DeadlineExceededError"),
        ("ftp://127.0.0.1/", "InvalidURLError"),
        ("http://127.0.0.1:1/", "InvalidURLError"),
        ("http://127.0.0.1:65000/", "DownloadError"),
    ],
)
def test_failure_is_the_error_of_the_cloud(app, app_error, url, page, kind):
    def fetch(url):
        urlfetch.fetch(url, deadline=0.2)

    with pytest.raises(app_error) as raised:
        app.run(fetch, url=url + page if page.startswith("/") else page)
    assert raised.value.kind == kind

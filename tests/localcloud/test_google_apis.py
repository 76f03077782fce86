"""Apps that call other Google APIs: their emulators, and what they are told without credentials."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace

import grpc
import httpx
import pytest
from google.api_core.exceptions import Unauthenticated, from_grpc_error

from datastore_emulator.errors import UserError
from localcloud import cli
from localcloud.launch.plan import LaunchPlan, Platform
from localcloud.metadata import MetadataServer
from localcloud.runtimes import Instance, ServiceAddresses
from localcloud.runtimes.google_apis import CredentialsAdvice, read_emulators
from localcloud.runtimes.python3.command import SITE
from localcloud.runtimes.variables import app_variables
from tests.support.deadline import DEADLINE

FOLDER = Path("/home/ann/app")
PACKAGES = "/cache/lib/python3.11/site-packages"
WAY = "pass --made-up-credentials: then the app starts, and its calls to Google fail without being sent"


def traceback(*files: str) -> list[str]:
    """Return the lines of a traceback through these files that ends without credentials."""
    frames = [line for file in files for line in (f'  File "{file}", line 7, in <module>', "    call()")]
    return [
        "Traceback (most recent call last):",
        *frames,
        "    raise exceptions.DefaultCredentialsError(_CLOUD_SDK_MISSING_CREDENTIALS)",
        "google.auth.exceptions.DefaultCredentialsError: Your default credentials were not found.",
    ]


def advise(*lines: str) -> list[str]:
    reader = CredentialsAdvice(FOLDER)
    return [advice for line in lines if (advice := reader.read(line))]


@pytest.mark.parametrize(
    ("module", "client", "variable"),
    [
        ("google/cloud/pubsub_v1/publisher/client", "google.cloud.pubsub", "PUBSUB_EMULATOR_HOST"),
        ("google/pubsub_v1/services/publisher/client", "google.pubsub", "PUBSUB_EMULATOR_HOST"),
        ("google/cloud/firestore_v1/base_client", "google.cloud.firestore", "FIRESTORE_EMULATOR_HOST"),
        ("google/cloud/storage/client", "google.cloud.storage", "STORAGE_EMULATOR_HOST"),
        ("google/cloud/bigtable/data/client", "google.cloud.bigtable", "BIGTABLE_EMULATOR_HOST"),
        ("firebase_admin/auth", "firebase_admin.auth", "FIREBASE_AUTH_EMULATOR_HOST"),
    ],
)
def test_client_with_an_emulator_is_advised_to_use_it(module, client, variable):
    found = advise(
        *traceback(
            f"{FOLDER}/views/main.py",
            "/usr/lib/python3.11/abc.py",
            f"{PACKAGES}/{module}.py",
            f"{PACKAGES}/google/x.py",
        )
    )
    assert found == [
        f"views/main.py:7: {client} asks for Google's credentials, and an app gets none here; set {variable} to the "
        f"address of an emulator, or {WAY}"
    ]


def test_client_without_an_emulator_is_advised_to_make_credentials_up():
    assert advise(*traceback(f"{FOLDER}/main.py", f"{PACKAGES}/google/cloud/storage_control_v2/client.py")) == [
        f"main.py:7: google.cloud.storage_control asks for Google's credentials, and an app gets none here; {WAY}"
    ]


def test_the_same_place_is_advised_once():
    once = traceback(f"{FOLDER}/main.py", f"{PACKAGES}/google/cloud/tasks_v2/client.py")
    assert len(advise(*once, "Your default credentials were not found.", *once)) == 1


def test_error_without_a_traceback_is_advised_too():
    assert advise("ERROR in app: Your default credentials were not found. To set up") == [
        f"a client asks for Google's credentials, and an app gets none here; {WAY}"
    ]


def test_only_emulators_are_read_from_the_environment():
    shell = {"PUBSUB_EMULATOR_HOST": "localhost:8085", "SPANNER_EMULATOR_HOST": "", "DATASTORE_EMULATOR_HOST": "x:1"}
    assert read_emulators({**shell, "HOME": "/home/ann"}) == {"PUBSUB_EMULATOR_HOST": "localhost:8085"}


ASK = """
    import importlib.util, json, urllib.request
    import google.auth, google.auth.exceptions, google.auth.transport.requests

    def ask():
        try:
            credentials, project = google.auth.default(["https://www.googleapis.com/auth/cloud-platform"])
        except google.auth.exceptions.DefaultCredentialsError as error:
            return [type(error).__name__]
        try:
            credentials.before_request(google.auth.transport.requests.Request(), "GET", "https://example.com", {})
        except google.auth.exceptions.RefreshError as error:
            return [type(error).__name__, project, credentials.service_account_email, str(error)]

    url = "http://metadata.google.internal/computeMetadata/v1/project/project-id"
    request = urllib.request.Request(url, headers={"Metadata-Flavor": "Google"})
    importlib.util.find_spec("grpc")  # as Google's libraries do, before they import it
    import grpc
    changed = grpc.secure_channel.__module__ == "localcloud_no_google"
    print(json.dumps([urllib.request.urlopen(request).read().decode(), changed, ask()]))
"""


@pytest.mark.parametrize("made_up", [False, True])
def test_key_of_the_deployment_file_gives_way_to_made_up_credentials(made_up):
    services = ServiceAddresses("demo", "127.0.0.1:1", ("127.0.0.1", 2), "ticket", made_up_credentials=made_up)
    file = {"GOOGLE_APPLICATION_CREDENTIALS": "key.json", "LANG_TAG": "it"}
    plan = LaunchPlan(Path("app.yaml"), Platform.CLOUD_RUN, Path(), environment=file)
    variables = app_variables(plan, services, Instance("app", 8080, Path()))
    assert variables["LANG_TAG"] == "it"
    assert ("GOOGLE_APPLICATION_CREDENTIALS" in variables) is not made_up


def test_key_on_the_command_line_and_made_up_credentials_exclude_each_other(tmp_path):
    with pytest.raises(UserError, match="leave one of them out"):
        cli.run(["run", str(tmp_path), "--made-up-credentials", "--env", "GOOGLE_APPLICATION_CREDENTIALS=key.json"])


@pytest.mark.parametrize("made_up", [False, True])
def test_googles_client_with_the_variables_of_an_app(tmp_path, made_up):
    server = MetadataServer("demo")
    server.start()
    services = ServiceAddresses(
        "demo", "127.0.0.1:1", ("127.0.0.1", 2), "ticket", metadata=server.address, made_up_credentials=made_up
    )
    plan = LaunchPlan(Path("app.yaml"), Platform.CLOUD_RUN, Path())
    variables = app_variables(plan, services, Instance("app", 8080, tmp_path))
    done = subprocess.run(
        [sys.executable, "-c", dedent(ASK)],
        check=False,
        env={**variables, "HOME": str(tmp_path), "PYTHONPATH": str(SITE)},
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    server.stop()
    assert done.returncode == 0, done.stderr
    project, grpc_is_changed, (error, *rest) = json.loads(done.stdout)
    assert (project, grpc_is_changed) == ("demo", made_up)
    if made_up:
        assert (error, *rest[:2]) == ("RefreshError", "demo", "demo@appspot.gserviceaccount.com")
        assert "an access token is refused here" in rest[2]
    else:
        assert error == "DefaultCredentialsError"


@pytest.fixture
def changed_grpc(monkeypatch):
    """The module grpc as an app with made-up credentials has it."""
    monkeypatch.syspath_prepend(SITE)
    module = SimpleNamespace(**vars(grpc))
    importlib.import_module("localcloud_no_google").change_grpc(module)
    return module


def test_calls_of_grpc_to_google_are_refused_at_once(changed_grpc):
    with changed_grpc.secure_channel("pubsub.googleapis.com:443", grpc.ssl_channel_credentials()) as channel:
        calls = [
            lambda: channel.unary_unary("/p.P/Publish")(b""),
            lambda: channel.unary_unary("/p.P/Publish").future(b"").result(),
            lambda: next(channel.unary_stream("/p.P/Run")(b"")),
            lambda: channel.stream_unary("/p.P/Write")(iter([b""])),
            lambda: next(channel.stream_stream("/p.P/Pull")(iter([b""]))),
        ]
        for call in calls:
            with pytest.raises(grpc.RpcError, match="localcloud refuses this call") as refusal:
                call()
            error = from_grpc_error(refusal.value)
            assert isinstance(error, Unauthenticated)


def test_calls_of_grpc_to_others_are_left_alone(changed_grpc):
    credentials = grpc.ssl_channel_credentials()
    with (
        changed_grpc.secure_channel("localhost:1", credentials) as other,
        grpc.secure_channel("a:1", credentials) as plain,
    ):
        assert type(other) is type(plain)


SERVER = """
    import http.server, json, os
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(dict(os.environ)).encode())
    http.server.HTTPServer(('', int(os.environ['PORT'])), Handler).serve_forever()
"""


@pytest.mark.app
def test_app_gets_the_emulators_of_the_shell(localcloud, tmp_path, monkeypatch):
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", "localhost:8085")
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://localhost:9023")
    (tmp_path / "Procfile").write_text("web: exec python server.py\n")
    (tmp_path / "server.py").write_text(dedent(SERVER))
    command = localcloud(
        "run", tmp_path, "--data", ":memory:", "--made-up-credentials", "--env", "STORAGE_EMULATOR_HOST=http://other:1"
    )
    command.wait_for("from your shell: PUBSUB_EMULATOR_HOST=localhost:8085")
    variables = httpx.get(command.urls()[0], timeout=DEADLINE).json()
    assert variables["PUBSUB_EMULATOR_HOST"] == "localhost:8085"
    assert variables["STORAGE_EMULATOR_HOST"] == "http://other:1"
    assert variables["GCE_METADATA_HOST"].startswith("127.0.0.1:")
    assert "NO_GCE_CHECK" not in variables

"""`codelab probe` says in one line if an app shows the right address, and exits with 0 only then."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from codelab import cli
from codelab.commands.probe import read_url
from codelab.errors import CodelabError
from localcloud import App, Cloud
from tests.codelab.probed_servers import OWN, answer, probed, right_answer, serving
from tests.support.course import FUNCTION, ROOT

pytestmark = pytest.mark.xdist_group("probe")


# The folder, the variables that override its own, if that is right, and how the line begins. test_probe_result.py has
# all other states.
APPS: dict[str, tuple[str, dict[str, str], bool, str]] = {
    "Cloud Run, unchanged": ("mod5-buildpacks/FINISH", {}, True, OWN),
    "Cloud Run, 1 too high": (
        "mod5-buildpacks/FINISH",
        {"PROXY_HOPS": "2"},
        False,
        "PROXY_HOPS is 1 too high: the page shows 192.0.2.8, which this visit forged",
    ),
    "Cloud Run, too low": (
        "mod5-buildpacks/FINISH",
        {"PROXY_HOPS": "0"},
        False,
        "PROXY_HOPS is too low: the page shows 127.0.0.254, a loopback address, so it is a proxy's. Raise it by 1",
    ),
    "a function, unchanged": ("mod11-functions/FINISH", {}, True, OWN),
    "python27, unchanged": ("mod2-cloudndb/FINISH", {}, True, OWN),
    "bundled services": ("mod1-flask/FINISH-py3", {}, True, OWN),
    "a page from Memcache": ("mod12-memcache/FINISH", {}, True, OWN),
}


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with Cloud() as cloud:
        yield cloud


@pytest.fixture(scope="module")
def app_of(cloud: Cloud) -> Callable[[str], App]:
    """Return a function that starts the app of a case of APPS, once for all tests."""
    apps: dict[str, App] = {}

    def start(case: str) -> App:
        if case not in apps:
            folder, environment, *_ = APPS[case]
            apps[case] = cloud.add(ROOT / folder, name=case, function=FUNCTION, environment=environment)
            apps[case].start()
        return apps[case]

    return start


@pytest.mark.app
@pytest.mark.parametrize("case", APPS)
def test_app_on_local_cloud_is_explained(app_of: Callable[[str], App], case: str) -> None:
    *_, right, beginning = APPS[case]
    # Twice, since an app with a cache has the list of another visitor after the first visit.
    for _ in range(2):
        found, line = probed(app_of(case).url)
        assert line.startswith(beginning)
        assert found is right


# On App Engine with Python 3, and on Cloud Run and for a function behind a load balancer: the folder, PROXY_HOPS if it
# is not the folder's own, if that is right, and how the line begins.
BEHIND_TWO: dict[str, tuple[str, str | None, bool, str]] = {
    "App Engine, unchanged": ("mod2-cloudndb/FINISH-py3", None, True, OWN),
    "App Engine, 1 too low": (
        "mod2-cloudndb/FINISH-py3",
        "1",
        False,
        "PROXY_HOPS is too low: the page shows 169.254.1.1, a link-local address, so it is a proxy's",
    ),
    "a load balancer and Cloud Run": ("mod5-buildpacks/FINISH", "2", True, OWN),
    "a load balancer and Cloud Run, without it": (
        "mod5-buildpacks/FINISH",
        None,
        False,
        "PROXY_HOPS is too low: the page shows 127.0.0.253, a loopback address, so it is a proxy's",
    ),
    "a load balancer and a function": ("mod11-functions/FINISH", "2", True, OWN),
}


@pytest.mark.app
@pytest.mark.parametrize("case", BEHIND_TWO)
def test_app_behind_two_proxies_is_explained(cloud: Cloud, case: str) -> None:
    folder, hops, right, beginning = BEHIND_TWO[case]
    app = cloud.add(
        ROOT / folder,
        name=case,
        function=FUNCTION,
        environment={"PROXY_HOPS": hops} if hops else {},
        behind_load_balancer=case.startswith("a load balancer"),
    )
    app.start()
    found, line = probed(app.url)
    assert line.startswith(beginning)
    assert found is right
    cloud.remove(app)


@pytest.mark.app
@pytest.mark.parametrize(("address", "own"), [("127.0.0.1", "127.0.0.77"), ("[::1]", "::1")])
def test_each_address_of_this_machine_is_probed(app_of: Callable[[str], App], address: str, own: str) -> None:
    url = app_of("Cloud Run, unchanged").url.replace("localhost", address)
    assert probed(url) == (True, f"right: the page shows {own}, the address that this visit came from")


# The header that an app trusts, and how the line begins.
FORGEABLE = {
    "X-Appengine-User-Ip": (
        "forgeable: the app trusts X-Appengine-User-Ip: the page shows 203.0.113.1, which this visit forged"
    ),
    "X-Real-Ip": "forgeable: the app trusts X-Real-Ip: the page shows 203.0.113.3, which this visit forged there",
    "X-Forwarded-For": (
        "forgeable: the app takes the first entry of X-Forwarded-For: the page shows 192.0.2.1, which this visit"
    ),
}


@pytest.fixture(scope="module")
def trusting_app(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> App:
    """Start an app that trusts the header named in its URL."""
    folder = shutil.copytree(ROOT / "mod5-buildpacks" / "FINISH", tmp_path_factory.mktemp("trusting") / "app")
    main = (folder / "main.py").read_text()
    assert main.count("request.remote_addr") == 1, "mod5 has changed: adapt this test"
    trusted = "request.headers[request.args['trusted']].split(',')[0]"
    (folder / "main.py").write_text(main.replace("request.remote_addr", trusted))
    app = cloud.add(folder)
    app.start()
    return app


@pytest.mark.app
@pytest.mark.parametrize("header", FORGEABLE)
def test_app_that_trusts_forged_header_is_explained(trusting_app: App, header: str) -> None:
    right, line = probed(f"{trusting_app.url}/?trusted={header}")
    assert not right
    assert line.startswith(FORGEABLE[header])


@pytest.mark.app
def test_https_to_http_app_is_explained(app_of: Callable[[str], App]) -> None:
    right, line = probed(app_of("Cloud Run, unchanged").url.replace("http:", "https:"))
    assert not right
    assert line.startswith("no answer: TLS with localhost failed (")
    assert "An app on this machine has an http:// URL" in line


MISTAKES = {
    "": "no URL to visit; write make probe URL=https://...",
    "demo.uc.r.appspot.com": '"demo.uc.r.appspot.com" has no scheme; write https://demo.uc.r.appspot.com',
    "localhost:8080": '"localhost:8080" has no scheme; write http://localhost:8080',
    "ftp://example.com/": '"ftp:" is not supported; write https:// or, on this machine, http://',
    "https://ann:secret@example.com/a": "the URL has a user name or a password; write https://example.com/a",
    "https:///a": '"https:///a" has no host; write make probe URL=https://...',
    "https://a b/": '"https://a b/" has no host; write make probe URL=https://...',
    "http://[::1": "\"http://[::1\" is not a URL (Invalid port: ':1'); write make probe URL=https://...",
    "http://example.com:99999/": '"99999" is not a port; write one from 1 to 65535',
}


@pytest.mark.parametrize("text", MISTAKES)
def test_wrong_url_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(CodelabError) as refused:
        read_url(text)
    assert str(refused.value) == MISTAKES[text]


@pytest.mark.parametrize(
    ("text", "placeholder"),
    [("https://mod2-dot-PROJECT_ID.REGION_ID.r.appspot.com/", "PROJECT_ID"), ("https://...", "...")],
)
def test_placeholder_in_url_is_refused(text: str, placeholder: str) -> None:
    with pytest.raises(CodelabError, match=f'^"{placeholder}" in the URL is a placeholder'):
        probed(text)


def test_command_exits_with_0_only_if_right(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(right_answer) as site:
        assert cli.main(["probe", site.url]) == 0
    with serving(lambda request, _: answer(request, 404)) as site:
        assert cli.main(["probe", site.url]) == 1
    assert cli.main(["probe", ""]) == 2
    said = capsys.readouterr()
    assert [line.partition(":")[0] for line in said.out.splitlines()] == ["right", "not found"]
    assert said.err == "codelab: no URL to visit; write codelab probe https://...\n"


def test_ctrl_c_ends_visit_without_traceback() -> None:
    asked, over = threading.Event(), threading.Event()

    def respond(_: BaseHTTPRequestHandler, __: int) -> None:
        asked.set()
        over.wait(60)

    with serving(respond) as site:
        command = subprocess.Popen(
            [sys.executable, "-m", "codelab", "probe", site.url], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        try:
            assert asked.wait(60)
            command.send_signal(signal.SIGINT)
            said = command.communicate(timeout=30)  # less than a visit may take
        finally:
            command.kill()
            over.set()
    assert command.returncode == 130
    assert said == (b"", b"")


def test_make_probe_passes_url_and_fails_with_it(tmp_path: Path) -> None:
    # The Makefile alone, with a tool that prints what it is called with.
    shutil.copy(ROOT / "Makefile", tmp_path)
    tool = tmp_path / ".venv" / "bin" / "codelab"
    tool.parent.mkdir(parents=True)
    tool.write_text('#!/bin/sh\nprintf "%s|" "$@"\ntest -n "$2"\n')
    tool.chmod(0o755)
    for prerequisite in ("requirements.lock", "pyproject.toml", ".venv/.ready"):
        (tmp_path / prerequisite).touch()

    def make(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["make", "--no-print-directory", "probe", *arguments]  # make says where it is when make calls it
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    well = make("URL=https://example.com/?a=b&c=$$d")
    assert (well.returncode, well.stdout) == (0, "probe|https://example.com/?a=b&c=$d|")
    missing = make()
    assert (missing.returncode, missing.stdout) == (2, "probe||")

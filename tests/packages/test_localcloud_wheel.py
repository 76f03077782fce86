"""The wheel of localcloud, in an environment with the Datastore's wheel and the packages that both declare."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.packages.servers import serving
from tests.packages.wheels import Environment
from tests.support.deadline import DEADLINE

pytestmark = [pytest.mark.wheel, pytest.mark.xdist_group("wheels")]

APP = """\
import http.server
import os


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello from " + os.environ["GAE_APPLICATION"].encode())


http.server.HTTPServer(("", int(os.environ["PORT"])), Handler).serve_forever()
"""


@pytest.fixture(scope="module")
def environment(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with the wheel and what it needs."""
    own = [wheels["datastore-emulator"], wheels["localcloud"]]
    return Environment(tmp_path_factory.mktemp("environments") / "localcloud", own)


def test_help_names_the_commands(environment: Environment) -> None:
    printed = environment.run(environment.command("localcloud"), "--help").stdout
    assert "run one or more app folders" in printed


def test_module_is_the_command(environment: Environment) -> None:
    assert environment.run(environment.command("python"), "-m", "localcloud", "--help").stdout


@pytest.mark.app
def test_run_serves_an_app_folder(environment: Environment, tmp_path: Path) -> None:
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "main.py").write_text(APP)
    (folder / "app.yaml").write_text("runtime: python314\nentrypoint: python main.py\n")
    with serving(environment.command("localcloud"), "run", folder, cwd=tmp_path) as url:
        assert httpx.get(url, timeout=DEADLINE).text.startswith("hello from ")

"""`localcloud` refuses what cannot work: exit code 1 and one line. It runs in this process; test_run.py starts it."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from localcloud.cli import main
from tests.support.course import ROOT

FOLDER = ROOT / "mod1-flask" / "FINISH-py3"


@pytest.fixture
def refuse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run `localcloud` with these arguments, which it must refuse, and return the line without the program's name."""
    monkeypatch.setenv("GRPC_EXPERIMENTS", "-event_engine_listener")  # or the command would set it for the whole run
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("LOCALCLOUD_CACHE", str(tmp_path / "cache"))

    def run(*arguments: object) -> str:
        assert main(list(map(str, arguments))) == 1
        printed = capsys.readouterr()
        (line,) = printed.err.splitlines()
        assert line.startswith("localcloud: ")
        return line.removeprefix("localcloud: ")

    return run


def test_app_engine_behind_load_balancer_is_refused(refuse):
    line = refuse("run", ROOT / "mod2-cloudndb" / "FINISH-py3", "--behind-load-balancer")
    assert line.startswith("mod2-cloudndb/FINISH-py3: --behind-load-balancer works for Cloud Run and")


def test_function_folder_without_function_option_is_refused(refuse):
    line = refuse("run", ROOT / "mod11-functions" / "FINISH")
    assert "--function" in line
    assert "visitme" in line


@pytest.mark.parametrize(("option", "value"), [("--source", "fn.py"), ("--signature-type", "event")])
def test_option_about_a_function_without_its_name_is_refused(refuse, option, value):
    line = refuse("run", ROOT / "mod11-functions" / "FINISH", option, value)
    assert line == f"{option} {value}: this option is for a function; name the function with --function NAME"


def test_taken_port_is_refused(refuse):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert str(port) in refuse("run", FOLDER, "--port", port)


@pytest.mark.parametrize("port", ["65536", "-1"])
def test_port_out_of_range_is_refused(refuse, port):
    line = refuse("run", FOLDER, "--port", port)
    assert line == f"--port {port}: each app needs a port from 0 to 65535; choose another port"


@pytest.mark.parametrize("option", ["--datastore", "--redis"])
def test_missing_external_server_is_refused(refuse, option):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{closed.getsockname()[1]}"
        line = refuse("run", FOLDER, option, address)
    assert line.startswith(f"{option}: no server answers on {address}")


def test_datastore_port_out_of_range_is_refused(refuse):
    line = refuse("datastore", "--host-port", "localhost:99999")
    assert line == '--host-port: "localhost:99999" is not HOST:PORT, as in 127.0.0.1:8081'


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "192.0.2.1"])
def test_datastore_refuses_public_address(refuse, host):
    line = refuse("datastore", "--host-port", f"{host}:0", "--data", ":memory:")
    assert line.startswith(f"--host-port: refusing to listen on {host.strip('[]')}: ")
    assert "--allow-remote-clients" in line


def test_unknown_version_is_refused(refuse, folder):
    app = folder({"app.yaml": "runtime: python314\n", "requirements.txt": "flask==999.0\n", "main.py": ""})
    line = refuse("run", app)
    assert "requirements.txt" in line
    assert "999.0" in line


def test_unwritable_cache_is_refused(refuse, folder, tmp_path, monkeypatch):
    app = folder({"app.yaml": "runtime: python314\n", "requirements.txt": "", "main.py": ""})
    (tmp_path / "a file").touch()
    monkeypatch.setenv("LOCALCLOUD_CACHE", str(tmp_path / "a file" / "cache"))
    assert "LOCALCLOUD_CACHE" in refuse("run", app)


PYTHON27_APP = {"app.yaml": "runtime: python27\nthreadsafe: yes\nhandlers:\n- url: /.*\n  script: main.app\n"}


def test_interpreter_other_than_2_7_is_refused(refuse, folder):
    line = refuse("run", folder(PYTHON27_APP), "--python27", sys.executable)
    assert line.startswith(f"--python27 {sys.executable}: it is Python 3.")


def test_missing_python_2_7_is_an_error_that_says_how_to_name_one(refuse, folder, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", os.path.dirname(sys.executable))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    line = refuse("run", folder(PYTHON27_APP), "--python27")
    assert "no Python 2.7 with pip on PATH" in line
    assert "--python27 /path/to/python2.7" in line

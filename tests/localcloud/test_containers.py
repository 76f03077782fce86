"""Real containers: the layers that a build reuses, the builds that fail, and the end of a container with its app."""

from __future__ import annotations

import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from codelab.compare.scenarios import first_visit_to_an_empty_store
from datastore_emulator.errors import UserError
from localcloud import App
from localcloud.cache import cache_directory
from tests.support import containers
from tests.support.apps import fresh, run_cloud, run_folders
from tests.support.containers import ContainerTool
from tests.support.course import ROOT
from tests.support.deadline import DEADLINE
from tests.support.lanes import BY_NAME, setups

MODULE = ROOT / "mod4-cloudrun"
NAME = "mod4-cloudrun/FINISH"
# A program that runs an app in a container, prints the app's log, and waits until it is stopped.
PROGRAM = """
import sys
from pathlib import Path
from datastore_emulator.stopping import stop_signals, wait_for_stop
from tests.support.apps import run_cloud
from tests.support.lanes import setups
def log(name, line):
    print(line, flush=True)
# stop_signals, since a job in the background of a shell has SIGINT ignored, and its children have too.
with stop_signals(), setups.containers() as setup, run_cloud(setup, log) as cloud:
    cloud.add(Path(sys.argv[1]))
    cloud.start()
    wait_for_stop()  # not signal.pause(), which would miss a signal that comes just before it
"""

pytestmark = [pytest.mark.app, pytest.mark.lane("containers", NAME), pytest.mark.xdist_group("containers")]


@pytest.fixture
def tool() -> ContainerTool:
    """The program that builds and runs containers here."""
    found = containers.find_tool()
    assert found
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of FINISH for the test to change."""
    return Path(shutil.copytree(MODULE / "FINISH", tmp_path / "FINISH"))


@pytest.fixture
def log() -> list[str]:
    """The lines that `app` has printed so far."""
    return []


@pytest.fixture
def app(tool: ContainerTool, log: list[str]) -> Iterator[App]:
    """FINISH, running in a container."""
    with setups.containers() as setup, run_cloud(setup, lambda name, line: log.append(line)) as cloud:
        app = cloud.add(MODULE / "FINISH")
        cloud.start()
        yield app


def reuses(log: str, instruction: str) -> bool:
    """Return whether the tool took an earlier build's layer for this instruction."""
    assert instruction in log
    return bool(re.search(rf"{re.escape(instruction)}.*\n.*(Using cache|CACHED)", log))


@pytest.mark.parametrize("side", ["FINISH", "FINISH-py2"])
def test_change_in_main_py_reuses_the_layer_of_the_requirements(
    tool: ContainerTool, side: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    if side == "FINISH-py2" and not BY_NAME["containers"].has_python27:
        pytest.skip("no Python 2.7 to make its image of")
    folder = Path(shutil.copytree(MODULE / side, tmp_path / side))
    with (folder / "requirements.txt").open("a") as requirements:
        requirements.write(f"# {secrets.token_hex(8)}\n")  # so that no layer of an earlier build fits
    first = containers.build(tool, folder)
    with (folder / "main.py").open("a") as source:
        source.write("# changed\n")
    second = containers.build(tool, folder)
    record_property("note", f"mod4-cloudrun/{side}: {first}, after a change in main.py in {second.seconds:.1f} s")
    for image in (second, first):
        containers.remove(tool, image)
    assert not reuses(first.log, "RUN pip install")
    assert reuses(second.log, "RUN pip install")
    assert not reuses(second.log, "COPY . ./")


def test_build_fails_if_requirements_are_copied_after_pip_install(tool: ContainerTool, folder: Path) -> None:
    dockerfile = folder / "Dockerfile"
    copy, install = "COPY requirements.txt ./\n", "RUN pip install --no-cache-dir -r requirements.txt\n"
    right = dockerfile.read_text()
    dockerfile.write_text(right.replace(copy + install, install + copy))
    assert dockerfile.read_text() != right
    with pytest.raises(UserError, match=rf"{dockerfile}: .*RUN pip install.*No such file.*requirements\.txt"):
        containers.build(tool, folder)


def test_template_missing_from_the_image_is_noticed(tool: ContainerTool, folder: Path) -> None:
    with (folder / ".dockerignore").open("a") as ignored:
        ignored.write("templates\n")
    image = containers.build(tool, folder)
    with (
        setups.containers() as setup,
        run_folders({NAME: folder}, setup) as backends,
        fresh(backends[NAME]) as app,
        pytest.raises(AssertionError, match="500"),
    ):
        first_visit_to_an_empty_store(app)
    containers.remove(tool, image)


def test_container_listens_on_the_loopback_interface_only(app: App, log: list[str]) -> None:
    httpx.get(app.url, timeout=DEADLINE)
    assert [line for line in log if "Listening at: http://127.0.0.1:" in line]


def test_restart_makes_a_new_container(app: App, log: list[str]) -> None:
    app.restart()
    assert httpx.get(app.url, timeout=DEADLINE).status_code == httpx.codes.OK
    assert len([line for line in log if "Listening at:" in line]) == 2


def test_server_gets_sigterm_as_on_cloud_run(app: App, log: list[str]) -> None:
    app.stop()
    assert [line for line in log if "Handling signal: term" in line]


def test_server_does_not_run_as_root(app: App) -> None:
    owners = {process.username() for process in app.processes() if "gunicorn" in " ".join(process.cmdline()[1:2])}
    assert owners == {"nobody"}


def test_output_of_the_app_is_in_the_log_at_once(tool: ContainerTool, folder: Path) -> None:
    source = folder / "main.py"
    source.write_text(source.read_text().replace("= fetch_visits(10)", "= print('visited') or []"))
    lines = log_of_a_visit(folder, lambda line: line == "visited")
    assert "visited" in lines


def test_user_nobody_needs_no_control_socket(tool: ContainerTool, folder: Path) -> None:
    dockerfile = folder / "Dockerfile"
    assert not [line for line in log_of_a_visit(folder) if "Control server error" in line]
    dockerfile.write_text(dockerfile.read_text().replace(" --no-control-socket", ""))
    assert [line for line in log_of_a_visit(folder, is_control_error) if is_control_error(line)]


def is_control_error(line: str) -> bool:
    return "Control server error" in line


def log_of_a_visit(folder: Path, awaited: Callable[[str], bool] = lambda line: True) -> list[str]:
    """Visit the folder's app and return its log, waiting for a line that is `awaited`."""
    log: list[str] = []
    seen = threading.Event()

    def take(name: str, line: str) -> None:
        log.append(line)
        if awaited(line):
            seen.set()

    with setups.containers() as setup, run_cloud(setup, take) as cloud:
        app = cloud.add(folder)
        cloud.start()
        assert httpx.get(app.url, timeout=DEADLINE).status_code == httpx.codes.OK
        seen.wait(DEADLINE)
        return list(log)


@pytest.fixture
def program(tool: ContainerTool) -> Iterator[subprocess.Popen[str]]:
    """A program that runs the app in a container."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(MODULE / "FINISH")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as program:
        yield program
        program.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_container_ends_with_the_program(
    tool: ContainerTool, program: subprocess.Popen[str], number: signal.Signals
) -> None:
    lines = iter(program.stdout or ())
    port = next(int(found[1]) for line in lines if (found := re.search(r"Listening at: http://127.0.0.1:(\d+)", line)))
    assert f"localcloud-{program.pid}-" in listing(tool)
    family = psutil.Process(program.pid).children(recursive=True)
    program.send_signal(number)
    program.communicate(timeout=DEADLINE)
    psutil.wait_procs(family, DEADLINE)
    assert not [process for process in family if process.is_running()]
    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", port))
    containers.sweep(tool)  # as the next program does when one was killed
    assert f"localcloud-{program.pid}-" not in listing(tool)
    assert not mounts()


def listing(tool: ContainerTool) -> str:
    """Return the tool's list of containers."""
    return tool.call(*(["containers"] if tool.name == "buildah" else ["ps", "--all"])).stdout


def mounts() -> list[str]:
    """Return this machine's mounts below the containers' store."""
    store = str(cache_directory() / "containers")
    return [line for line in Path("/proc/self/mounts").read_text().splitlines() if store in line]

"""Real containers: what a build reuses and what it refuses, and that nothing of a container outlives its app."""

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

from codelab.compare import lanes
from codelab.compare.local_cloud import local_sides
from codelab.compare.scenarios import first_visit_to_an_empty_store
from datastore_emulator.errors import UserError
from localcloud import App
from localcloud.runtimes import containers
from localcloud.runtimes.containers import Tool
from tests.lanes import BY_NAME, HAS_PYTHON27, not_run
from tests.pairs.conftest import fresh
from tests.pairs.course import FUNCTION, ROOT

MODULE = ROOT / "mod4-cloudrun"
NAME = "mod4-cloudrun/FINISH"
DEADLINE = 60
# A program that has an app in a container, prints the app's log, and waits for its end.
PROGRAM = """
import signal, sys
from pathlib import Path
from codelab.compare import lanes
from localcloud import Cloud
with lanes.containers() as lane, lane.open_cloud(lambda name, line: print(line, flush=True)) as cloud:
    cloud.add(Path(sys.argv[1]))
    cloud.start()
    signal.pause()
"""

pytestmark = [pytest.mark.lane("containers", NAME), pytest.mark.xdist_group("containers")]


@pytest.fixture
def tool() -> Tool:
    """What builds and runs containers here. Without it the tests are not run."""
    if reason := not_run(BY_NAME["containers"]):
        pytest.skip(reason)
    found = containers.find_tool()
    assert found
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of FINISH that a test may change."""
    return Path(shutil.copytree(MODULE / "FINISH", tmp_path / "FINISH"))


@pytest.fixture
def log() -> list[str]:
    """What the app in `app` has printed so far."""
    return []


@pytest.fixture
def app(tool: Tool, log: list[str]) -> Iterator[App]:
    """FINISH, running in a container."""
    with lanes.containers() as lane, lane.open_cloud(lambda name, line: log.append(line)) as cloud:
        app = cloud.add(MODULE / "FINISH")
        cloud.start()
        yield app


def reuses(log: str, instruction: str) -> bool:
    """Whether the tool said of this instruction that it took the layer of an earlier build."""
    assert instruction in log
    return bool(re.search(rf"{re.escape(instruction)}.*\n.*(Using cache|CACHED)", log))


@pytest.mark.parametrize("side", ["FINISH", "FINISH-py2"])
def test_a_change_in_main_py_reuses_the_layer_of_the_requirements(
    tool: Tool, side: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    if side == "FINISH-py2" and not HAS_PYTHON27:
        pytest.skip("no Python 2.7 to make its image of")
    folder = Path(shutil.copytree(MODULE / side, tmp_path / side))
    with (folder / "requirements.txt").open("a") as requirements:
        requirements.write(f"# {secrets.token_hex(8)}\n")  # so that no earlier build is of use
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


def test_requirements_installed_before_they_are_copied_do_not_build(tool: Tool, folder: Path) -> None:
    dockerfile = folder / "Dockerfile"
    copy, install = "COPY requirements.txt ./\n", "RUN pip install --no-cache-dir -r requirements.txt\n"
    right = dockerfile.read_text()
    dockerfile.write_text(right.replace(copy + install, install + copy))
    assert dockerfile.read_text() != right
    with pytest.raises(UserError, match=rf"{dockerfile}: .*RUN pip install.*No such file.*requirements\.txt"):
        containers.build(tool, folder)


def test_a_template_that_the_image_lacks_is_missed(tool: Tool, folder: Path) -> None:
    with (folder / ".dockerignore").open("a") as ignored:
        ignored.write("templates\n")
    image = containers.build(tool, folder)
    with (
        lanes.containers() as lane,
        local_sides({NAME: folder}, FUNCTION, lane) as sides,
        fresh(NAME, *sides[NAME]) as side,
        pytest.raises(AssertionError, match="500"),
    ):
        first_visit_to_an_empty_store(side)
    containers.remove(tool, image)


def test_the_container_listens_on_the_loopback_interface_alone(app: App, log: list[str]) -> None:
    httpx.get(app.url)
    assert [line for line in log if "Listening at: http://127.0.0.1:" in line]


def test_a_restarted_container_is_a_new_one(app: App, log: list[str]) -> None:
    app.restart()
    assert httpx.get(app.url).status_code == httpx.codes.OK
    assert len([line for line in log if "Listening at:" in line]) == 2


def test_the_server_is_asked_to_end_as_on_cloud_run(app: App, log: list[str]) -> None:
    app.stop()
    assert [line for line in log if "Handling signal: term" in line]


def test_the_server_runs_without_roots_rights(app: App) -> None:
    owners = {process.username() for process in app.processes() if "gunicorn" in " ".join(process.cmdline()[1:2])}
    assert owners == {"nobody"}


def test_what_the_app_prints_is_in_the_log_at_once(tool: Tool, folder: Path) -> None:
    source = folder / "main.py"
    source.write_text(source.read_text().replace("= fetch_visits(10)", "= print('visited') or []"))
    lines = log_of_a_visit(folder, lambda line: line == "visited")
    assert "visited" in lines


def test_nobody_has_no_home_for_a_control_socket(tool: Tool, folder: Path) -> None:
    dockerfile = folder / "Dockerfile"
    assert not [line for line in log_of_a_visit(folder) if "Control server error" in line]
    dockerfile.write_text(dockerfile.read_text().replace(" --no-control-socket", ""))
    assert [line for line in log_of_a_visit(folder, is_control_error) if is_control_error(line)]


def is_control_error(line: str) -> bool:
    return "Control server error" in line


def log_of_a_visit(folder: Path, awaited: Callable[[str], bool] = lambda line: True) -> list[str]:
    """Return what the folder's app logs while somebody visits it, until it has logged a line that is awaited."""
    log: list[str] = []
    seen = threading.Event()

    def take(name: str, line: str) -> None:
        log.append(line)
        if awaited(line):
            seen.set()

    with lanes.containers() as lane, lane.open_cloud(take) as cloud:
        app = cloud.add(folder)
        cloud.start()
        assert httpx.get(app.url).status_code == httpx.codes.OK
        seen.wait(DEADLINE)
        return list(log)


@pytest.fixture
def program(tool: Tool) -> Iterator[subprocess.Popen[str]]:
    """A program that has the app in a container."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(MODULE / "FINISH")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as program:
        yield program
        program.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_nothing_of_the_container_outlives_the_program(
    tool: Tool, program: subprocess.Popen[str], number: signal.Signals
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
    containers.sweep(tool)  # as the next program does, after one that was killed
    assert f"localcloud-{program.pid}-" not in listing(tool)
    assert not mounts()


def listing(tool: Tool) -> str:
    """Return what the tool says of the containers it has."""
    return tool.call(*(["containers"] if tool.name == "buildah" else ["ps", "--all"])).stdout


def mounts() -> list[str]:
    """Return this machine's mounts below the containers' store."""
    store = str(containers.cache_directory() / "containers")
    return [line for line in Path("/proc/self/mounts").read_text().splitlines() if store in line]

"""The end of a process leaves nothing running that it started, daemons included."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable

import psutil
import pytest

from localcloud.processes import family
from localcloud.processes.process import Process
from tests.localcloud.processes.programs import (
    CHILD,
    DAEMON,
    IGNORES_TERM,
    PARENT,
    PRINTS_SIGNAL,
    Lines,
    is_running,
    wait_until,
)
from tests.support.deadline import DEADLINE


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `stop` wait for what ends by itself, however slow the machine is."""
    monkeypatch.setattr(family, "TERM_SECONDS", DEADLINE)


@pytest.mark.usefixtures("patience")
def test_stop_sends_term(run: Callable[..., Process], lines: Lines) -> None:
    handler = "signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))"
    process = run(f"import signal, sys, time; {handler}; print('ready'); time.sleep(600)")
    lines.next()
    process.stop()
    assert process.returncode == 3


@pytest.mark.usefixtures("patience")
def test_parent_may_end_its_children_itself(run: Callable[..., Process], lines: Lines) -> None:
    start = f"""
child = subprocess.Popen([sys.executable, '-c', {PRINTS_SIGNAL!r}])
def end(*_):
    child.send_signal(signal.SIGUSR1)
    child.wait()
    sys.exit()
signal.signal(signal.SIGTERM, end)
"""
    process = run(PARENT.format(start=start))
    assert lines.next() == "ready"
    process.stop()
    assert lines.next() == "ended by its parent"


def test_child_of_a_parent_that_ignores_term_gets_term(
    run: Callable[..., Process], lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(family, "TERM_SECONDS", 4)  # half of it for the parent, half for the child
    start = (
        f"signal.signal(signal.SIGTERM, signal.SIG_IGN); subprocess.Popen([sys.executable, '-c', {PRINTS_SIGNAL!r}])"
    )
    process = run(PARENT.format(start=start))
    assert lines.next() == "ready"
    process.stop()
    assert lines.next() == "ended by TERM"


@pytest.mark.parametrize(
    "start",
    [
        f"subprocess.Popen({CHILD})",
        f"subprocess.Popen({CHILD}, start_new_session=True)",
        f"subprocess.Popen({CHILD}, start_new_session=True, env={{}})",
        DAEMON,
    ],
    ids=["same-group", "own-session", "own-session-and-environment", "daemon"],
)
def test_stop_ends_grandchild(run: Callable[..., Process], lines: Lines, start: str) -> None:
    process = run(PARENT.format(start=start))
    grandchild = int(lines.next())
    process.stop()
    assert not is_running(grandchild)


def test_stop_ends_grandchild_without_the_environment(run: Callable[..., Process], lines: Lines) -> None:
    process = run(PARENT.format(start=f"subprocess.Popen({CHILD}, env={{}})\nos._exit(0)"))
    grandchild = int(lines.next())
    assert wait_until(lambda: process.returncode == 0)
    process.stop()
    assert not is_running(grandchild)


def test_processes_that_ignore_term_are_killed(run: Callable[..., Process], lines: Lines) -> None:
    start = f"subprocess.Popen([sys.executable, '-c', {IGNORES_TERM!r}], start_new_session=True)\n{IGNORES_TERM}"
    process = run(PARENT.format(start=start))
    pids = [int(lines.next()) for _ in range(2)]
    process.stop()
    assert [is_running(pid) for pid in pids] == [False, False]


def test_stop_ends_what_a_dead_child_left_running(run: Callable[..., Process], lines: Lines) -> None:
    process = run(f"import os, subprocess, sys; subprocess.Popen({CHILD}); os._exit(0)")
    grandchild = int(lines.next())
    assert wait_until(lambda: process.returncode == 0)
    process.stop()
    assert not is_running(grandchild)


def test_stop_may_be_repeated(run: Callable[..., Process]) -> None:
    process = run("import time; time.sleep(600)")
    process.stop()
    process.stop()
    assert process.returncode == -signal.SIGTERM


def test_other_processes_are_left_alone(run: Callable[..., Process]) -> None:
    other = run("import time; time.sleep(600)")
    run("import time; time.sleep(600)").stop()
    assert other.returncode is None


# Forks twice, leads a session of its own, and has an empty environment.
LONE_DAEMON = f"""
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execve(sys.executable, {CHILD}, {{}})
    os._exit(0)
os.wait()
"""
needs_subreaper = pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives a daemon back to its supervisor")


@needs_subreaper
@pytest.mark.parametrize("then", ["", "os._exit(0)"], ids=["parent-lives", "parent-has-ended"])
def test_stop_ends_daemon_without_parent_group_and_environment(
    run: Callable[..., Process], lines: Lines, then: str
) -> None:
    process = run(PARENT.format(start=LONE_DAEMON + then))
    daemon = int(lines.next())
    if then:
        assert wait_until(lambda: process.returncode == 0)
    assert psutil.Process(daemon) in process.members()
    process.stop()
    assert not is_running(daemon)


@needs_subreaper
def test_daemon_of_one_app_is_not_ended_with_another(run: Callable[..., Process], lines: Lines) -> None:
    run(PARENT.format(start=LONE_DAEMON))
    daemon = int(lines.next())
    run("import time; time.sleep(600)").stop()
    assert is_running(daemon)


def test_stop_ends_the_supervisor_too(run: Callable[..., Process], lines: Lines) -> None:
    before = set(psutil.Process().children(recursive=True))
    process = run("import time; print('ready'); time.sleep(600)")
    lines.next()
    begun = set(psutil.Process().children(recursive=True)) - before
    process.stop()
    assert len(begun) >= 2  # the child and its supervisor
    left = {other for other in begun if is_running(other.pid)}
    assert {other for other in left if "localcloud.processes.watchdog" not in other.cmdline()} == set()


@pytest.mark.parametrize("end", ["os.kill(os.getpid(), 9)", "sys.exit()"], ids=["killed", "ended without stop"])
def test_children_end_after_their_program_was_killed(end: str) -> None:
    code = f"""
import os, queue, sys
from pathlib import Path
from localcloud.processes import family
from localcloud.processes.process import Process
lines = queue.Queue()
child = [sys.executable, '-u', '-c', {PARENT.format(start=f"subprocess.Popen({CHILD}, start_new_session=True)")!r}]
process = Process('web', child, dict(os.environ), Path('.'), lambda name, text: lines.put(text))
print(process.pid, lines.get(timeout={DEADLINE}), flush=True)
{end}
"""
    program = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, timeout=DEADLINE, check=False)
    child, grandchild = map(int, program.stdout.split())
    assert wait_until(lambda: not is_running(child) and not is_running(grandchild))


@needs_subreaper
def test_daemon_ends_with_a_program_that_was_killed() -> None:
    code = f"""
import os, queue, sys
from pathlib import Path
from localcloud.processes import family
from localcloud.processes.process import Process
lines = queue.Queue()
child = [sys.executable, '-u', '-c', {PARENT.format(start=LONE_DAEMON)!r}]
process = Process('web', child, dict(os.environ), Path('.'), lambda name, text: lines.put(text))
print(lines.get(timeout={DEADLINE}), flush=True)
os.kill(os.getpid(), 9)
"""
    program = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, timeout=DEADLINE, check=False)
    assert wait_until(lambda: not is_running(int(program.stdout)))

"""`Process`: its output, and that `stop` ends everything it started, daemons included."""

from __future__ import annotations

import os
import queue
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from datastore_emulator.errors import UserError
from datastore_emulator.net.ports import free_port
from localcloud.processes import family
from localcloud.processes.process import Process
from tests.support.deadline import DEADLINE

# A program that prints the pid of what it starts, then waits. {start} is how it starts it.
PARENT = """
import os, signal, subprocess, sys, time
{start}
time.sleep(600)
"""
CHILD = "[sys.executable, '-c', 'import os, time; print(os.getpid(), flush=True); time.sleep(600)']"
IGNORES_TERM = (
    "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(os.getpid(), flush=True); "
    "time.sleep(600)"
)
PRINTS_SIGNAL = """
import os, signal, time
def print_at_end(text):
    def end(*_):
        print(text, flush=True)
        os._exit(0)
    return end
signal.signal(signal.SIGTERM, print_at_end('ended by TERM'))
signal.signal(signal.SIGUSR1, print_at_end('ended by its parent'))
print('ready', flush=True)
time.sleep(600)
"""
DAEMON = f"""
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv(sys.executable, {CHILD})
    os._exit(0)
os.wait()
"""


class Lines(queue.Queue[str]):
    """The lines that a process prints, to wait for."""

    def __call__(self, name: str, text: str) -> None:
        self.put(text)

    def next(self) -> str:
        return self.get(timeout=DEADLINE)


@pytest.fixture
def lines() -> Lines:
    return Lines()


@pytest.fixture
def run(lines: Lines, tmp_path: Path) -> Iterator[Callable[..., Process]]:
    started = []

    def run(code: str, **env: str) -> Process:
        process = Process("web", [sys.executable, "-u", "-c", code], {**os.environ, **env}, tmp_path, lines)
        started.append(process)
        return process

    yield run
    for process in started:
        process.stop()


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + DEADLINE
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


def test_output_of_both_streams_arrives_line_by_line(run: Callable[..., Process], lines: Lines) -> None:
    run("import sys; print('one'); print('two', file=sys.stderr); print('three', end='')")
    assert [lines.next() for _ in range(3)] == ["one", "two", "three"]


def test_output_that_is_not_utf8_arrives(run: Callable[..., Process], lines: Lines) -> None:
    run(r"import sys; sys.stdout.buffer.write(b'caf\xe9 \xc3\xa9\r\n')")
    assert lines.next() == "caf\ufffd \u00e9"


def test_environment_and_directory_are_the_ones_given(
    run: Callable[..., Process], lines: Lines, tmp_path: Path
) -> None:
    run("import os; print(os.environ['VISIT'], os.getcwd())", VISIT="me")
    assert lines.next() == f"me {tmp_path}"


def test_exit_code_is_kept(run: Callable[..., Process]) -> None:
    process = run("raise SystemExit(7)")
    assert wait_until(lambda: process.returncode == 7)


def test_command_that_does_not_exist_is_one_line(tmp_path: Path, lines: Lines) -> None:
    with pytest.raises(UserError, match=r"^web: cannot run 'gunicorm' in .*: No such file"):
        Process("web", ["gunicorm"], {"PATH": "/usr/bin"}, tmp_path, lines)


# wait_for_port


def test_wait_for_port_returns_when_the_port_is_open(run: Callable[..., Process]) -> None:
    port = free_port()
    process = run(f"import socket, time; s = socket.create_server(('127.0.0.1', {port})); time.sleep(600)")
    process.wait_for_port("127.0.0.1", port, DEADLINE)
    socket.create_connection(("127.0.0.1", port)).close()


def test_wait_for_port_of_a_dead_child_fails_early_with_its_error(run: Callable[..., Process]) -> None:
    process = run("print('starting'); import nothing_of_this_name")
    message = "web ended with exit code 1 before it listened on port .* No module named 'nothing_of_this_name'"
    with pytest.raises(UserError, match=message):
        process.wait_for_port("127.0.0.1", free_port(), 600)


def test_wait_for_port_of_a_killed_child_names_the_signal(run: Callable[..., Process]) -> None:
    process = run("import os; os.kill(os.getpid(), 9)")
    with pytest.raises(UserError, match=r"was ended by SIGKILL .* it printed nothing"):
        process.wait_for_port("127.0.0.1", free_port(), 600)


def test_error_is_quoted_rather_than_the_lines_after_it(run: Callable[..., Process]) -> None:
    process = run("print('OSError: Address already in use\\nshutdown complete\\n]'); raise SystemExit(1)")
    message = r"it printed: OSError: Address already in use; the server must take its port from \$PORT$"
    with pytest.raises(UserError, match=message):
        process.wait_for_port("127.0.0.1", free_port(), 600)


def test_wait_for_port_fails_after_its_deadline(run: Callable[..., Process], lines: Lines) -> None:
    process = run("import time; print('busy'); time.sleep(600)")
    lines.next()
    with pytest.raises(UserError, match=r"does not listen on 127.0.0.1:\d+ after 0.1 s.* it printed: busy"):
        process.wait_for_port("127.0.0.1", free_port(), 0.1)


def test_wait_for_port_goes_on_while_a_late_child_computes(run: Callable[..., Process]) -> None:
    # It starts to listen when it has had four times as much CPU time as the deadline.
    port = free_port()
    process = run(
        f"import socket, time\nwhile time.process_time() < 0.4: pass\n"
        f"s = socket.create_server(('127.0.0.1', {port})); time.sleep(600)"
    )
    process.wait_for_port("127.0.0.1", port, 0.1)


# stop


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


@pytest.mark.parametrize(
    ("argv", "environment", "reason"),
    [
        pytest.param(["true", "x" * 3_000_000], {}, "Argument list too long", id="long word"),
        pytest.param(["true", *["x" * 100_000] * 100], {}, "Argument list too long", id="many words"),
        pytest.param(["true"], {"A": "x" * 3_000_000}, "Argument list too long", id="long variable"),
        pytest.param(["x" * 100_000], {}, "File name too long", id="long name"),
        pytest.param(["true", "a\0b"], {}, "embedded null byte", id="NUL byte in a word"),
        pytest.param(["true"], {"A": "a\0b"}, "embedded null byte", id="NUL byte in a variable"),
        pytest.param(["true"], {"A=B": ""}, "illegal environment variable name", id="= in a name"),
        pytest.param(["true", "\ud800"], {}, "surrogates not allowed", id="lone surrogate"),
    ],
)
def test_command_that_the_system_refuses_is_one_line(
    tmp_path: Path, lines: Lines, argv: list[str], environment: dict[str, str], reason: str
) -> None:
    with pytest.raises(UserError, match=rf"^web: cannot run '\w+(\.\.\.)?' in .*: .*{reason}") as caught:
        Process("web", argv, {"PATH": "/usr/bin:/bin", **environment}, tmp_path, lines)
    assert len(str(caught.value)) < 1_000


def test_directory_that_does_not_exist_is_one_line(tmp_path: Path, lines: Lines) -> None:
    with pytest.raises(UserError, match=r"^web: cannot run 'true' in .*none: No such file"):
        Process("web", ["true"], {"PATH": "/usr/bin:/bin"}, tmp_path / "none", lines)


def test_child_gets_no_variable_but_the_ones_given(run: Callable[..., Process], lines: Lines, tmp_path: Path) -> None:
    code = "import os; print(sorted(set(os.environ) - {'LC_CTYPE'}))"
    process = Process("web", [sys.executable, "-c", code], {"VISIT": "me"}, tmp_path, lines)
    assert lines.next() == "['LOCALCLOUD_PROCESS', 'VISIT']"
    process.stop()


def test_child_has_default_signals_and_three_files(run: Callable[..., Process], lines: Lines) -> None:
    code = """
import os, signal
numbers = [signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ]
from_c = int(next(line for line in open('/proc/self/status') if line.startswith('SigIgn')).split()[1], 16)
print(os.listdir('/proc/self/fd')[:-1], os.readlink('/proc/self/fd/0'), os.getpid() == os.getsid(0))
print([number.name for number in numbers[:2] if from_c >> (number - 1) & 1])
"""
    if sys.platform != "linux":
        pytest.skip("/proc is Linux's")
    run(code)
    assert lines.next() == "['0', '1', '2'] /dev/null True"
    # nohup, for one, has a program and all that it starts ignore SIGHUP.
    inherited = [
        number.name for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) is signal.SIG_IGN
    ]
    assert lines.next() == str(inherited)


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

"""A process's output, its environment, and commands that the system refuses."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from datastore_emulator.errors import UserError
from localcloud.processes.process import Process
from tests.localcloud.processes.programs import Lines, wait_until


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

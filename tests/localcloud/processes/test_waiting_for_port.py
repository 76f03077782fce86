"""Waiting until an app listens: how long, and what is said if it does not."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable

import pytest

from datastore_emulator.errors import UserError
from datastore_emulator.net.ports import free_port
from localcloud.processes.process import Process
from tests.localcloud.processes.programs import Lines
from tests.support.deadline import DEADLINE


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


@pytest.mark.parametrize(
    ("error", "after"),
    [
        ("OSError: Address already in use", ["shutdown complete", "]"]),
        ("Error: listen EADDRINUSE: address already in use :::8080", ["    at emitErrorNT (node:net:1944:8)"] * 25),
    ],
    ids=["Python", "JavaScript"],
)
def test_error_is_quoted_rather_than_the_lines_after_it(
    run: Callable[..., Process], error: str, after: list[str]
) -> None:
    process = run(f"print({error!r}, *{after!r}, sep='\\n'); raise SystemExit(1)")
    message = rf"it printed: {error}; the server must take its port from \$PORT$"
    with pytest.raises(UserError, match=message):
        process.wait_for_port("127.0.0.1", free_port(), 600)


@pytest.mark.parametrize(("printed", "told"), [("KeyError: no name.", "KeyError: no name"), ("a...", "a...")])
def test_quoted_line_has_no_full_stop(run: Callable[..., Process], printed: str, told: str) -> None:
    process = run(f"print({printed!r}); raise SystemExit(1)")
    with pytest.raises(UserError) as caught:
        process.wait_for_port("127.0.0.1", free_port(), 600)
    assert str(caught.value).endswith(f"it printed: {told}")


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


LISTENS = """
import socket, time
s = socket.create_server(('{}', {}))
print('up')
"""
WAITS, COMPUTES = "time.sleep(600)", "while True: pass"


@pytest.mark.parametrize("then", [WAITS, COMPUTES])
def test_child_that_listens_on_another_port_fails_with_that_port(
    run: Callable[..., Process], lines: Lines, then: str
) -> None:
    port, other = free_port(), free_port()
    process = run(LISTENS.format("127.0.0.1", other) + then)
    lines.next()
    with pytest.raises(UserError, match=rf"web listens on port {other}, but not on port {port}, which \$PORT tells"):
        process.wait_for_port("127.0.0.1", port, 0.1)


def test_log_says_on_which_other_port_a_child_listens(
    run: Callable[..., Process], lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("localcloud.processes.process._NOTE_SECONDS", 0.0)
    port, other = free_port(), free_port()
    process = run(LISTENS.format("127.0.0.1", other) + WAITS)
    lines.next()
    with pytest.raises(UserError):
        process.wait_for_port("127.0.0.1", port, 0.1)
    assert lines.next().startswith(f"localcloud: it listens on port {other}, but not on port {port}, which $PORT tells")


LISTENS_ON_IPV6 = """
import socket, time
s = socket.socket(socket.AF_INET6)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, {})
s.bind(('{}', {}))
s.listen()
print('up')
"""


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_child_may_listen_on_the_second_port(run: Callable[..., Process], host: str) -> None:
    second = free_port()
    process = run(LISTENS.format(host, second) + WAITS)
    assert process.wait_for_port("127.0.0.1", free_port(), DEADLINE, second) == ("127.0.0.1", second)


# As servers in JavaScript, Go and Java listen if they name no address, or name localhost.
@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
@pytest.mark.parametrize(("host", "alone"), [("::", 0), ("::", 1), ("::1", 1)])
def test_child_may_listen_on_an_address_of_ipv6(run: Callable[..., Process], host: str, alone: int) -> None:
    told, second = free_port(), free_port()
    process = run(LISTENS_ON_IPV6.format(alone, host, second) + WAITS)
    assert process.wait_for_port("127.0.0.1", told, DEADLINE, second) == ("::1", second)


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
def test_port_that_a_child_is_told_counts_on_ipv6_alone(run: Callable[..., Process]) -> None:
    port = free_port()
    process = run(LISTENS_ON_IPV6.format(1, "::1", port) + WAITS)
    assert process.wait_for_port("127.0.0.1", port, DEADLINE) == ("::1", port)


def test_ports_that_a_child_has_besides_mean_nothing(run: Callable[..., Process], lines: Lines) -> None:
    second = free_port()
    process = run(LISTENS.format("127.0.0.1", second) + WAITS)
    lines.next()
    with pytest.raises(UserError, match="does not listen on"):
        process.wait_for_port("127.0.0.1", free_port(), 0.1, second, has_own_ports=True)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has the whole of 127.0.0.0/8")
def test_second_port_of_another_program_does_not_count(run: Callable[..., Process], lines: Lines) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        second = taken.getsockname()[1]
        process = run(LISTENS.format("127.0.0.2", second) + WAITS)
        lines.next()
        with pytest.raises(UserError, match=rf"listens on port {second}, but not on port"):
            process.wait_for_port("127.0.0.1", free_port(), 0.1, second)

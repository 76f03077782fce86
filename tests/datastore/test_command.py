"""`datastore-emulator`: what it prints, how it ends, and errors in one line."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
import requests
from google.cloud import datastore

from datastore_emulator.cli import main
from datastore_emulator.net.addresses import read_listener
from datastore_emulator.stopping import CLOSED_OUTPUT
from tests.support.deadline import DEADLINE

ANY_PORT = ["--host-port", "127.0.0.1:0"]


class Emulator:
    """A running command; the test fails if it does not print its address."""

    def __init__(self, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "datastore_emulator", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._deadline = threading.Timer(DEADLINE, self._process.kill)
        self._deadline.start()
        assert self._process.stdout
        self.printed = self._process.stdout.readline() + self._process.stdout.readline()
        exported = re.fullmatch(r"export DATASTORE_EMULATOR_HOST=(.*)\n", self._process.stdout.readline())
        assert exported, self.printed + self._process.communicate()[1]
        self.address = exported[1]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal, and return the exit code and what was printed after the address."""
        self._process.send_signal(number)
        return self.wait()

    def wait(self) -> tuple[int, str]:
        """Wait for the end, and return the exit code and what was printed after the address."""
        printed = "".join(self._process.communicate())
        self._deadline.cancel()
        return self._process.returncode, printed


@pytest.fixture
def start() -> Iterator[Callable[..., Emulator]]:
    """Start the command with these arguments; it is stopped with the test."""
    started: list[Emulator] = []

    def run(*arguments: str) -> Emulator:
        started.append(Emulator(*arguments))
        return started[-1]

    yield run
    for emulator in started:
        if emulator._process.returncode is None:
            emulator.stop()


@pytest.fixture
def failure(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Run the command in this process, where it must fail with exit code 1, and return what it printed."""
    monkeypatch.setenv("GRPC_EXPERIMENTS", "-event_engine_listener")  # or the command would set it for the whole run

    def run(*arguments: str) -> str:
        assert main(arguments) == 1
        printed = capsys.readouterr()
        assert printed.out == ""
        return printed.err

    return run


def put(client: datastore.Client) -> None:
    entity = datastore.Entity(client.key("Thing", 1))
    client.put(entity)


def test_entities_are_kept_in_the_file(start, connect, tmp_path):
    file = str(tmp_path / "entities.db")
    first = start(*ANY_PORT, "--data", file)
    assert f"kept in {file}" in first.printed
    put(connect(first.address))
    first.stop()
    client = connect(start(*ANY_PORT, "--data", file).address)
    assert client.get(client.key("Thing", 1)) is not None


def test_without_a_file_it_says_how_to_keep_entities(start):
    assert "removed at the end; pass --data FILE to keep them" in start(*ANY_PORT).printed


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stop_signal_ends_it_without_a_word(start, connect, number):
    emulator = start(*ANY_PORT)
    put(connect(emulator.address))
    assert emulator.stop(number) == (0, "")


def test_shutdown_by_http_ends_it_as_a_stop_signal_does(start):
    emulator = start(*ANY_PORT)
    assert requests.post(f"http://{emulator.address}/shutdown", timeout=DEADLINE).text == "Shutting down...\n"
    assert emulator.wait() == (0, "")


def test_nothing_is_left_in_the_temporary_folder(start, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    emulator = start(*ANY_PORT)
    assert list(tmp_path.iterdir()) != []
    emulator.stop()
    assert list(tmp_path.iterdir()) == []


def test_rest_is_on_the_same_port(start):
    assert requests.get(f"http://{start(*ANY_PORT).address}/", timeout=DEADLINE).text == "Ok\n"


def test_grpc_only_serves_no_rest(start, connect):
    emulator = start(*ANY_PORT, "--grpc-only")
    put(connect(emulator.address))
    with pytest.raises(requests.exceptions.RequestException):
        requests.get(f"http://{emulator.address}/", timeout=DEADLINE)


@pytest.mark.parametrize("option", [[], ["--grpc-only"]], ids=["both", "grpc-only"])
def test_port_in_use_is_one_line(failure, option):
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        printed = failure("--host-port", address, *option)
    assert printed == (
        f"datastore-emulator: cannot listen on {address} for the Datastore: another program uses the port; "
        "stop that program or choose another port\n"
    )


def test_file_of_another_kind_is_one_line_and_stays(failure, tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("notes")
    printed = failure(*ANY_PORT, "--data", str(file))
    assert printed.startswith(f"datastore-emulator: {file}: ")
    assert printed.count("\n") == 1
    assert file.read_text() == "notes"


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "192.0.2.1"])
def test_host_that_others_can_reach_is_refused(failure, host):
    assert failure("--host-port", f"{host}:0") == (
        f"datastore-emulator: --host-port: refusing to listen on {host.strip('[]')}: other machines could reach it and "
        "the Datastore has no authentication; use 127.0.0.1, or pass --allow-remote-clients to allow it\n"
    )


def test_host_that_others_can_reach_is_allowed_with_the_option(start):
    emulator = start("--host-port", "0.0.0.0:0", "--allow-remote-clients")
    url = f"http://{emulator.address.replace('0.0.0.0', '127.0.0.1')}/"
    assert requests.get(url, headers={"Host": "build-7.example"}, timeout=DEADLINE).status_code == 200


@pytest.mark.parametrize("text", ["8081", "localhost:", "localhost:99999", "", "::1", "a:b:1", ":1:2:8081"])
def test_invalid_address_is_reported_in_one_line(failure, text):
    assert failure("--host-port", text) == (
        f'datastore-emulator: --host-port: "{text}" is not HOST:PORT, as in 127.0.0.1:8081\n'
    )


def test_closed_output_pipe_ends_it_without_a_traceback():
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "datastore_emulator", *ANY_PORT]
    ended = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=DEADLINE, check=False)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (CLOSED_OUTPUT, "")


def test_command_sets_variables_before_grpc_is_imported():
    code = (
        "import os, sys, datastore_emulator.cli\n"
        "datastore_emulator.cli.main(['--host-port', 'none'])\n"
        "print(os.environ['GRPC_EXPERIMENTS'], 'grpc' in sys.modules, 'google.api_core' in sys.modules)"
    )
    environment = {name: value for name, value in os.environ.items() if name != "GRPC_EXPERIMENTS"}
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert ended.stdout == "-event_engine_listener False False\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:8082", ("127.0.0.1", 8082)),
        (":8082", ("127.0.0.1", 8082)),
        ("localhost", ("localhost", 8081)),
        ("[::1]", ("::1", 8081)),
        ("[::1]:8082", ("::1", 8082)),
        ("::1:8082", ("::1", 8082)),
    ],
)
def test_gcloud_spellings_of_an_address_are_read(text, expected):
    assert read_listener(text, "--host-port") == expected


@pytest.mark.parametrize("text", ["::1:0", "[::1]:0"])
def test_clients_resolve_the_exported_address_of_ipv6(start, connect, text):
    address = start("--host-port", text).address
    assert address.startswith("[::1]:")
    put(connect(address))
    assert requests.get(f"http://{address}/", timeout=DEADLINE).text == "Ok\n"


def test_options_of_gcloud_keep_their_meaning(start, tmp_path):
    common = ("--host-port=:0", "--project=demo", "--quiet", "--verbosity=debug", "--consistency=1.0")
    kept = start(*common, f"--data-dir={tmp_path}/new", "--store-on-disk", "--use-firestore-in-datastore-mode")
    assert f"The entities are kept in {tmp_path}/new/datastore.sqlite3." in kept.printed
    lost = start(*common, "--no-store-on-disk", "--database-mode=datastore-mode")
    assert "The entities are removed at the end" in lost.printed


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--consistency=0.9"], "--consistency=0.9: every query is strongly consistent here"),
        (["--consistency=x"], "--consistency=x: "),
        (["--database-mode=firestore-native"], "--database-mode=firestore-native: only datastore-mode"),
        (["--import-data=x"], "--import-data: there is no import here"),
        (["--export-on-exit=x"], "--export-on-exit: there is no export here"),
        (["--store-on-disk"], "--store-on-disk: name the file with --data"),
        (["--no-store-on-disk", "--data-dir=x"], "--data-dir and --no-store-on-disk both say"),
        (["--data=x", "--data-dir=x"], "--data and --data-dir both say"),
        (["--data-dir=/dev/null/x"], "--data-dir /dev/null/x: cannot make this directory"),
    ],
)
def test_option_of_gcloud_without_a_meaning_here_is_refused(failure, options, message):
    printed = failure(*ANY_PORT, *options)
    assert printed.startswith(f"datastore-emulator: {message}")
    assert printed.count("\n") == 1

"""python -m bench.soak: work, abandoned transactions, killed clients and fuzzers on every listener, for SOAK_MINUTES.

Prints its figures, and ends with 1 if the log became large, memory or file descriptors grew, an acknowledged write is
missing, something hangs, or anything was answered INTERNAL or 500 or one of our tracebacks is in the log.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, NamedTuple

import psutil

from bench.soak_loads import Loads
from datastore_emulator.net.ports import free_port

ROOT = Path(__file__).parents[1]
APP = ROOT / "mod2-cloudndb" / "FINISH-py3"
DEFAULT_MINUTES = 30.0
LARGEST_LOG = 64_000_000
# The medians of the second and of the last fifth of the time are compared: before that, caches fill.
MOST_GROWTH = 1.1
_SAMPLE_SECONDS = 1.0
_PATIENCE_SECONDS = 60.0


class Sample(NamedTuple):
    """The log, the memory and the open files of the serving process at one moment."""

    log: int
    resident: int
    descriptors: int


def main() -> int:
    """Run the soak and return the exit code."""
    minutes = float(os.environ.get("SOAK_MINUTES") or DEFAULT_MINUTES)
    seed = int(os.environ.get("SOAK_SEED") or random.randrange(1 << 30))
    for number in (signal.SIGINT, signal.SIGTERM):
        # A signal must also end the processes that this started.
        signal.signal(number, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="soak-") as name, contextlib.ExitStack() as stack:
        place = Path(name)
        output = stack.enter_context((place / "output").open("w+"))
        data = place / "data.sqlite3"
        print(f"Soak of {minutes:g} minutes, seed {seed}", flush=True)
        process, places = stack.enter_context(_serving(data, output))
        places["learning page"] = stack.enter_context(_learning_page(output))
        loads = Loads(places, seed)
        loads.start()
        samples = _watch(psutil.Process(process.pid), Path(f"{data}-wal"), minutes * 60)
        loads.stop()
        problems = [*loads.problems, *find_problems(samples, loads.answers)]
        counted = loads.counted()
        if counted < loads.acknowledged:
            problems.append(f"{loads.acknowledged} increments were acknowledged, {counted} are there")
        size = data.stat().st_size
        output.flush()
        text = (place / "output").read_text(errors="replace")
    if tracebacks := text.count("Traceback (most recent call last)"):
        problems.append(f"{tracebacks} tracebacks; the first: {_first_traceback(text)}")
    _report(samples, loads, counted, size)
    for problem in problems:
        print(f"FAILED: {problem}")
    return 1 if problems else 0


@contextlib.contextmanager
def _serving(data: Path, output: IO[str]) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    command = [sys.executable, "-m", "bench.soak_server", str(data), str(APP)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=output, text=True, cwd=ROOT
    )
    assert process.stdin
    assert process.stdout
    try:
        yield process, json.loads(process.stdout.readline())
    finally:
        process.stdin.close()
        process.wait(_PATIENCE_SECONDS)


@contextlib.contextmanager
def _learning_page(output: IO[str]) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "codelab", "serve", "--port", str(port)]
    process = subprocess.Popen(command, stdout=output, stderr=output, cwd=ROOT)
    try:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                if time.monotonic() > deadline or process.poll() is not None:
                    raise
                time.sleep(0.1)
            else:
                break
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(_PATIENCE_SECONDS)


def _watch(process: psutil.Process, log: Path, seconds: float) -> list[Sample]:
    samples = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        size = log.stat().st_size if log.exists() else 0
        samples.append(Sample(size, process.memory_info().rss, process.num_fds()))
        time.sleep(_SAMPLE_SECONDS)
    return samples


def _fifths(values: list[int]) -> tuple[float, float]:
    """Return the medians of the second and of the last fifth."""
    fifth = max(1, len(values) // 5)
    return statistics.median(values[fifth : 2 * fifth] or values), statistics.median(values[-fifth:])


def find_problems(samples: list[Sample], answers: Mapping[tuple[str, str], int]) -> Iterator[str]:
    """Yield what must not be; `answers` is how often each listener gave each kind of answer."""
    if (largest := max(sample.log for sample in samples)) >= LARGEST_LOG:
        yield f"the log had {largest / 1e6:.1f} MB, {LARGEST_LOG / 1e6:.0f} at most are meant"
    for what, values in (
        ("resident memory", [sample.resident for sample in samples]),
        ("file descriptors", [sample.descriptors for sample in samples]),
    ):
        before, after = _fifths(values)
        if after > before * MOST_GROWTH:
            yield f"{what} grew from {before:.0f} to {after:.0f} (medians of the second and the last fifth)"
    for (listener, kind), count in sorted(answers.items()):
        if kind in ("INTERNAL", "UNKNOWN", "500", "TimeoutError"):
            yield f"{listener}: {count} times {kind}"


def _first_traceback(text: str) -> str:
    lines = text[text.index("Traceback (most recent call last)") :].splitlines()
    # It ends with the first line that is not indented.
    return next((line for line in lines[1:] if line and not line[0].isspace()), lines[-1])


def _report(samples: list[Sample], loads: Loads, counted: int, size: int) -> None:
    logs = [sample.log for sample in samples]
    print("\n| what | figure |\n| --- | --- |")
    print(f"| largest log, MB | {max(logs) / 1e6:.1f} |")
    print(f"| data file at the end, MB | {size / 1e6:.0f} |")
    for what, values, unit in (
        ("resident memory, MB", [sample.resident for sample in samples], 1e6),
        ("file descriptors", [sample.descriptors for sample in samples], 1),
    ):
        before, after = _fifths(values)
        print(f"| {what}: start, second fifth, last fifth | {values[0] / unit:.0f}, {before / unit:.0f}, ", end="")
        print(f"{after / unit:.0f} |")
    print(f"| increments acknowledged, there | {loads.acknowledged}, {counted} |")
    for listener in sorted({listener for listener, _ in loads.answers}):
        kinds = sorted((kind, count) for (name, kind), count in loads.answers.items() if name == listener)
        print(f"| {listener} | {', '.join(f'{count:,} {kind}' for kind, count in kinds)} |")


if __name__ == "__main__":
    sys.exit(main())

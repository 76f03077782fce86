"""Kill a writing Datastore again and again: python -m tests.datastore.killed_writers DIRECTORY KILLS FILES SEED.

Each victim opens the file, reports the last number of each of its writers, and lets the writers continue: one commit
after another, each with a counter and a new entity, each reported once it is acknowledged. One in four is killed at a
random moment from its start, the others after a random number of commits, however fast the machine is. The next victim
must open the file without help and have all that was reported. Prints "LOST ..." and exits with 1 if it does not, else
how much was reported in all.
"""

from __future__ import annotations

import os
import random
import select
import signal
import sys
import threading
import time
from pathlib import Path

from datastore_emulator import messages as m
from datastore_emulator.engine import Engine
from tests.support.deadline import DEADLINE

PROJECT = "killed"
WRITERS = 3
OPENING_SECONDS = 0.04
MOST_COMMITS = 10
COMMIT_SECONDS = 0.003


def write(engine: Engine, writer: int, number: int, pipe: int) -> None:
    """Commit the writer's next numbers until the process is killed."""
    while True:
        number += 1
        request = m.CommitRequest(project_id=PROJECT, mode=m.CommitRequest.NON_TRANSACTIONAL)
        for path in (("Counter", writer + 1), (f"Log{writer}", number)):
            entity = request.mutations.add().upsert
            entity.key.path.add(kind=path[0], id=path[1])
            entity.properties["number"].integer_value = number
        engine.commit(request)
        os.write(pipe, f"{writer} {number}\n".encode())


def live(path: Path, pipe: int) -> None:
    """Open the file, report its counters, and write until the process is killed."""
    engine = Engine(path)
    request = m.LookupRequest(project_id=PROJECT)
    for writer in range(WRITERS):
        request.keys.add().path.add(kind="Counter", id=writer + 1)
    found = {
        result.entity.key.path[0].id - 1: result.entity.properties["number"].integer_value
        for result in engine.lookup(request).found
    }
    counters = [found.get(writer, 0) for writer in range(WRITERS)]
    os.write(pipe, f"opened {' '.join(map(str, counters))}\n".encode())
    for writer, number in enumerate(counters):
        threading.Thread(target=write, args=(engine, writer, number, pipe)).start()
    threading.Event().wait()


def kill_one(path: Path, lines: int, seconds: float) -> list[list[str]]:
    """Start a victim, kill it some seconds after it has reported so many lines, and return the words of each line."""
    read_end, write_end = os.pipe()
    victim = os.fork()
    if not victim:
        try:
            os.close(read_end)
            live(path, write_end)
        finally:
            os._exit(3)
    os.close(write_end)
    reported = b""
    end = time.monotonic() + (DEADLINE if lines else seconds)
    while (left := end - time.monotonic()) > 0:
        if select.select([read_end], [], [], left)[0]:
            part = os.read(read_end, 65536)
            if not part:
                break
            reported += part
            if lines and reported.count(b"\n") >= lines:
                lines, end = 0, time.monotonic() + seconds
    os.kill(victim, signal.SIGKILL)
    _, status = os.waitpid(victim, 0)
    if not os.WIFSIGNALED(status):
        sys.exit(f"LOST the file: a victim could not go on with {path}; its traceback is above")
    if lines:
        sys.exit(f"a victim with {path} reported too little in {DEADLINE} seconds: {reported!r}")
    while part := os.read(read_end, 65536):
        reported += part
    os.close(read_end)
    # A line is written in one piece, so only the last could be cut short; it has no end then.
    return [line.split() for line in reported.decode().split("\n")[:-1]]


def main(directory: Path, kills: int, files: int, seed: int) -> None:
    chance = random.Random(seed)
    opened = acknowledged = 0
    for file in range(files):
        path = directory / f"{file}.sqlite3"
        known = [0] * WRITERS
        for _ in range(kills // files):
            if chance.random() < 0.25:
                report = kill_one(path, 0, chance.uniform(0, OPENING_SECONDS))
            else:
                report = kill_one(path, chance.randint(1, MOST_COMMITS), chance.uniform(0, COMMIT_SECONDS))
            for words in report:
                if words[0] == "opened":
                    opened += 1
                    counters = [int(word) for word in words[1:]]
                    # One more than was reported may be there: killed between the commit and the report.
                    if any(not least <= counter <= least + 1 for least, counter in zip(known, counters, strict=True)):
                        sys.exit(f"LOST: {path} should have {known} and has {counters}")
                    known = counters
                else:
                    acknowledged += 1
                    known[int(words[0])] = int(words[1])
    print(f"opened {opened} acknowledged {acknowledged}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))

"""Kill a writing Datastore again and again: python killed_writers.py DIRECTORY KILLS FILES SEED.

Each victim opens the file, tells how far each of its writers had come, and lets the writers go on: one commit after
another, each of a counter and of a new entity, each told once it is acknowledged. It is killed at a random moment,
opening included. The next one must open the file by itself and know all that was told. Prints "LOST ..." and ends
with 1 for what it does not know, else how much was shown.
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

PROJECT = "killed"
WRITERS = 3
LONGEST_LIFE_SECONDS = 0.04


def write(engine: Engine, writer: int, number: int, pipe: int) -> None:
    """Commit the writer's next numbers for ever."""
    while True:
        number += 1
        request = m.CommitRequest(project_id=PROJECT, mode=2)
        for path in (("Counter", writer + 1), (f"Log{writer}", number)):
            entity = request.mutations.add().upsert
            entity.key.path.add(kind=path[0], id=path[1])
            entity.properties["number"].integer_value = number
        engine.commit(request)
        os.write(pipe, f"{writer} {number}\n".encode())


def live(path: Path, pipe: int) -> None:
    """Be a victim."""
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


def kill_one(path: Path, seconds: float) -> list[list[str]]:
    """Start a victim, kill it after so many seconds, and return the words of each line it told."""
    read_end, write_end = os.pipe()
    victim = os.fork()
    if not victim:
        try:
            os.close(read_end)
            live(path, write_end)
        finally:
            os._exit(3)
    os.close(write_end)
    told = b""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if select.select([read_end], [], [], left)[0]:
            part = os.read(read_end, 65536)
            if not part:
                break
            told += part
    os.kill(victim, signal.SIGKILL)
    _, status = os.waitpid(victim, 0)
    if not os.WIFSIGNALED(status):
        sys.exit(f"LOST the file: a victim could not go on with {path}; it tells why above")
    while part := os.read(read_end, 65536):
        told += part
    os.close(read_end)
    # A line is written in one piece, so only the last could be cut short; it has no end then.
    return [line.split() for line in told.decode().split("\n")[:-1]]


def main(directory: Path, kills: int, files: int, seed: int) -> None:
    chance = random.Random(seed)
    opened = acknowledged = 0
    for file in range(files):
        path = directory / f"{file}.sqlite3"
        known = [0] * WRITERS
        for _ in range(kills // files):
            for words in kill_one(path, chance.uniform(0, LONGEST_LIFE_SECONDS)):
                if words[0] == "opened":
                    opened += 1
                    counters = [int(word) for word in words[1:]]
                    # One more than was told may be there: killed between the commit and the telling.
                    if any(not told <= counter <= told + 1 for told, counter in zip(known, counters, strict=True)):
                        sys.exit(f"LOST: {path} was told to have {known} and has {counters}")
                    known = counters
                else:
                    acknowledged += 1
                    known[int(words[0])] = int(words[1])
    print(f"opened {opened} acknowledged {acknowledged}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))

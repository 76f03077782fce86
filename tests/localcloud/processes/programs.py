"""Programs that processes run in these tests, and what the tests wait for."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable

import psutil

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

"""The supervisor: the parent of one app, above everything that the app starts, daemons included.

`Process` runs this file by its path, with a pipe for its reports, and sends it the command. On Linux it is a "child
subreaper": a process whose parent has ended gets the nearest subreaper above it as its new parent, so it can be found
by its parentage (https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html). Elsewhere such a process
goes to the system's first one, and is found by its process group and its environment only.

It imports little, and nothing of this package: there is one for each app.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import signal
import sys

_PR_SET_CHILD_SUBREAPER = 36
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def supervise(status: int) -> None:
    """Start the command read from standard input, report its end, and go on until all that it started has ended."""
    argv, environment = marshal.load(sys.stdin.buffer)
    os.set_inheritable(status, False)
    _become_subreaper()
    # Stop signals are for the app. The supervisor ends last.
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _STOP_SIGNALS}
    nothing = os.open(os.devnull, os.O_RDWR)
    failure, in_child = os.pipe()
    child = os.fork()
    if child == 0:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if handler == signal.SIG_IGN else signal.SIG_DFL)
        _become(argv, environment, nothing, in_child)
    os.close(in_child)
    with open(failure, "rb") as reader:
        problem = reader.read()
    if problem:
        os.write(status, b"failed " + problem)
        return
    os.write(status, b"started %d\n" % child)
    for descriptor in (0, 1, 2):  # so that the output ends with the last process that writes to it
        os.dup2(nothing, descriptor)
    with contextlib.suppress(ChildProcessError):
        while True:
            ended, how = os.wait()
            if ended == child:
                with contextlib.suppress(OSError):  # the reader has closed the pipe
                    os.write(status, b"ended %d\n" % os.waitstatus_to_exitcode(how))


def _become(argv: list[str], environment: dict[str, str], nothing: int, failure: int) -> None:
    """Become the app, in a session of its own; write the reason to the pipe if that fails."""
    try:
        os.setsid()
        os.dup2(nothing, 0)
        for name in ("SIGPIPE", "SIGXFSZ"):  # Python ignores these, other programs rely on them
            if number := getattr(signal, name, None):
                signal.signal(number, signal.SIG_DFL)
        os.execvpe(argv[0], argv, environment)
    except OSError as error:
        os.write(failure, (error.strerror or str(error)).encode())
    except ValueError as error:  # a NUL byte in a word or a variable
        os.write(failure, str(error).encode())
    finally:
        os._exit(127)


def _become_subreaper() -> None:
    with contextlib.suppress(ImportError, AttributeError, OSError):
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


if __name__ == "__main__":
    supervise(int(sys.argv[1]))

"""Read a Procfile: which processes an app has, and the command of each."""

from __future__ import annotations

import re
from dataclasses import dataclass

from localcloud.deployment.errors import TextError

_PROCESS = re.compile(r"([A-Za-z0-9_-]+):\s*(\S.*)")


@dataclass(frozen=True)
class ProcfileEntry:
    """A line of a Procfile: the process type, such as "web", and its command."""

    line: int
    name: str
    command: str


def read_procfile(text: str) -> list[ProcfileEntry]:
    """Return the processes in the order of the file. Empty lines and lines that begin with "#" are comments.

    Raises TextError for any other line that is not a process. Other readers of Procfiles skip such a line in silence.
    """
    processes = []
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        process = _PROCESS.fullmatch(line)
        if process is None:
            raise TextError(number, f'cannot read "{line.strip()}" as a process; write a line such as "web: COMMAND"')
        processes.append(ProcfileEntry(number, process[1], process[2].strip()))
    return processes

"""Reads a Procfile: which command starts the process that serves the web."""

from __future__ import annotations

from pathlib import Path

from honcho.environ import PROCFILE_LINE, parse_procfile

from localcloud.launch.errors import mistake, read_text


def read_web_command(file: Path) -> str:
    """Return the command of a Procfile's `web` process.

    Raises UserError for a line that is no process (honcho would skip it in silence), for a process named twice
    and for a Procfile without `web`.
    """
    text = read_text(file)
    lines_of: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        process = PROCFILE_LINE.match(line)
        if process is None:
            raise mistake(file, number, f'expected "web: command", found "{line.strip()}"')
        if process[1] in lines_of:
            first = lines_of[process[1]]
            raise mistake(file, number, f'"{process[1]}" is already on line {first}; remove one of the two')
        lines_of[process[1]] = number
    processes: dict[str, str] = parse_procfile(text).processes
    if "web" not in processes:
        found = ", ".join(processes) or "no process at all"
        raise mistake(file, None, f'expected a "web" process, found {found}; add a line "web: command"')
    return processes["web"].strip()

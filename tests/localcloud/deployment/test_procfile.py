"""Procfiles: the processes, and invalid lines."""

from __future__ import annotations

import pytest

from localcloud.deployment import TextError
from localcloud.deployment.procfile import ProcfileEntry, read_procfile


def test_processes_are_read_in_order_with_their_lines() -> None:
    text = "# start\n\nworker: python work.py\n  # indented\nweb:  gunicorn -b :$PORT main:app  # here \nmy-job_2:a\n"
    assert read_procfile(text) == [
        ProcfileEntry(3, "worker", "python work.py"),
        ProcfileEntry(5, "web", "gunicorn -b :$PORT main:app  # here"),
        ProcfileEntry(6, "my-job_2", "a"),
    ]


def test_empty_procfile_has_no_process() -> None:
    assert read_procfile("# nothing\n") == []


@pytest.mark.parametrize("line", ["web gunicorn", "web:", "web:   ", " web: gunicorn", "web server: a", "w\u00e9b: a"])
def test_invalid_line_is_refused_with_its_number(line: str) -> None:
    with pytest.raises(TextError) as caught:
        read_procfile(f"a: b\n{line}\n")
    expected = f'cannot read "{line.strip()}" as a process; write a line such as "web: COMMAND"'
    assert (caught.value.line, caught.value.problem) == (2, expected)

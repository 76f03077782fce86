"""docs/porting-python2.md: each row's lines give on Python 2 and Python 3 what the row says."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.docs.porting.pythons import run_on_python3, run_on_python27
from tests.docs.porting.tables import code, read_page, rows
from tests.support.deadline import DEADLINE

# One process for all, since it keeps what the programs answer.
pytestmark = pytest.mark.xdist_group("python2")

PAGE = read_page("porting-python2")
UNREADABLE = rows(PAGE, "## Python 3 cannot read the file")
FAILING = rows(PAGE, "## The line fails when it runs")
SILENT = rows(PAGE, "## The line runs, and gives something else")
MODULES = rows(PAGE, "## Modules with a new name")
ROWS = [*UNREADABLE, *FAILING, *SILENT]
every_row = pytest.mark.parametrize("number", range(len(ROWS)), ids=["; ".join(code(row[1])) for row in ROWS])


@cache
def answers(run: Any, column: int) -> list[Any]:
    """Return what the lines of a column give."""
    return run("run_lines.py", [code(row[column]) for row in ROWS])


def is_as_said(answer: dict[str, str], cell: str, python: int = 3) -> bool:
    """Return whether an answer is a value or one of the errors in a cell; `...` in a value stands for any text."""
    (value, *_) = said = code(cell)
    if re.fullmatch(r"[A-Z]\w+Error", value):
        return answer.get("error") in said
    if "..." in value:
        return re.fullmatch(re.escape(value).replace(r"\.\.\.", ".*"), answer["literal"]) is not None
    expected = ast.literal_eval(value)
    if python == 2 and isinstance(expected, bytes):
        expected = expected.decode("latin-1")
    return "literal" in answer and ast.literal_eval(answer["literal"]) == expected


@every_row
def test_line_for_python_3_gives_what_the_row_says(number: int) -> None:
    assert is_as_said(answers(run_on_python3, 2)[number], ROWS[number][3]), answers(run_on_python3, 2)[number]


@every_row
def test_old_line_on_python_3_gives_what_the_row_says(number: int) -> None:
    assert is_as_said(answers(run_on_python3, 1)[number], ROWS[number][4]), answers(run_on_python3, 1)[number]


@pytest.mark.app
@pytest.mark.lane("python27")
@every_row
def test_old_line_on_python_27_gives_what_the_row_says(number: int) -> None:
    assert is_as_said(answers(run_on_python27, 1)[number], ROWS[number][3], 2), answers(run_on_python27, 1)[number]


def test_rows_of_the_last_table_run_on_both_and_differ() -> None:
    assert [row for row in SILENT if "Error`" in row[4] or code(row[3]) == code(row[4])] == []
    assert [row for row in [*UNREADABLE, *FAILING] if "Error`" not in row[4]] == []


def modernize(directory: Path, *options: str) -> list[Path]:
    """Repair the old lines of each row by the tool, each in a file of its own."""
    files = [directory / f"row{number}.py" for number in range(len(ROWS))]
    for file, row in zip(files, ROWS, strict=True):
        file.write_text("\n".join([*code(row[1]), ""]), encoding="utf-8")
    command = [sys.executable, "-m", "modernize", "-w", "-n", *options, str(directory)]
    subprocess.run(command, check=True, capture_output=True, timeout=DEADLINE)
    return files


def test_page_says_which_rows_modernize_repairs(tmp_path: Path) -> None:
    files = modernize(tmp_path)
    found = run_on_python3("run_lines.py", [file.read_text(encoding="utf-8").splitlines() for file in files])
    repaired = [is_as_said(answer, row[3]) for answer, row in zip(found, ROWS, strict=True)]
    assert repaired == [len(row) == 5 or "`modernize`" in row[5] for row in ROWS]


def test_modernize_repairs_a_division_if_asked(tmp_path: Path) -> None:
    (option,) = re.findall(r"`(-f \S+)`", PAGE)
    files = modernize(tmp_path, *option.split())
    assert files[ROWS.index(SILENT[0])].read_text(encoding="utf-8").endswith("\n7 // 2\n")


def test_page_says_which_rows_python_bb_stops() -> None:
    found = run_on_python3("run_lines.py", [code(row[1]) for row in ROWS], ["-bb"])
    assert [answer.get("error") == "BytesWarning" for answer in found] == ["`-bb`" in row[-1] for row in ROWS]


@pytest.mark.app
@pytest.mark.lane("python27")
def test_page_says_where_python_27_warns_about_python_3() -> None:
    rows_that_run = [*FAILING, *SILENT]
    options = ["-3", "-W", "ignore", "-W", "error::DeprecationWarning:shop.cart"]
    found = run_on_python27("run_lines.py", [code(row[1]) for row in rows_that_run], options)
    warned = [answer.get("error") == "DeprecationWarning" for answer in found]
    assert warned == ["`-3`" in row[5] for row in rows_that_run]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module[0])
def test_module_has_its_new_name_only(module: list[str]) -> None:
    old, new = run_on_python3("run_lines.py", [code(module[0]), code(module[1])])
    assert old["error"] == "ModuleNotFoundError"
    assert new == {"literal": "None"}


@pytest.mark.app
@pytest.mark.lane("python27")
def test_python_27_has_the_old_modules() -> None:
    assert {answer["literal"] for answer in run_on_python27("run_lines.py", [code(row[0]) for row in MODULES])} == {
        "None"
    }

"""Accepted differences are kept with their reason in a file that people edit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from datastore_emulator.errors import UserError
from localcloud.compare.accepted import read_accepted
from localcloud.compare.observation import Aspect
from localcloud.compare.result import Difference

DIFFERENCE = Difference(Aspect.HEADERS, "GET /", "Vary", ("Vary: a",), ("Vary: b",), (), (1,))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "app.accepted.yaml"
    read_accepted(path).add([DIFFERENCE], "Flask says so")
    return path


def test_accepted_difference_is_known_next_time(file: Path) -> None:
    assert read_accepted(file).reason(DIFFERENCE) == "Flask says so"


@pytest.mark.parametrize(
    "other",
    [
        replace(DIFFERENCE, new=("Vary: c",)),
        replace(DIFFERENCE, route="GET /x"),
        replace(DIFFERENCE, place="Allow"),
        replace(DIFFERENCE, aspect=Aspect.COOKIES),
    ],
)
def test_another_difference_is_not_accepted(file: Path, other: Difference) -> None:
    assert read_accepted(file).reason(other) is None


def test_entry_without_texts_accepts_any(file: Path) -> None:
    text = "\n".join(line for line in file.read_text().splitlines() if "old:" not in line and "new:" not in line)
    file.write_text("\n".join(line for line in text.splitlines() if "- 'Vary" not in line and "- Vary:" not in line))
    assert read_accepted(file).reason(replace(DIFFERENCE, new=("Vary: c",))) == "Flask says so"


def test_entry_for_all_routes_accepts_each(file: Path) -> None:
    file.write_text(file.read_text().replace("GET /", "'*'"))
    assert read_accepted(file).reason(replace(DIFFERENCE, route="POST /x"))


def test_entry_for_several_routes_accepts_each_of_them(file: Path) -> None:
    file.write_text(file.read_text().replace("GET /", "GET /, HEAD /"))
    assert read_accepted(file).reason(replace(DIFFERENCE, route="HEAD /"))
    assert not read_accepted(file).reason(replace(DIFFERENCE, route="HEAD /, GET /x"))


def test_file_keeps_what_people_have_written(file: Path) -> None:
    file.write_text(file.read_text() + "# keep me\n")
    read_accepted(file).add([replace(DIFFERENCE, place="Allow")], "why not: because")
    text = file.read_text()
    assert "# keep me" in text
    assert text.count("# Differences between") == 1
    assert read_accepted(file).reason(replace(DIFFERENCE, place="Allow")) == "why not: because"


def test_entry_that_is_not_found_any_more_is_told(file: Path) -> None:
    [unused] = read_accepted(file).unused()
    assert "Vary" in unused
    accepted = read_accepted(file)
    accepted.reason(DIFFERENCE)
    assert accepted.unused() == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not YAML"),
        ("a: b", "it must be a list"),
        ("- aspect: headers", "route, place, reason is missing"),
        ("- {aspect: header, route: x, place: y, reason: z}", "aspect is one of"),
        ("- {aspect: headers, route: x, place: y, reason: z, olds: []}", "there is no olds"),
        ("- {aspect: headers, route: x, place: y, reason: z, old: text}", "old must be a list"),
        ("- {aspect: headers, route: x, place: y, reason: ''}", "reason is missing"),
    ],
)
def test_broken_file_is_refused_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "app.accepted.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=message) as error:
        read_accepted(path)
    assert "\n" not in str(error.value)


STATUS = replace(DIFFERENCE, aspect=Aspect.STATUS, place="status", followers=(DIFFERENCE,))


def test_accepting_a_status_accepts_what_follows_it(tmp_path: Path) -> None:
    path = tmp_path / "app.accepted.yaml"
    read_accepted(path).add([STATUS], "gone on purpose")
    accepted = read_accepted(path)
    assert [one.accepted for one in accepted.judge([STATUS])] == ["gone on purpose"] * 2
    assert accepted.unused() == []


def test_accepted_status_does_not_hide_what_follows_it_later(tmp_path: Path) -> None:
    path = tmp_path / "app.accepted.yaml"
    read_accepted(path).add([STATUS], "gone on purpose")
    later = replace(DIFFERENCE, new=("Vary: c",))
    [_, found] = read_accepted(path).judge([replace(STATUS, followers=(later,))])
    assert found == later

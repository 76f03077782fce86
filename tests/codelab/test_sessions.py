"""A session of checks: START's answers are kept, and the copy alone runs again."""

from __future__ import annotations

from pathlib import Path

import pytest

from codelab.compare import answers as answers_module
from codelab.compare.answers import Answers
from codelab.compare.services import CallCounts, Service
from codelab.compare.visitor import Document


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own."""
    monkeypatch.setattr(answers_module, "cache_directory", lambda: tmp_path / "cache")
    return tmp_path / "cache"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "START"
    folder.mkdir()
    (folder / "main.py").write_text("app = 1\n")
    return folder


PAGE = [Document(200, "text/html", [("mode", "no quirks"), ("element", "p", "class=x")])]


def test_kept_answers_are_read_again(folder: Path) -> None:
    Answers.of_earlier_checks(folder, None).keep("first visit", PAGE)
    again = Answers.of_earlier_checks(folder, None)
    assert "first visit" in again
    assert "second visit" not in again
    assert again["first visit"] == PAGE


@pytest.mark.parametrize("change", ["a file", "a new file", "the function"])
def test_answers_of_another_start_are_not_used(change: str, folder: Path) -> None:
    Answers.of_earlier_checks(folder, None).keep("first visit", PAGE)
    if change == "a file":
        (folder / "main.py").write_text("app = 2\n")
    elif change == "a new file":
        (folder / "models.py").write_text("")
    assert "first visit" not in Answers.of_earlier_checks(folder, "visitme" if change == "the function" else None)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"first visit": [[1]]}', '{"first visit": 5}'])
def test_damaged_file_of_answers_is_no_answer(text: str, folder: Path, cache: Path) -> None:
    Answers.of_earlier_checks(folder, None).keep("first visit", PAGE)
    (file,) = (cache / "answers").iterdir()
    file.write_text(text)
    assert "first visit" not in Answers.of_earlier_checks(folder, None)


def test_cache_that_cannot_be_written_is_no_error(folder: Path, cache: Path) -> None:
    cache.write_text("a file in the place of the folder")
    answers = Answers.of_earlier_checks(folder, None)
    answers.keep("first visit", PAGE)
    assert answers["first visit"] == PAGE


def test_calls_through_the_bundled_services_are_told_apart() -> None:
    counts = CallCounts()
    for _ in range(3):
        counts.count("Datastore RunQuery")
    counts.count_bundled("Datastore RunQuery")
    counts.count("Memcache Get")
    assert counts.read() == {Service.DATASTORE: 2, Service.BUNDLED_DATASTORE: 1, Service.MEMCACHE: 1}


def test_calls_that_ndb_makes_for_its_own_cache_are_not_the_apps() -> None:
    counts = CallCounts()
    counts.count("Memcache Get by ndb")
    assert not +counts.read()
    counts.count("Memcache Get")
    assert +counts.read() == {Service.MEMCACHE: 1}

"""An odd file in a learner's copy breaks no page, and pages and `check` name it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from codelab.check import checker
from codelab.commands.check import check
from codelab.commands.watch import wait_for_saves
from codelab.readme.course import Course
from codelab.readme.trees import MAX_DEPTH, MAX_FILES, read_tree, write_tree
from codelab.web.app import create_app
from codelab.web.live import Saves
from codelab.web.state import PageState
from codelab.workspace import Workspace
from tests.codelab.conftest import Run
from tests.localcloud.deployment.test_yaml_lines import BOMB
from tests.support.deadline import DEADLINE

MODULE = "mod12-memcache"
PAGES = ["/", f"/{MODULE}/", f"/{MODULE}/step/1", f"/{MODULE}/more", f"/{MODULE}/run", f"/{MODULE}/compare"]
DEEP = "nested"


@pytest.fixture
def course(shared_course: Path) -> Path:
    """Share a course: a test here changes work/ alone."""
    return shared_course


@pytest.fixture
def copy(course: Path) -> Path:
    """The learner's copy of START."""
    place = Course(course).track(MODULE)
    write_tree(read_tree(place.start), place.copy)
    return place.copy


@pytest.fixture(scope="module")
def client(session_course: Path) -> FlaskClient:
    """A client of the page of that course."""
    return create_app(PageState(Course(session_course))).test_client()


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def link(target: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        path.unlink()
        path.symlink_to(target)

    return make


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


ODD = [
    pytest.param("app.yaml", BOMB, "more than 5,000 values", id="YAML bomb"),
    pytest.param("app.yaml", "a: " + "[" * 9_000, "more than 50 levels", id="deep YAML"),
    pytest.param("app.yaml", "a: 2001-99-99", "month must be", id="a date of no month"),
    pytest.param("main.py", "x = " + "-" * 9_000 + "1", DEEP, id="deep Python"),
    pytest.param("main.py", "x = " + "+".join("1" * 4_000), DEEP, id="a long sum"),
    pytest.param("templates/index.html", "{{ " + "[" * 4_000, DEEP, id="deep template"),
    pytest.param("templates/index.html", "{% if x %}" * 900, DEEP, id="deep blocks"),
    pytest.param("main.py", "# 3 MB\n" * 430_000, "3,010,000", id="3 MB"),
    pytest.param("main.py", "x = 1\n" * 20_000, "at most 5,000 are read", id="20,000 lines"),
    pytest.param("main.py", "x" * 10_001, "at most 10,000 are read", id="a long line"),
    pytest.param("main.py", b"\x7fELF\0" * 1_000_000, "at most 1,000,000 bytes", id="5 MB of a binary"),
    pytest.param("main.py", b"\x7fELF\0", "a text file", id="binary"),
    pytest.param("main.py", pipe, "a named pipe", id="named pipe"),
    pytest.param("main.py", link("/dev/zero"), "a link out of it", id="link to a device"),
    pytest.param("main.py", link("../../README.md"), "a link out of it", id="link out of the copy"),
    pytest.param("main.py", link("main.py"), "this file", id="link to itself"),
    pytest.param("main.py", folder, "a folder", id="folder"),
]


def put(path: Path, content: str | bytes | Callable[[Path], None]) -> None:
    if isinstance(content, str):
        path.write_text(content)
    elif isinstance(content, bytes):
        path.write_bytes(content)
    else:
        content(path)


@pytest.mark.parametrize(("file", "content", "words"), ODD)
def test_odd_file_is_named_on_every_page(
    client: FlaskClient, copy: Path, file: str, content: str | bytes | Callable[[Path], None], words: str
) -> None:
    put(copy / file, content)
    answers = {path: client.get(path) for path in PAGES}
    assert {path: answer.status_code for path, answer in answers.items()} == dict.fromkeys(PAGES, 200)
    assert max(len(answer.data) for answer in answers.values()) < 1_000_000
    text = answers[f"/{MODULE}/step/1"].text
    assert f'<b class="where">{file}' in text or f"<code>{file}" in text
    assert words in text


@pytest.mark.parametrize(("file", "content", "words"), [ODD[0], ODD[4], ODD[13]])
def test_check_reports_odd_file_in_one_line(
    codelab: Run, copy: Path, file: str, content: str | bytes | Callable[[Path], None], words: str
) -> None:
    put(copy / file, content)
    answer = codelab("check", MODULE, "--no-run")
    lines = [line for line in answer.text.splitlines() if line.startswith(f"  {file}")]
    assert (answer.code, len(lines), "Traceback" in answer.text) == (1, 1, False)
    assert words in lines[0]


def test_file_name_that_is_not_utf8_is_shown_with_its_bytes(client: FlaskClient, copy: Path, codelab: Run) -> None:
    (Path(os.fsdecode(os.fsencode(copy) + b"/caf\xe9.txt"))).write_text("mine\n")
    assert {client.get(path).status_code for path in PAGES} == {200}
    assert r"<b>caf\xe9.txt</b>" in client.get(f"/{MODULE}/compare").text
    assert r"+++ work/caf\xe9.txt" in codelab("diff", MODULE, "--to", "work").text


def test_too_many_files_are_reported_and_break_no_page(client: FlaskClient, copy: Path, codelab: Run) -> None:
    for number in range(MAX_FILES + 1):
        (copy / f"{number}.txt").touch()
    assert {client.get(path).status_code for path in PAGES[:-1]} == {200}
    assert "at most 500 files" in client.get(f"/{MODULE}/step/1").text
    assert "cannot be read" in client.get("/").text
    assert "codelab: " in codelab("check", MODULE).text.splitlines()[0]


def test_yaml_keys_of_several_kinds_are_read(client: FlaskClient, copy: Path) -> None:
    (copy / "app.yaml").write_text("a:\n- {1: b, c: d, 2001-01-01: e, [f]: g}\nh: !!set {i, j}\nk: !l [m]\n")
    assert {client.get(path).status_code for path in PAGES} == {200}


def test_folders_too_deep_are_reported(client: FlaskClient, copy: Path) -> None:
    deep = copy.joinpath(*["d"] * (MAX_DEPTH + 1))
    deep.mkdir(parents=True)
    (deep / "file").touch()
    assert f"folders {MAX_DEPTH} deep" in client.get(f"/{MODULE}/step/1").text


def test_node_modules_is_not_read(copy: Path) -> None:
    for number in range(MAX_FILES + 1):
        (copy / "node_modules" / str(number)).mkdir(parents=True)
    assert "app.yaml" in read_tree(copy)


def test_each_content_of_file_is_parsed_once(client: FlaskClient, copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    real = checker.app_facts
    monkeypatch.setattr(checker, "app_facts", lambda files, *rest: read.extend(files) or real(files, *rest))
    (copy / "main.py").write_text("import flask\n" + "".join(f"x{n} = flask.f({n})\n" for n in range(1_999)))
    for path in PAGES:
        client.get(path)
    read.clear()
    for path in PAGES:
        client.get(path)
    assert read == []
    (copy / "main.py").write_text("import flask\n")
    client.get(PAGES[1])
    assert sorted(read) == ["appengine_config.py", "main.py"]  # they are read together


def test_each_statement_is_read_once() -> None:
    """Not the whole file again for each: 2,000 lines took seconds on every page."""
    from codelab.check.facts import Kind
    from codelab.check.facts.python import python_facts

    text = "import flask\n" + "x = flask.f(\n    1,  # one\n\n    2)\n" * 500
    words = {fact.words for fact in python_facts("main.py", text, frozenset()) if fact.kind is Kind.CALL}
    assert words == {"x = flask.f( 1,  # one 2)"}


def test_check_reports_file_with_too_many_lines(course: Path, copy: Path) -> None:
    (copy / "main.py").write_text("x = 1\n" * 20_000)
    found = Course(course)
    checked = check(found, Workspace(course), found.track(MODULE), run=False)
    findings = [*checked.progress.damage, *(one for status in checked.progress.steps for one in status.findings)]
    assert checked.passed is False
    assert "main.py: the file has 20,000 lines, and at most 5,000 are read; shorten it" in map(str, findings)


def test_page_notices_saves_after_name_that_is_not_utf8(copy: Path) -> None:
    saves = Saves(copy.parent)
    saves.start()
    try:
        strange = Path(os.fsdecode(os.fsencode(copy) + b"/caf\xe9.txt"))
        for text in ("one", "two"):  # the watch has to live on after the first
            known = saves.count(copy)
            noticed = threading.Event()
            end = time.monotonic() + DEADLINE
            with saves.follow(noticed.set):
                while saves.count(copy) == known:  # written again, as the watch may only just begin
                    assert time.monotonic() < end
                    strange.write_text(text)
                    noticed.wait(0.3)
    finally:
        saves.stop()


def test_watch_continues_after_name_that_is_not_utf8(copy: Path) -> None:
    saves = wait_for_saves(copy)
    for number in range(3):
        next(saves)
        Path(os.fsdecode(os.fsencode(copy) + b"/caf\xe9.txt")).write_text(str(number))
    saves.close()

"""The command: its text, its JSON as docs/assess.md describes it, its one HTML file, and its errors."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import html5lib
import pytest

from codelab import cli
from codelab.assess import Area
from tests.codelab.assess.apps import PYTHON27, write_app
from tests.docs.porting.tables import code, read_page, rows
from tests.support.course import ROOT

PAGE = read_page("assess")
APP = {
    "app.yaml": PYTHON27,
    "main.py": "import webapp2\nfrom google.appengine.api import memcache, xmpp\nprint memcache.get('<b>')\n",
    "broken.py": "def f(:\n",
}


@pytest.fixture
def app(tmp_path: Path) -> Path:
    return write_app(tmp_path / "my app", APP)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code_ = cli.main(["--course", str(ROOT), "assess", *arguments])
    out, err = capsys.readouterr()
    return code_, out, err


def test_text_has_the_finding_its_places_and_the_way(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, str(app), "--to", "cloudrun")

    assert status == 0
    lines = [line.strip() for line in out.splitlines()]
    begin = lines.index(
        "change  api.memcache (2). Memorystore for Redis or Valkey (Module 13). Effort: hours, and a monthly price"
    )
    assert lines[begin + 1 : begin + 3] == [
        "main.py:2  import google.appengine.api.memcache",
        "main.py:3  memcache.get",
    ]
    assert any(line.startswith("not covered here; all services: https://") for line in lines)
    assert any(line.startswith("broken.py:1") for line in lines)
    assert "1. mod1-flask: From webapp2 to Flask" in lines


@pytest.mark.parametrize("is_terminal", [False, True])
def test_progress_is_on_stderr_of_a_terminal_alone(
    app: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, is_terminal: bool
) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", str(int(is_terminal)))

    _, out, err = run(capsys, str(app), "--json")

    json.loads(out)
    assert ("Looking at main.py (1 of 1) ..." in err) is is_terminal


def test_places_of_python2_show_the_line_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "import urllib2\ntry:\n    half = len(x) / 2\nexcept (KeyError, ValueError),  error:\n    print ('a', 1)\n"

    _, out, _ = run(capsys, str(write_app(tmp_path, {"app.yaml": PYTHON27, "main.py": text})))

    shown = [line.strip() for line in out.splitlines() if line.strip().startswith("main.py:")]
    assert sorted(shown) == [
        "main.py:1  urllib2: urllib.request",
        "main.py:3  half = len(x) / 2",
        "main.py:4  except (KeyError, ValueError), error:",
        "main.py:5  print ('a', 1)",
    ]


def test_program_that_only_warns_is_no_tool(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "half = len(x) / 2\nif {}.has_key('a'): pass\n"

    _, out, _ = run(capsys, str(write_app(tmp_path, {"app.yaml": PYTHON27, "main.py": text})))

    assert out.count("found by: python2.7 -3") == 1
    assert "by a tool: -3" not in out


def test_each_thing_has_a_place_before_another_has_two(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    calls = [*["memcache.get('a')"] * 9, "memcache.incr('a')", "memcache.set('a', 1)"]
    text = "from google.appengine.api import memcache\n" + "".join(f"{call}\n" for call in calls)

    _, out, _ = run(capsys, str(write_app(tmp_path, {"main.py": text})))

    lines = [line.strip() for line in out.splitlines()]
    end = lines.index("... and 6 more")
    assert lines[end - 6 : end] == [
        "main.py:1  import google.appengine.api.memcache",
        "main.py:2  memcache.get",
        "main.py:3  memcache.get",
        "main.py:4  memcache.get",
        "main.py:11  memcache.incr",
        "main.py:12  memcache.set",
    ]


def fields(value: Any, path: str = "") -> set[str]:
    """Return the path of each field, with [] for the items of a list."""
    if isinstance(value, list):
        return {name for item in value for name in fields(item, f"{path}[]")}
    if isinstance(value, dict) and path != "runtimes":
        return {name for key, item in value.items() for name in fields(item, f"{path}.{key}" if path else key)}
    return {path}


def test_json_has_the_documented_fields(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, str(app), "--json")

    data = json.loads(out)
    assert status == 0
    assert fields(data) == {name for row in rows(PAGE, "### The fields of the JSON") for name in code(row[0])}
    assert {finding["area"] for finding in data["findings"]} <= {area.value for area in Area}
    assert data["schema"] == 1


def test_html_is_one_file_that_loads_nothing(app: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "report.html"

    status, out, _ = run(capsys, str(app), "--html", str(report))

    text = report.read_text(encoding="utf-8")
    html5lib.HTMLParser(strict=True).parse(text)
    assert (status, out) == (0, f"Wrote {report}: 4 to change, 3 to delete, 1 to decide, 1 can stay\n")
    assert "<script" not in text
    assert "src=" not in text
    assert '<link rel="stylesheet' not in text
    assert "main.py:3" in text


def test_html_names_the_folder_that_was_given_as_a_dot(
    app: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(app)

    run(capsys, ".", "--html", str(tmp_path / "report.html"))

    assert "<h1>Move my app to App Engine" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_html_has_names_that_are_no_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / os.fsdecode(b"\xff")
    write_app(folder, {"app.yaml": PYTHON27.replace("main.app", '"\\ud800"')})
    report = tmp_path / "report.html"

    status, *_ = run(capsys, str(tmp_path), "--html", str(report))

    assert status == 0
    shown = re.findall(r"\\ud\w+(?:/app.yaml)?", report.read_text(encoding="utf-8"))
    assert {"\\udcff/app.yaml", "\\ud800"} <= set(shown)


def test_nothing_is_written_into_the_app(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(app.rglob("*"))

    run(capsys, str(app))

    assert sorted(app.rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["{tmp}/none"], "codelab: {tmp}/none: no such folder; name the folder with your app.yaml\n"),
        (["~nobody-here"], "codelab: ~nobody-here: no such folder; name the folder with your app.yaml\n"),
        (["/dev/null"], "codelab: /dev/null: this is no folder; name the folder with your app.yaml\n"),
        (["{tmp}/a\nb"], "codelab: {tmp}/a\\nb: no such folder; name the folder with your app.yaml\n"),
        (["n" * 300], f"codelab: {'n' * 300}: this folder cannot be read: file name too long\n"),
        (["\0"], "codelab: \\x00: this folder cannot be read: embedded null byte\n"),
        (
            ["{tmp}", "--html", "{tmp}/none/a.html"],
            "codelab: cannot write to {tmp}/none/a.html: no such file or directory\n",
        ),
    ],
)
def test_error_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], error: str
) -> None:
    status, _, err = run(capsys, *(argument.format(tmp=tmp_path) for argument in arguments))

    assert (status, err) == (2, error.format(tmp=tmp_path))

"""`localcloud compare` as a command: what it refuses, before it runs an app."""

from __future__ import annotations

from pathlib import Path

import pytest

from datastore_emulator.stopping import Stopped
from localcloud.cli import run
from localcloud.compare_command import NOT_COMPARED


def compare(*options: str) -> None:
    with pytest.raises(SystemExit) as ended:
        run(["compare", *options])
    assert ended.value.code == NOT_COMPARED


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--limit", "0"], "--limit 0: nothing would be compared; choose a number from 1"),
        (["--accept", " "], "--accept needs a reason, for those who read the file later; write it as --accept REASON"),
        (["--only", "1"], "--only is for --accept; add --accept REASON"),
    ],
)
def test_options_that_compare_nothing_are_refused(
    options: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    compare(str(tmp_path), str(tmp_path), *options)
    assert capsys.readouterr().err == f"localcloud: {message}\n"


def test_tilde_is_the_home_folder_also_if_the_shell_leaves_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    compare("~/old", "~/new")
    assert capsys.readouterr().err == f"localcloud: {tmp_path}/old: there is no such folder\n"


def test_comparison_that_is_stopped_is_not_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(*_: object) -> None:
        raise Stopped

    monkeypatch.setattr("localcloud.compare.comparison.Comparison.__init__", stop)
    compare(str(tmp_path), str(tmp_path))
    assert capsys.readouterr().err.endswith("localcloud: stopped before the comparison was done\n")


@pytest.mark.app
def test_app_that_answers_nothing_is_an_error_with_its_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "requests").write_text('{"target": "/"}\n{"target": "/a"}\n')
    for name, answer in (("old", "self.send_response(204); self.end_headers()"), ("new", "print('broken'); 1 / 0")):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "Procfile").write_text("web: python main.py\n")
        (folder / "requirements.txt").write_text("")
        (folder / "main.py").write_text(
            "import http.server, os\n"
            "class Handler(http.server.BaseHTTPRequestHandler):\n"
            f"    def do_GET(self): {answer}\n"
            "http.server.HTTPServer(('', int(os.environ['PORT'])), Handler).serve_forever()\n"
        )
    compare(str(tmp_path / "old"), str(tmp_path / "new"), "--requests", str(tmp_path / "requests"))
    error = capsys.readouterr().err
    assert "ZeroDivisionError" in error
    assert error.endswith("localcloud: NEW: the app has answered no request; see its log above\n")

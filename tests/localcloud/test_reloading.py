"""`localcloud run` starts an app again when a file of it is saved."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from datastore_emulator.errors import UserError
from localcloud import reloading
from localcloud.reloading import Reloader
from tests.support.deadline import DEADLINE

SERVER = """
import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"one {os.environ.get('COLOUR')} {os.getpid()}".encode())
http.server.HTTPServer(('', int(os.environ['PORT'])), Handler).serve_forever()
"""
FILES = {"Procfile": "web: exec python server.py\n", "server.py": SERVER}
APP = "def app(environ, start_response):\n    start_response('200 OK', [])\n    return [b'{}']\n"


def get(url: str) -> str:
    return httpx.get(url, timeout=DEADLINE).text


@pytest.mark.app
def test_saved_app_starts_again_at_its_address(localcloud, folder):
    app = folder(FILES)
    command = localcloud("run", app)
    (url,) = command.urls()
    command.wait_for("When you save a file of an app, the app starts again")
    assert get(url).startswith("one ")
    (app / "server.py").write_text(SERVER.replace("one", "two"))
    command.wait_for("server.py saved, restarting ...\nrestarted")
    assert get(url).startswith("two ")


@pytest.mark.app
def test_syntax_error_is_reported_in_one_line_and_next_save_heals_it(localcloud, folder):
    app = folder({"app.yaml": "runtime: python314\n", "main.py": APP.replace("{}", "one")})
    command = localcloud("run", app)
    (url,) = command.urls()
    assert get(url) == "one"
    (app / "main.py").write_text("def app(:\n")
    # gunicorn listens before it imports the app, so it may end a moment after "restarted".
    command.wait_for(r"not running: .*ended with exit code 3.*SyntaxError.* The next save starts it again\.")
    answer = httpx.get(url, timeout=DEADLINE)
    assert (answer.status_code, "no app listens" in answer.text) == (503, True)
    (app / "main.py").write_text(APP.replace("{}", "two"))
    command.wait_for(r"(?s)not running.*restarted")
    assert get(url) == "two"


@pytest.mark.app
def test_saved_deployment_file_is_read_again(localcloud, folder):
    app = folder({"app.yaml": "runtime: python314\nentrypoint: exec python server.py\n", "server.py": SERVER})
    command = localcloud("run", app)
    (url,) = command.urls()
    assert get(url).startswith("one None ")
    text = (app / "app.yaml").read_text()
    (app / "app.yaml").write_text(text + "env_variables: [\n")
    command.wait_for(r"not running: \S*app\.yaml:\d+: .* The next save starts it again\.")
    assert httpx.get(url, timeout=DEADLINE).status_code == 503
    (app / "app.yaml").write_text(text + "env_variables:\n  COLOUR: blue\n")
    command.wait_for(r"(?s)not running.*restarted")
    assert get(url).startswith("one blue ")


@pytest.mark.app
def test_note_of_the_runtime_is_logged_once(localcloud, folder):
    main = "import webapp2\napp = webapp2.WSGIApplication([])\n"
    app_yaml = "runtime: python27\napi_version: 1\nthreadsafe: true\nhandlers: [{url: .*, script: main.app}]\n"
    app = folder({"app.yaml": app_yaml, "main.py": main})
    command = localcloud("run", app)
    command.urls()
    command.wait_for("Listening at")
    for text in ("def (\n", main):
        (app / "main.py").write_text(text)
        command.wait_for(r"not running: main\.py:1: " if text != main else r"(?s)not running.*\nrestarted")
    assert "\n".join(command.lines).count("this runs on Python 3") == 1


@pytest.mark.app
def test_saved_file_of_dockerfile_is_copied_again(localcloud, folder):
    dockerfile = "FROM python:3.14-slim\nCOPY server.py .\nCMD exec python server.py\n"
    app = folder({"Dockerfile": dockerfile, "server.py": SERVER})
    command = localcloud("run", app)
    (url,) = command.urls()
    assert get(url).startswith("one ")
    (app / "server.py").write_text(SERVER.replace("one", "two"))
    command.wait_for("\nrestarted")
    assert get(url).startswith("two ")


@pytest.mark.app
def test_save_restarts_neither_another_app_nor_one_without_reload(localcloud, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        for file, text in FILES.items():
            (tmp_path / name / file).write_text(text)
    still = localcloud("run", tmp_path / "one", "--no-reload", "--data", ":memory:")
    command = localcloud("run", tmp_path / "one", tmp_path / "two")
    urls = [*still.urls(), *command.urls(2)]
    before = [get(url) for url in urls]
    (tmp_path / "one" / "server.py").write_text(SERVER + "\n")
    command.wait_for(r"/one \| restarted")
    after = [get(url) for url in urls]
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, True]
    assert not any("When you save" in line or " saved, " in line for line in still.lines)
    assert not any("/two | server.py saved" in line for line in command.lines)


@dataclass(eq=False)
class FakeApp:
    """An app that ends as the test says."""

    folder: Path
    name: str = "app"
    returncode: int | None = None
    lines: list[str] = field(default_factory=list)
    plan: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(service="default"))

    def log(self, line: str) -> None:
        self.lines.append(line)

    def describe_end(self) -> str:
        return f"ended with exit code {self.returncode}"


@dataclass
class FakeCloud:
    """A cloud of one app; `on_reload` is called at each reload."""

    apps: list[FakeApp]
    on_reload: Callable[[FakeApp], None] = lambda app: None
    dispatch_file: Path | None = None
    lines: list[str] = field(default_factory=list)

    def report(self, line: str) -> None:
        self.lines.append(line)

    def dispatch(self, file: Path) -> None:
        """Refuse rules that say "bad", as a cloud refuses rules for a service that does not run."""
        if file.exists() and "bad" in file.read_text():
            raise UserError("dispatch.yaml:2: no such service")

    def reload(self, app: FakeApp) -> None:
        app.returncode = None
        self.on_reload(app)


Rounds = Callable[[Path], Iterator[set[Path]]]


def run(
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    rounds: Rounds,
    on_reload: Callable[[FakeApp], None] = lambda app: None,
) -> list[str]:
    """Run a reloader over these rounds of saves, and return what it says about its app."""
    monkeypatch.setattr(reloading, "poll_saves", rounds)
    app = FakeApp(folder)
    reloader = Reloader(FakeCloud([app], on_reload), str(folder / "visits"))  # type: ignore[arg-type]
    reloader.run()
    return app.lines


@pytest.mark.parametrize(
    ("path", "restarts"),
    [
        ("main.py", True),
        ("app.yaml", True),
        (".python-version", True),
        ("templates/index.html", True),
        ("lib/package/module.py", True),
        ("my.db.py", True),
        ("__pycache__/main.cpython-314.pyc", False),
        (".git/index", False),
        (".venv/bin/python", False),
        ("main.pyc", False),
        ("main.py~", False),
        (".main.py.swp", False),
        (".#main.py", False),
        ("4913", False),
        ("app.log", False),
        ("visits.sqlite3", False),
        ("visits.sqlite3-wal", False),
        ("index.yaml", False),
        ("visits", False),
        ("visits-shm", False),
        ("visits-lock", False),
        ("visits_model.py", True),
        ("../other/main.py", False),
    ],
)
def test_files_of_the_app_restart_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, path: str, restarts: bool
) -> None:
    saved = Path(os.path.normpath(tmp_path / "app" / path))
    said = run(monkeypatch, tmp_path / "app", lambda *_: iter([set(), {saved}]))
    assert said == ([f"{path} saved, restarting ...", "restarted"] if restarts else [])


def test_saved_dispatch_yaml_takes_effect_without_a_restart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "dispatch.yaml"
    file.write_text("dispatch:\n")

    def rounds(*_: Path) -> Iterator[set[Path]]:
        for text in ("dispatch:\n", "dispatch: # bad\n", "dispatch: []\n"):
            file.write_text(text)
            yield {file}
            yield set()
        file.unlink()
        yield {file}

    monkeypatch.setattr(reloading, "poll_saves", rounds)
    app = FakeApp(tmp_path)
    cloud = FakeCloud([app], dispatch_file=file)
    Reloader(cloud).run()  # type: ignore[arg-type]
    assert (app.lines, cloud.lines) == (
        [],
        [
            "dispatch.yaml:2: no such service. Until then, visitors are routed as before.",
            "dispatch.yaml has changed: its new rules apply",
            "dispatch.yaml is gone: its rules no longer apply",
        ],
    )


def test_new_service_changes_the_routes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "dispatch.yaml").write_text("dispatch: # bad\n")
    monkeypatch.setattr(reloading, "poll_saves", lambda *_: iter([{tmp_path / "app.yaml"}]))
    cloud = FakeCloud([FakeApp(tmp_path)], dispatch_file=tmp_path / "dispatch.yaml")

    def rename(app: FakeApp) -> None:
        app.plan.service = "other"

    cloud.on_reload = rename
    Reloader(cloud).run()  # type: ignore[arg-type]
    assert cloud.lines == ["dispatch.yaml:2: no such service. Until then, visitors are routed as before."]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        (
            "worker.yaml",
            "runtime: python314\nservice: worker\n",
            r'worker\.yaml is the App Engine service "worker", .*',
        ),
        ("dispatch.yaml", "dispatch:\n", r"dispatch\.yaml: to route visitors by it,"),
    ],
)
def test_file_that_needs_a_new_start_is_named_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, text: str, says: str
) -> None:
    (tmp_path / name).write_text(text)
    monkeypatch.setattr(reloading, "poll_saves", lambda *_: iter([{tmp_path / name}, {tmp_path / name}]))
    cloud = FakeCloud([FakeApp(tmp_path)])
    Reloader(cloud).run()  # type: ignore[arg-type]
    assert len(cloud.lines) == 1
    assert re.fullmatch(rf"{says},? (and )?start this command again", cloud.lines[0])


def test_many_files_are_one_restart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    saved = {tmp_path / name for name in ("b.py", "a.py", "c.py")}
    assert run(monkeypatch, tmp_path, lambda *_: iter([saved]))[0] == "a.py and 2 more saved, restarting ..."


def test_file_that_is_gone_again_is_not_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "main.py").touch()
    saved = {tmp_path / "main.py", tmp_path / "a-temporary-file"}
    assert run(monkeypatch, tmp_path, lambda *_: iter([saved]))[0] == "main.py saved, restarting ..."


def test_strange_name_is_shown_with_its_bytes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    said = run(monkeypatch, tmp_path, lambda *_: iter([{tmp_path / "a\x1b[2J.py"}]))
    assert "\x1b" not in said[0]


def test_app_that_writes_to_its_folder_is_restarted_for_changes_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    written = tmp_path / "cache.json"

    def rounds(*_: Path) -> Iterator[set[Path]]:
        written.write_text("{}")  # the app does so at each start
        yield {written}
        written.write_text("{}")
        yield {written}
        written.write_text("{1}")
        yield {written}

    assert run(monkeypatch, tmp_path, rounds).count("restarted") == 2


def test_app_that_no_save_has_restarted_ends_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(reloading, "poll_saves", lambda *_: iter([set(), set()]))
    app = FakeApp(tmp_path, returncode=3)
    with pytest.raises(UserError, match=r"^app: the app ended with exit code 3$"):
        Reloader(FakeCloud([app])).run()  # type: ignore[arg-type]


def test_end_of_restarted_app_is_reported_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    saved = {tmp_path / "main.py"}

    def end(app: FakeApp) -> None:
        app.returncode = 3

    said = run(monkeypatch, tmp_path, lambda *_: iter([saved, set(), set()]), end)
    assert said[2:] == ["not running: the app ended with exit code 3. The next save starts it again."]


def test_save_without_a_change_restarts_an_app_that_has_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "main.py").touch()
    saved = {tmp_path / "main.py"}
    failures = [True, False]

    def fail_once(app: FakeApp) -> None:
        if failures.pop(0):
            raise UserError("no")

    said = run(monkeypatch, tmp_path, lambda *_: iter([saved, set(), saved, saved]), fail_once)
    assert said[1::2] == ["not running: no. The next save starts it again.", "restarted"]


def test_error_of_the_watch_counts_as_a_save(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    said = run(monkeypatch, tmp_path, lambda *_: iter([{tmp_path}, {tmp_path}]))
    assert said == [". saved, restarting ...", "restarted"] * 2

"""docs/app-yaml.md: its Python does what the page says, and its YAML is what App Engine reads."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest
from flask import Flask
from ruamel.yaml import YAML

from tests.support.course import ROOT

PAGE = (ROOT / "docs" / "app-yaml.md").read_text(encoding="utf-8")
STATIC, CRON = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
HANDLERS, JOBS, INDEXES = (
    YAML(typ="safe").load(text) for text in re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
)


def load(folder: Path, source: str) -> Flask:
    """Return the app of a main.py with this source, beside which there are static files."""
    (folder / "static").mkdir()
    (folder / "static" / "favicon.ico").write_bytes(b"icon")
    (folder / "static" / "style.css").write_text("p {}")
    (folder / "main.py").write_text(source)
    names = runpy.run_path(str(folder / "main.py"), {"delete_old_visits": lambda: None}, run_name="app_yaml_main")
    app: Flask = names["app"]
    return app


def get(app: Flask, path: str) -> tuple[int, str]:
    """Return the status of an answer, and for how long a browser may keep it."""
    with app.test_client().get(path) as answer:
        return answer.status_code, answer.headers.get("Cache-Control", "")


def test_flask_serves_the_files_that_app_yaml_named(tmp_path: Path) -> None:
    app = load(tmp_path, STATIC)
    assert [get(app, path)[0] for path in ("/static/style.css", "/favicon.ico", "/style.css")] == [200, 200, 404]
    assert {handler["url"] for handler in HANDLERS["handlers"]} == {"/static", r"/favicon\.ico"}


def test_browsers_ask_for_a_static_file_each_time_until_the_setting_says_how_long(tmp_path: Path) -> None:
    app = load(tmp_path, STATIC)
    assert get(app, "/static/style.css")[1] == "no-cache"
    name, seconds = re.findall(r"app\.config\['(\w+)'\] = (\d+)", PAGE)[0]
    app.config[name] = int(seconds)
    assert "max-age=600" in get(app, "/static/style.css")[1]


@pytest.mark.parametrize(("variable", "status"), [("1", 204), ("", 404)])
def test_cron_job_exists_on_the_service_for_cron_alone(
    variable: str, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRON", variable)
    (job,) = JOBS["cron"]
    assert load(tmp_path, CRON).test_client().post(job["url"]).status_code == status


def test_scheduler_calls_the_path_of_cron_yaml() -> None:
    (job,) = JOBS["cron"]
    assert f"--uri=https://...{job['url']} --http-method=POST" in PAGE


def test_index_has_a_filter_and_an_order() -> None:
    (index,) = INDEXES["indexes"]
    assert [entry.get("direction") for entry in index["properties"]] == [None, "desc"]

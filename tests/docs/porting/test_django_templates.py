"""docs/django-templates-to-jinja2.md: each row's templates give what the row says, by Django and by Flask's Jinja2."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from flask import Flask

from tests.docs.porting.pythons import run_on_python3, run_on_python27
from tests.docs.porting.tables import code, fences, read_page, rows

# One process for all, since it keeps what the programs answer.
pytestmark = pytest.mark.xdist_group("django_templates")

PAGE = read_page("django-templates-to-jinja2")
ROWS = [*rows(PAGE, "## Values and filters"), *rows(PAGE, "## Tags")]
LIBRARY, APP = fences(PAGE, "## Filters and tags of your own")
CONTEXT = fences(PAGE, "# Django's templates to Jinja2")[0]
FILES = dict(re.findall(r"`(\w+\.html)` is `([^`]+)`", PAGE))
ROUTE = "\n@app.route('/item/<int:number>')\ndef item(number):\n    return ''\n"
LOAD = "{% load shop_tags %}"
every_row = pytest.mark.parametrize("number", range(len(ROWS)), ids=["".join(code(row[1])) for row in ROWS])


def webapp_library() -> str:
    """Return the library with the two lines that the page gives for webapp."""
    imports, create = (re.sub(r"\s+", " ", line) for line in re.findall(r"`((?:from google|register =)[^`]+)`", PAGE))
    return LIBRARY.replace("from django import template", imports).replace("register = template.Library()", create)


@cache
def rendered(engine: str, column: int) -> Any:
    """Return what an engine makes of each template of a column, by the row's number."""
    templates = {f"row{number}.html": "".join(code(row[column])) for number, row in enumerate(ROWS)}
    if engine == "webapp":
        templates = {name: source.replace(LOAD, "") for name, source in templates.items()}
    job = {
        "engine": engine,
        "templates": {**FILES, **templates},
        "context": CONTEXT,
        "library": LIBRARY,
        "webapp library": webapp_library(),
        "app": APP + ROUTE,
    }
    run: Callable[[str, Any], Any] = run_on_python27 if engine == "webapp" else run_on_python3
    found = run("render_templates.py", job)
    return [found[f"row{number}.html"] for number in range(len(ROWS))]


def is_as_said(answer: dict[str, str], cell: str) -> bool:
    """Return whether an answer is the text or the error in a cell; `...` at its end stands for any text."""
    said = "".join(code(cell))
    if said.endswith("Error"):
        return answer.get("error") == said
    if said.endswith(" ..."):
        return answer.get("text", "").startswith(said.removesuffix("..."))
    return answer.get("text") == said


@every_row
def test_django_gives_what_the_row_says(number: int) -> None:
    answer = rendered("django", 1)[number]
    until = re.search(r"until Django (\d)", ROWS[number][0])
    assert answer == {"error": "TemplateSyntaxError"} if until else is_as_said(answer, ROWS[number][3]), answer


@every_row
def test_jinja2_gives_what_the_row_says(number: int) -> None:
    answer = rendered("flask", 2)[number]
    assert is_as_said(answer, ROWS[number][3]), answer


@every_row
def test_old_line_in_jinja2_gives_what_the_row_says(number: int) -> None:
    answer = rendered("flask", 1)[number]
    assert is_as_said(answer, ROWS[number][4]), answer


@pytest.mark.app
@pytest.mark.lane("python27")
@every_row
def test_webapp_gives_what_the_row_says(number: int) -> None:
    answer = rendered("webapp", 1)[number]
    if "not in webapp" in ROWS[number][0]:
        assert answer != {"text": "".join(code(ROWS[number][3]))}
    else:
        assert is_as_said(answer, ROWS[number][3].replace("…", "...")), answer


def test_flask_escapes_in_templates_with_the_names_that_the_page_has() -> None:
    (names,) = re.findall(r"whose names end in ([^(]+?), and not in `(?:[^`]+)`", re.sub(r"\s+", " ", PAGE))
    escapes = Flask(__name__).select_jinja_autoescape
    assert [escapes(f"page{ending}") for ending in code(names)] == [True] * 5
    assert not escapes("page.tpl")


def test_chainable_undefined_gives_nothing_for_what_is_missing() -> None:
    app = Flask(__name__)
    (lines,) = [fence for fence in fences(PAGE, "## Values and filters") if "ChainableUndefined" in fence]
    exec(lines, {"app": app})
    assert app.jinja_env.from_string("{{ missing.name.first }}").render() == ""

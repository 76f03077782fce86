"""Facts of Python files and templates: tables of texts."""

from __future__ import annotations

import pytest

from codelab.check.facts import (
    Kind,
    UnreadableError,
    file_facts,
    is_style,
    is_there,
    marks_a_step,
    names_called_from_outside,
)

CLIENT = "from google.cloud import ndb\nclient = ndb.Client()\n"


def facts(text: str, called: frozenset[str] = frozenset()) -> set[tuple[Kind, str]]:
    """Return the facts of a text, without the one that the file is there."""
    return {(fact.kind, fact.name) for fact in file_facts("main.py", text, called)[1:]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# nothing\nx = 1\n", set()),
        ("import flask\n", {(Kind.NAME, "flask")}),
        (
            "import google.cloud.ndb\n",
            {(Kind.NAME, "google"), (Kind.NAME, "google.cloud"), (Kind.NAME, "google.cloud.ndb")},
        ),
        (
            "from flask import Flask\nFlask(__name__)\n",
            {(Kind.NAME, "flask"), (Kind.NAME, "flask.Flask"), (Kind.CALL, "flask.Flask")},
        ),
        (
            "from flask import f\nf(1, a=2)\n",
            {(Kind.NAME, "flask"), (Kind.NAME, "flask.f"), (Kind.CALL, "flask.f"), (Kind.ARGUMENT, "flask.f a")},
        ),
        ("x.fetch()\n", {(Kind.METHOD, "fetch")}),
        ("x.append(1)\n", set()),
        (
            "import os\nos.environ['A']\nos.getenv('B')\nos.environ.get('C')\n",
            {(Kind.VARIABLE, name) for name in "ABC"},
        ),
        ("a = 'X-Forwarded-For'\n", {(Kind.HEADER, "x-forwarded-for")}),
        ("from . import a\na.b()\n", {(Kind.METHOD, "b")}),
        ("import flask\ndef f(flask):\n    flask.g\n", {(Kind.NAME, "flask")}),
    ],
)
def test_facts_of_python(text: str, expected: set[tuple[Kind, str]]) -> None:
    assert facts(text) == expected


def test_object_at_the_top_level_and_with_block_are_facts() -> None:
    found = facts(CLIENT + "with client.context():\n    pass\n")
    assert {
        (Kind.TOP_LEVEL_OBJECT, "google.cloud.ndb.Client()"),
        (Kind.WITH_BLOCK, "google.cloud.ndb.Client().context()"),
    } <= found


def test_object_in_a_function_is_no_top_level_object() -> None:
    text = "from google.cloud import ndb\ndef f():\n    return ndb.Client()\n"
    assert Kind.TOP_LEVEL_OBJECT not in {kind for kind, _ in facts(text)}


@pytest.mark.parametrize("text", ["app = 1\n", "def app(): ...\n", "class app: ...\n", "app: int = 1\n"])
def test_definition_that_a_command_uses_is_a_fact(text: str) -> None:
    assert facts(text, frozenset({"app"})) == {(Kind.DEFINITION, "app")}
    assert facts(text) == set()


@pytest.mark.parametrize(
    ("plain", "other"),
    [
        ("import flask\nflask.f('a')\n", 'import flask as f\n\nf.f(\n    "a"\n)  # b\n'),
        ("from flask import f\nf()\n", "import flask\nflask.f()\n"),
        ("import flask\nx = 1\n", "\ufeffimport flask\nx = 1\n"),
        ("import flask\n", "import flask\r\n"),
    ],
)
def test_spelling_makes_no_difference(plain: str, other: str) -> None:
    assert facts(plain) == facts(other)


@pytest.mark.parametrize(
    ("there", "asked", "as_good"), [("f(1)", "f(a=1)", True), ("f()", "f(a=1)", False), ("f(*b)", "f(a=1)", True)]
)
def test_positional_argument_is_as_good_as_a_named_one(there: str, asked: str, as_good: bool) -> None:
    text = "from flask import f\n{}\n"
    said = frozenset(file_facts("main.py", text.format(there), frozenset()))
    facts_asked = file_facts("main.py", text.format(asked), frozenset())
    (argument,) = [fact for fact in facts_asked if fact.kind is Kind.ARGUMENT]
    assert is_there(argument, said) is as_good


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("x = 1\ny = (\n", 2, "not valid Python: "),
        ("x = '\n", 1, "not valid Python: "),
        ("x = " + "(" * 150_000, 0, "the file has 150,004 characters, and at most 150,000 are read"),
    ],
)
def test_unreadable_python_is_refused_with_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        file_facts("main.py", text, frozenset())
    assert caught.value.line == line
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<p>\n", []),
        ("{{ name }}", ["name"]),
        ("{{ 'text' }}", ["Const(value='text')"]),
        ("{% for visit in visits %}{{ visit.timestamp.ctime() }}{% endfor %}", [".timestamp.ctime()"]),
        ("{% for a, b in visits %}{{ a['x'] }}{{ b|upper }}{% endfor %}", [".x", "|upper"]),
    ],
)
def test_facts_of_template(text: str, expected: list[str]) -> None:
    found = file_facts("templates/index.html", text, frozenset())[1:]
    assert [(fact.kind, fact.name) for fact in found] == [(Kind.OUTPUT, name) for name in expected]


def test_unreadable_template_is_refused_with_its_line() -> None:
    with pytest.raises(UnreadableError, match="not a valid Jinja2 template") as caught:
        file_facts("templates/index.html", "<p>\n{% for %}\n", frozenset())
    assert caught.value.line == 2


def test_number_that_python_cannot_read_in_template_is_refused() -> None:
    with pytest.raises(UnreadableError, match="not a valid Jinja2 template: ") as caught:
        file_facts("templates/index.html", f"{{{{ {'9' * 5_000} }}}}", frozenset())
    assert caught.value.line == 0


@pytest.mark.parametrize(
    ("text", "marks"), [("import json\njson.dumps(1)\n", False), ("import flask\nflask.Flask()\n", True)]
)
def test_only_name_of_a_package_shows_a_step_and_may_not_stay(text: str, marks: bool) -> None:
    names = [fact for fact in file_facts("main.py", text, frozenset()) if fact.kind is Kind.NAME]
    assert {(marks_a_step(fact), is_style(fact)) for fact in names} == {(marks, not marks)}


@pytest.mark.parametrize(
    ("files", "commands", "names"),
    [
        ({"app.yaml": "entrypoint: gunicorn main:app"}, "", {"app"}),
        ({"app.yaml": "script: main.application"}, "", {"application"}),
        ({"main.py": "# main:app"}, "$ functions-framework --function visitme", {"visitme"}),
        ({}, "gcloud deploy --function=visitme", {"visitme"}),
    ],
)
def test_names_that_are_called_from_outside(files: dict[str, str], commands: str, names: set[str]) -> None:
    assert names_called_from_outside([files], commands) == names

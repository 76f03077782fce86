"""Facts of deployment files: which are firm, and that each names its file, its words and its line."""

from __future__ import annotations

import pytest

from codelab.check.facts import Fact, Kind, file_facts, marks_a_step
from codelab.check.findings import report_leftover_lines

DOCKERFILE = """\
FROM python:3.14-slim
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY . .
CMD exec gunicorn --bind :$PORT main:app
"""
FILES = {
    "app.yaml": "runtime: python314\nhandlers:\n- url: /\nentrypoint: gunicorn -b :$PORT main:app --preload\n",
    "requirements.txt": "six==1.16.0\n",
    "Procfile": "web: gunicorn --bind :$PORT main:app\n",
    "Dockerfile": DOCKERFILE,
    ".python-version": "3.14\n",
    ".dockerignore": "work\n",
}
# The others may be replaced by the learner's own way.
FIRM = {
    "app.yaml": {Kind.FILE, Kind.KEY, Kind.VALUE, Kind.ITEM, Kind.PORT},
    "requirements.txt": {Kind.FILE, Kind.PACKAGE},
    "Procfile": {Kind.FILE, Kind.PROCESS, Kind.PORT},
    "Dockerfile": {Kind.FILE, Kind.START_COMMAND, Kind.PORT, Kind.REQUIREMENTS_FIRST},
    ".python-version": {Kind.FILE, Kind.LINE},
    ".dockerignore": {Kind.FILE},
}


@pytest.mark.parametrize("name", FILES)
def test_platform_relies_on_firm_facts(name: str) -> None:
    facts = file_facts(name, FILES[name], frozenset())
    firm = {fact.kind for fact in facts if fact.firm is True}
    assert (firm, {fact.kind for fact in facts if fact.firm is False} & firm) == (FIRM[name], set())


@pytest.mark.parametrize("name", FILES)
def test_each_fact_has_its_file_its_words_and_its_line(name: str) -> None:
    facts = file_facts(f"lib/{name}", FILES[name], frozenset())
    assert {fact.file for fact in facts} == {f"lib/{name}"}
    lines = FILES[name].splitlines()
    for fact in facts[1:]:
        assert 1 <= fact.line <= len(lines)
        first = fact.words.split()[0].strip(",")
        assert first in lines[fact.line - 1] or fact.kind is Kind.REQUIREMENTS_FIRST


@pytest.mark.parametrize(
    ("before", "kind"),
    [
        ("COPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n", Kind.REQUIREMENTS_FIRST),
        ("ADD requirements.txt .\nRUN pip install -r requirements.txt\nADD . .\n", Kind.REQUIREMENTS_FIRST),
        ("COPY . .\nRUN pip install -r requirements.txt\n", Kind.REQUIREMENTS_NOT_FIRST),
        ("COPY requirements.txt .\nCOPY . .\nRUN pip install -r requirements.txt\n", Kind.REQUIREMENTS_NOT_FIRST),
        ("RUN pip install -r requirements.txt\nCOPY requirements.txt .\nCOPY . .\n", Kind.REQUIREMENTS_NOT_FIRST),
        ("LABEL has=requirements\nRUN pip install -r requirements.txt\nCOPY . .\n", Kind.REQUIREMENTS_NOT_FIRST),
        ("COPY requirements.txt .\nRUN pip install -r requirements.txt\n", Kind.REQUIREMENTS_NOT_FIRST),
        ("COPY requirements.txt .\nRUN pip install six\nCOPY . .\n", None),
    ],
)
def test_requirements_are_first_if_they_are_copied_and_installed_before_the_source(
    before: str, kind: Kind | None
) -> None:
    facts = file_facts("Dockerfile", f"FROM python\n{before}", frozenset())
    order = (Kind.REQUIREMENTS_FIRST, Kind.REQUIREMENTS_NOT_FIRST)
    assert [fact.kind for fact in facts if fact.kind in order] == ([kind] if kind else [])


@pytest.mark.parametrize(
    ("command", "program"),
    [
        ('CMD ["python", "-c", "gunicorn"]', "python"),
        ('CMD ["sh", "-c", "exec gunicorn main:app"]', "gunicorn"),
        ('CMD ["sh", "gunicorn"]', "sh"),
        ('ENTRYPOINT ["gunicorn"]\nCMD ["--bind", "main:app"]', "gunicorn"),
        ("CMD gunicorn main:app", "gunicorn"),
    ],
)
def test_program_is_what_the_shell_or_the_image_starts(command: str, program: str) -> None:
    facts = file_facts("Dockerfile", f"FROM python\n{command}\n", frozenset())
    assert [fact.name for fact in facts if fact.kind is Kind.PROGRAM] == [program]


def test_definition_that_a_command_names_is_firm() -> None:
    facts = file_facts("main.py", "def handle():\n    pass\n\n\ndef other():\n    pass\n", frozenset({"handle"}))
    assert [(fact.name, fact.firm) for fact in facts if fact.kind is Kind.DEFINITION] == [("handle", True)]


def test_import_of_a_part_names_the_package_and_the_part() -> None:
    facts = file_facts("main.py", "import google.cloud.ndb\n\ngoogle.cloud.ndb.Client()\n", frozenset())
    names = {fact.name for fact in facts if fact.kind in (Kind.NAME, Kind.CALL)}
    assert {"google.cloud.ndb", "google.cloud.ndb.Client"} <= names


@pytest.mark.parametrize(
    ("words", "name", "firm"),
    [
        ("import webapp2", "webapp2", True),
        ("from google.appengine.ext import ndb", "google.appengine.ext.ndb", True),
        ("from google.appengine.ext.ndb import Key", "google.appengine.ext.ndb.Key", False),
        ("ndb.get()", "google.appengine.ext.ndb", False),
    ],
)
def test_import_of_a_package_that_goes_must_go(words: str, name: str, firm: bool) -> None:
    (finding,) = report_leftover_lines([[Fact("main.py", Kind.NAME, name, words, 3)]])
    assert (finding.firm, finding.line, finding.message) == (
        firm,
        3,
        f'"{words}" still uses {name}, which this step removes',
    )


@pytest.mark.parametrize(
    ("kind", "name", "marks"),
    [
        (Kind.NAME, "google.cloud.ndb", True),
        (Kind.NAME, "google.cloud.ndb.Client().context", False),
        (Kind.NAME, "os.environ", False),
        (Kind.PACKAGE, "six", True),
    ],
)
def test_step_is_marked_by_what_is_imported_and_not_by_parts_of_objects(kind: Kind, name: str, marks: bool) -> None:
    assert marks_a_step(Fact("main.py", kind, name, "words")) is marks

"""Facts of app.yaml, Dockerfile, Procfile, requirements.txt and lists: tables of texts."""

from __future__ import annotations

import pytest

from codelab.check.facts import Kind, UnreadableError, file_facts, is_style, is_there, marks_a_step
from codelab.readme.trees import Unread
from localcloud.files.reading import NotReadError

DOCKERFILE = """\
FROM python:3.14-slim
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY . .
CMD ["gunicorn", "main:app"]
"""


def facts(name: str, text: str) -> list[tuple[Kind, str, int]]:
    """Return the facts of a text, without the one that the file is there."""
    return [(fact.kind, fact.name, fact.line) for fact in file_facts(name, text, frozenset())[1:]]


def test_first_fact_is_that_the_file_is_there() -> None:
    (fact,) = file_facts("lib/Procfile", "", frozenset())
    assert (fact.kind, fact.file, fact.firm) == (Kind.FILE, "lib/Procfile", True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("runtime: python314\n", [(Kind.KEY, "runtime", 1), (Kind.VALUE, "runtime python314", 1)]),
        (
            "env_variables:\n  A: 1\n",
            [(Kind.KEY, "env_variables", 1), (Kind.KEY, "env_variables.A", 2), (Kind.VALUE, "env_variables.A 1", 2)],
        ),
        (
            "a:\n- x\n- {c: 1, b: 2}\n",
            [(Kind.KEY, "a", 1), (Kind.ITEM, 'a "x"', 2), (Kind.ITEM, 'a {"b": 2, "c": 1}', 3)],
        ),
        ("a: [2001-01-01]\n", [(Kind.KEY, "a", 1), (Kind.ITEM, 'a "2001-01-01"', 1)]),
        (
            "a: &a {x: 1}\nb: *a\n",
            [
                (Kind.KEY, "a", 1),
                (Kind.KEY, "a.x", 1),
                (Kind.VALUE, "a.x 1", 1),
                (Kind.KEY, "b", 2),
                (Kind.KEY, "b.x", 1),
                (Kind.VALUE, "b.x 1", 1),
            ],
        ),
        ("A: REDIS_HOST\nB: projects/x\n", [(Kind.KEY, "A", 1), (Kind.KEY, "B", 2)]),
        (
            "entrypoint: exec gunicorn -b :$PORT main:app --preload\n",
            [
                (Kind.KEY, "entrypoint", 1),
                (Kind.PROGRAM, "gunicorn", 1),
                (Kind.PORT, "$PORT", 1),
                (Kind.SERVED_OBJECT, "main:app", 1),
                (Kind.OPTION, "--preload", 1),
            ],
        ),
    ],
)
def test_facts_of_yaml(text: str, expected: list[tuple[Kind, str, int]]) -> None:
    assert facts("app.yaml", text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# none\n", []),
        (
            "Flask==3.1\nnumpy>=1\n",
            [
                (Kind.PACKAGE, "flask", 1),
                (Kind.VERSION, "flask 3.1", 1),
                (Kind.PACKAGE, "numpy", 2),
            ],
        ),
        ("-r more.txt\n./lib\n--pre\n", []),
        ("git+https://localhost/a#egg=A\n", [(Kind.PACKAGE, "a", 1)]),
    ],
)
def test_facts_of_requirements(text: str, expected: list[tuple[Kind, str, int]]) -> None:
    assert facts("requirements.txt", text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "# start\nweb: gunicorn -b :${PORT} main:app\n",
            [
                (Kind.PROCESS, "web", 2),
                (Kind.PROGRAM, "gunicorn", 2),
                (Kind.PORT, "$PORT", 2),
                (Kind.SERVED_OBJECT, "main:app", 2),
            ],
        ),
        (
            "a: b 'c d' --e=f\n",
            [(Kind.PROCESS, "a", 1), (Kind.PROGRAM, "b", 1), (Kind.PORT, "$PORT", 1), (Kind.OPTION, "--e", 1)],
        ),
        ("a: b # --c don't\n", [(Kind.PROCESS, "a", 1), (Kind.PROGRAM, "b", 1), (Kind.PORT, "$PORT", 1)]),
        (
            "a: b c#d '# e' --f\n",
            [(Kind.PROCESS, "a", 1), (Kind.PROGRAM, "b", 1), (Kind.PORT, "$PORT", 1), (Kind.OPTION, "--f", 1)],
        ),
        ("a: # b\n", [(Kind.PROCESS, "a", 1)]),
    ],
)
def test_facts_of_procfile(text: str, expected: list[tuple[Kind, str, int]]) -> None:
    assert facts("Procfile", text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            DOCKERFILE,
            [
                (Kind.REQUIREMENTS_FIRST, "", 3),
                (Kind.BASE_IMAGE, "python:3.14-slim", 1),
                (Kind.SOURCE_COPIED, "", 4),
                (Kind.START_COMMAND, "", 5),
                (Kind.PROGRAM, "gunicorn", 5),
                (Kind.PORT, "$PORT", 5),
                (Kind.SERVED_OBJECT, "main:app", 5),
            ],
        ),
        (
            "FROM a\nCOPY . .\nRUN pip install -r requirements.txt\n",
            [(Kind.REQUIREMENTS_NOT_FIRST, "", 3), (Kind.BASE_IMAGE, "a", 1), (Kind.SOURCE_COPIED, "", 2)],
        ),
        (
            "CMD gunicorn -b :$PORT\n",
            [(Kind.START_COMMAND, "", 1), (Kind.PROGRAM, "gunicorn", 1), (Kind.PORT, "$PORT", 1)],
        ),
        ('CMD ["gunicorn", "-b", ":$PORT"]\n', [(Kind.START_COMMAND, "", 1), (Kind.PROGRAM, "gunicorn", 1)]),
        (
            'ENTRYPOINT ["flask"]\nCMD ["--debug", "run"]\n',
            [
                (Kind.START_COMMAND, "", 1),
                (Kind.START_COMMAND, "", 2),
                (Kind.PROGRAM, "flask", 1),
                (Kind.OPTION, "--debug", 2),
            ],
        ),
        ("ENTRYPOINT []\n", [(Kind.START_COMMAND, "", 1)]),
        ("RUN <<EOF\nCOPY a b\nEOF\nCOPY <<EOF a\nEOF\n", []),
        (
            "COPY requirements.txt .\nRUN <<EOF\npip install -r requirements.txt\nEOF\nCOPY . .\n",
            [(Kind.REQUIREMENTS_FIRST, "", 2), (Kind.SOURCE_COPIED, "", 5)],
        ),
    ],
)
def test_facts_of_dockerfile(text: str, expected: list[tuple[Kind, str, int]]) -> None:
    assert facts("Dockerfile", text) == expected


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (".dockerignore", "# a\n\n.git\n  lib/ \n", [(Kind.LINE, ".git", 3), (Kind.LINE, "lib/", 4)]),
        (".python-version", "# a\n3.14 # b\n", [(Kind.LINE, "3.14", 2)]),
        (".python-version", "", []),
    ],
)
def test_facts_of_lists(name: str, text: str, expected: list[tuple[Kind, str, int]]) -> None:
    assert facts(name, text) == expected


@pytest.mark.parametrize(
    ("name", "text", "line", "message"),
    [
        ("app.yaml", "a: [\n", 2, "not valid YAML: "),
        ("app.yaml", "- a\n", 1, "there are no keys in it"),
        ("app.yaml", "", 1, "there are no keys in it; write lines such as KEY: VALUE"),
        ("app.yaml", f"a: {'9' * 5_000}\n", 0, "not valid YAML: a value cannot be read ("),
        ("notes.txt", "x\n" * 5_001, 0, "the file has 5,001 lines, and at most 5,000 are read; shorten it"),
        ("notes.txt", f"\n{'x' * 10_001}", 2, "the line has 10,001 characters, and at most 10,000 are read"),
        ("notes.txt", Unread(NotReadError("a text file", "a folder")), 0, "expected a text file, found a folder"),
        ("app.yaml", "entrypoint: a 'b\n", 1, 'a shell cannot read the command "a \'b" (no closing quotation)'),
        ("requirements.txt", "a\nsix=1.16.0\n", 2, '"six=1.16.0" is not a requirement; write one such as Flask==3.1.3'),
        (
            "Procfile",
            "\nweb gunicorn\n",
            2,
            'cannot read "web gunicorn" as a process; write a line such as "web: COMMAND"',
        ),
        (
            "Dockerfile",
            "FROM a\nRUN <<EOF\n",
            2,
            'the here-document has no end; add a line with "EOF" alone',
        ),
    ],
)
def test_unreadable_file_is_refused_with_its_line(name: str, text: str, line: int, message: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        file_facts(name, text, frozenset())
    assert caught.value.line == line
    assert str(caught.value).startswith(message)


def test_byte_order_mark_makes_no_difference() -> None:
    marked, plain = (file_facts("app.yaml", f"{mark}a: 1\n", frozenset()) for mark in ("\ufeff", ""))
    assert marked == plain


@pytest.mark.parametrize(
    ("folder", "codelab", "there"),
    [
        ("a==1.10", "a==1.9", True),
        ("a==1.9", "a==1.10", False),
        ("b==2", "a==1", False),
        ("a==1.*", "a==1", False),
    ],
)
def test_later_version_is_as_good(folder: str, codelab: str, there: bool) -> None:
    said = frozenset(file_facts("requirements.txt", folder, frozenset()))
    (version,) = [fact for fact in file_facts("requirements.txt", codelab, frozenset()) if fact.kind is Kind.VERSION]
    assert is_there(version, said) is there


def test_replaced_value_may_stay_and_shows_a_step() -> None:
    (value,) = [fact for fact in file_facts("app.yaml", "runtime: python314", frozenset()) if fact.kind is Kind.VALUE]
    assert (is_style(value), marks_a_step(value)) == (True, True)

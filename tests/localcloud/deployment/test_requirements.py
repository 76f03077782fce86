"""requirements.txt as pip reads it: names, options, places, and lines that pip refuses."""

from __future__ import annotations

import pytest

from localcloud.deployment.requirements import Option, Requirement, read_requirements


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        pytest.param("Flask", Requirement(1, "Flask", "flask"), id="a name"),
        pytest.param("\n# a\nFlask # b", Requirement(3, "Flask", "flask"), id="comments"),
        pytest.param("Flask==3.1", Requirement(1, "Flask==3.1", "flask", versions=("3.1",)), id="a pin"),
        pytest.param("a>=1,<2,!=1.5", Requirement(1, "a>=1,<2,!=1.5", "a"), id="a range"),
        pytest.param(
            "My_pkg.x [b, a] == 1",
            Requirement(1, "My_pkg.x [b, a] == 1", "my-pkg-x", frozenset({"a", "b"}), ("1",)),
            id="extras",
        ),
        pytest.param("a \\\n  ==1 # b\n", Requirement(1, "a   ==1", "a", versions=("1",)), id="continued"),
        pytest.param("a==1 \\", Requirement(1, "a==1", "a", versions=("1",)), id="continued by nothing"),
        pytest.param("# c \\\na", Requirement(2, "a", "a"), id="a comment is not continued"),
        pytest.param("a==1 --hash=x \\\n --hash=y", Requirement(1, "a==1", "a", versions=("1",)), id="hashes"),
        pytest.param("a; x == 'b'", Requirement(1, "a; x == 'b'", "a", problem="Expected"), id="an unknown marker"),
        pytest.param("six=1.0", Requirement(1, "six=1.0", "six", problem="Expected"), id="one equals sign"),
        pytest.param("?", Requirement(1, "?", "", problem="Expected"), id="no name"),
        pytest.param(
            "a @ file:///b", Requirement(1, "a @ file:///b", "a", location="file:///b"), id="a name at a path"
        ),
        pytest.param("./a", Requirement(1, "./a", "", location="./a"), id="a path"),
        pytest.param("a/b.whl", Requirement(1, "a/b.whl", "", location="a/b.whl"), id="a path without a dot"),
        pytest.param("https://h/a.whl", Requirement(1, "https://h/a.whl", "", location="https://h/a.whl"), id="a URL"),
        pytest.param(
            "git+https://h/a.git@v1#egg=A_b",
            Requirement(1, "git+https://h/a.git@v1#egg=A_b", "a-b", location="git+https://h/a.git@v1"),
            id="an egg",
        ),
        pytest.param("-e ../a", Requirement(1, "-e ../a", "", location="../a"), id="editable"),
        pytest.param("-e g+h:x#egg=a", Requirement(1, "-e g+h:x#egg=a", "a", location="g+h:x"), id="an editable egg"),
        pytest.param(
            "./a[c,b] ; x > '3'",
            Requirement(1, "./a[c,b] ; x > '3'", "", frozenset({"b", "c"}), location="./a"),
            id="a path with extras",
        ),
        pytest.param(
            "a-1-py3-none-any.whl",
            Requirement(1, "a-1-py3-none-any.whl", "", location="a-1-py3-none-any.whl"),
            id="a wheel",
        ),
        pytest.param("-r a.txt", Option(1, "-r a.txt", "--requirement", "a.txt"), id="-r"),
        pytest.param("-ra.txt", Option(1, "-ra.txt", "--requirement", "a.txt"), id="-r without a space"),
        pytest.param("-r 'a b.txt'", Option(1, "-r 'a b.txt'", "--requirement", "a b.txt"), id="quotes"),
        pytest.param("--constraint=a", Option(1, "--constraint=a", "--constraint", "a"), id="a long name"),
        pytest.param("--pre", Option(1, "--pre", "--pre", ""), id="no value"),
        pytest.param("-r", Option(1, "-r", "--requirement", ""), id="a value is missing"),
        pytest.param("-r \\\n/a", Option(1, "-r /a", "--requirement", "/a"), id="a continued option"),
    ],
)
def test_line_is_read_as_pip_reads_it(text: str, entry: Option | Requirement) -> None:
    (found,) = read_requirements(text)
    if isinstance(entry, Requirement) and isinstance(found, Requirement) and entry.problem:
        assert found.problem
        entry = Requirement(entry.line, entry.text, entry.name, problem=found.problem)
    assert found == entry


def test_options_of_one_line_are_all_read() -> None:
    line = "--no-index -f ../wheels --trusted-host h"
    found = [(entry.name, entry.value) for entry in read_requirements(line) if isinstance(entry, Option)]
    assert found == [("--no-index", ""), ("--find-links", "../wheels"), ("--trusted-host", "h")]

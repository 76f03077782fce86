"""YAML that is short and expands to much, that is nested deeply, or that is invalid."""

from __future__ import annotations

import pytest

from localcloud.deployment import TextError
from localcloud.deployment.yaml_lines import MAX_DEPTH, MAX_VALUES, YamlLines

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 12)
)
SETTINGS = """\
# first
runtime: python314

handlers:
- url: /a
  login: admin
- &b {url: /b,
  login: required}
- *b
env_variables:
  A: b
"""


def test_aliases_and_merged_keys_are_read() -> None:
    keys = YamlLines("a: &a {x: 1}\nb:\n  <<: *a\n  z: 2\nc: *a\n").keys
    assert (dict(keys["b"]), keys["c"]["x"]) == ({"x": 1, "z": 2}, 1)


@pytest.mark.parametrize("text", ["", "runtime python314\n", "- runtime\n", "# comment\n", "---\n"])
def test_text_without_a_mapping_has_no_keys(text: str) -> None:
    assert not YamlLines(text).keys


def test_as_many_values_as_are_allowed_are_read() -> None:
    values = MAX_VALUES - 3  # the mapping, the key and the list
    assert len(YamlLines("a: [" + "1, " * values + "]").keys["a"]) == values


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("runtime",), 2),
        (("handlers",), 4),
        (("handlers", 0), 5),
        (("handlers", 0, "login"), 6),
        (("handlers", 1, "login"), 8),
        (("handlers", 0, "script"), 5),
        (("env_variables", "A"), 11),
        (("nothing", "at", "all"), 1),
        (("runtime", "below"), 2),
    ],
)
def test_each_key_has_its_line(path: tuple[str | int, ...], line: int) -> None:
    assert YamlLines(SETTINGS).line(*path) == line


def test_text_without_some_keys_keeps_the_other_lines() -> None:
    lines = YamlLines(SETTINGS).without(["handlers", "absent"]).splitlines()
    assert [(number, line) for number, line in enumerate(lines, 1) if line] == [
        (1, "# first"),
        (2, "runtime: python314"),
        (10, "env_variables:"),
        (11, "  A: b"),
    ]


def test_keys_in_braces_stay_in_the_text() -> None:
    assert YamlLines("{a: 1, b: 2}\n").without(["a"]) == "{a: 1, b: 2}\n"


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        pytest.param(BOMB, 4, "more than 5,000 values", id="aliases of aliases"),
        pytest.param("a: [" + "1, " * MAX_VALUES + "]", 1, "more than 5,000 values", id="many values"),
        pytest.param("a:\n  " + "[" * 100_000, 2, f"more than {MAX_DEPTH} levels", id="brackets"),
        pytest.param("- " * 60_000, 1, f"more than {MAX_DEPTH} levels", id="dashes"),
        pytest.param("a: &a [*a]", 1, "is inside the value that it refers to", id="a list in itself"),
        pytest.param("a: [", 1, "expected the node content", id="cut off"),
        pytest.param("a: 1\na: 2\n", 2, 'found duplicate key "a"', id="a key twice"),
        pytest.param("a: 2001-99-99", 0, "month must be", id="a date of no month"),
        pytest.param("a: " + "9" * 5_000, 0, "a value cannot be read", id="a long number"),
        pytest.param("a: !!int x", 0, "a value cannot be read", id="a number that is none"),
        pytest.param("a: !!omap x", 0, "a value cannot be read", id="a map that is none"),
    ],
)
def test_unreadable_yaml_is_refused_with_its_line(text: str, line: int, problem: str) -> None:
    with pytest.raises(TextError) as caught:
        YamlLines(text)
    assert caught.value.line == line
    assert problem in caught.value.problem

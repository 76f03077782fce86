"""YAML that is small and stands for much, is deep, or is not what it says."""

from __future__ import annotations

import pytest

from localcloud.files.yaml_text import MAX_DEPTH, MAX_VALUES, YamlTextError, read_yaml

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 12)
)


def test_aliases_and_merged_keys_are_read() -> None:
    content = read_yaml("a: &a {x: 1}\nb:\n  <<: *a\n  z: 2\nc: *a\n")
    assert (dict(content["b"]), content["c"]["x"]) == ({"x": 1, "z": 2}, 1)


def test_as_many_values_as_are_allowed_are_read() -> None:
    values = MAX_VALUES - 3  # the mapping, the key and the list
    assert len(read_yaml("a: [" + "1, " * values + "]")["a"]) == values


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        pytest.param(BOMB, 4, "more than 5,000 values", id="aliases of aliases"),
        pytest.param("a: [" + "1, " * MAX_VALUES + "]", 1, "more than 5,000 values", id="many values"),
        pytest.param("a:\n  " + "[" * 100_000, 2, f"more than {MAX_DEPTH} levels", id="brackets"),
        pytest.param("- " * 60_000, 1, f"more than {MAX_DEPTH} levels", id="dashes"),
        pytest.param("a: &a [*a]", 1, "contains it", id="a list in itself"),
        pytest.param("a: [", 1, "", id="cut off"),
        pytest.param("a: 2001-99-99", 0, "month must be", id="a date of no month"),
        pytest.param("a: " + "9" * 5_000, 0, "a value cannot be read", id="a long number"),
        pytest.param("a: !!int x", 0, "a value cannot be read", id="a number that is none"),
        pytest.param("a: !!omap x", 0, "a value cannot be read", id="a map that is none"),
    ],
)
def test_yaml_that_cannot_be_read_is_told_by_line(text: str, line: int, problem: str) -> None:
    with pytest.raises(YamlTextError) as caught:
        read_yaml(text)
    assert (caught.value.line, problem in str(caught.value)) == (line, True)

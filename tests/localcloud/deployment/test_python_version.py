"""The version in .python-version and runtime.txt."""

from __future__ import annotations

import pytest

from localcloud.deployment.python_version import PythonVersion, read_python_version


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("3.14\n", PythonVersion(1, "3.14")),
        ("# newest\n\n 3.14.2 # for now\n3.13\n", PythonVersion(3, "3.14.2")),
        ("python-3.12", PythonVersion(1, "python-3.12")),
        ("# nothing\n", None),
        ("", None),
    ],
)
def test_first_line_besides_comments_is_the_version(text: str, version: PythonVersion | None) -> None:
    assert read_python_version(text) == version

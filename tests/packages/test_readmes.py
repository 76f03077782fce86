"""The links of the packages' READMEs lead to a file, and the code blocks of codelab's and localcloud's work."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import pytest

import codelab.cli
import localcloud.cli
from tests.packages.conftest import PACKAGES
from tests.packages.wheels import ROOT, plain_environment
from tests.support.deadline import DEADLINE

PARSERS = {"codelab": codelab.cli.make_parser, "localcloud": localcloud.cli.make_parser}
READMES = {name: (ROOT / "packages" / name / "README.md").read_text(encoding="utf-8") for name in PACKAGES}
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _blocks(language: str) -> list[tuple[str, str]]:
    return [(name, text) for name in PARSERS for kind, text in BLOCK.findall(READMES[name]) if kind == language]


@pytest.mark.app
@pytest.mark.parametrize(("package", "script"), _blocks("python"))
def test_python_block_runs_in_the_repository(package: str, script: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=plain_environment(),
        capture_output=True, text=True, timeout=DEADLINE, check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout


@pytest.mark.parametrize("line", [line for _, text in _blocks("console") for line in text.splitlines()])
def test_console_line_is_accepted_by_its_program(line: str) -> None:
    program, *words = shlex.split(line.removeprefix("$ "))
    if program in PARSERS:
        PARSERS[program]().parse_args(words)
    else:
        assert [program, *words[:3]] == ["python3", "-m", "pip", "install"]
    for word in words:
        if re.match(r"\./packages/|mod\d+-\w+/", word):
            assert (ROOT / word).is_dir()


@pytest.mark.parametrize("package", READMES)
def test_links_lead_to_files(package: str) -> None:
    links = re.findall(r"\]\(([^):#]+)(?:#[^)]*)?\)", READMES[package])
    assert links
    assert [link for link in links if not (ROOT / "packages" / package / link).is_file()] == []

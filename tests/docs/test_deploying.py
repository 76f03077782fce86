"""The texts about deploying: every placeholder is explained, commands exist, and roles that were given are removed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from codelab.readme.course import find_course
from codelab.readme.parser import read_page
from codelab.verify.gcloud import commands_in, find_mistake, read_record

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "deploying.md"
BEGIN = ROOT / "docs" / "before-you-begin.md"
READMES = sorted(path.relative_to(ROOT).as_posix() for path in [*ROOT.glob("README.md"), *ROOT.glob("*/README.md")])
DEPLOYING = [f"{module}/README.md" for module in find_course(PAGE).modules]

# In these, the left side of NAME=VALUE is an environment variable of the app.
_VARIABLE = re.compile(r"(--(?:set|update)-(?:env-vars|secrets)=|,)[A-Z_]+=")
_FOLDER = re.compile(r"\bmod\d+-[\w./-]+")
_PLACEHOLDER = re.compile(r"[A-Z][A-Z_]*[A-Z]")


def placeholders(command: str) -> set[str]:
    """Return the words in capitals that a reader must replace."""
    return set(_PLACEHOLDER.findall(_FOLDER.sub("", _VARIABLE.sub(r"\1", command))))


def explained() -> dict[str, str]:
    """Return the placeholders that Before you begin has, each with the cell that says how to find its value."""
    rows = (line.strip("|").split("|") for line in BEGIN.read_text().splitlines() if line.startswith("| `"))
    return {row[0].strip(" `"): row[2] for row in rows if _PLACEHOLDER.fullmatch(row[0].strip(" `"))}


@pytest.mark.parametrize("readme", READMES)
def test_before_you_begin_explains_every_placeholder(readme: str) -> None:
    commands = commands_in(read_page(ROOT / readme, ROOT))
    used = {name: command for command in commands for name in placeholders(command)}
    # The flag of migrate-to-run that writes a file; the reader chooses where.
    used.pop("PATH", None)
    assert {name: used[name] for name in used.keys() - explained().keys()} == {}


def test_every_explanation_has_a_gcloud_command() -> None:
    table = explained()
    assert "APP_REGION" in table
    assert [name for name, cell in table.items() if "`gcloud " not in cell] == []


def test_commands_of_all_pages_exist() -> None:
    _, known = read_record()
    mistakes = {
        command: mistake
        for page in sorted((ROOT / "docs").glob("*.md"))
        for command in commands_in(read_page(page, ROOT))
        if (mistake := find_mistake(shlex.split(command)[1:], known))
    }
    # deploying.md says that the recorded gcloud lacks this one.
    assert list(mistakes) == ["gcloud beta app migrate-to-run"]


def test_page_names_the_recorded_version_of_gcloud() -> None:
    version, _ = read_record()
    assert f"gcloud {version}," in PAGE.read_text()


@pytest.mark.parametrize("readme", DEPLOYING)
def test_deploy_section_links_the_page(readme: str) -> None:
    section = (ROOT / readme).read_text().partition("\n## Deploy to Google Cloud\n")[2].partition("\n## ")[0]
    assert "](../docs/deploying.md)" in section


@pytest.mark.parametrize("readme", DEPLOYING)
def test_clean_up_removes_each_role_of_the_deploy_section(readme: str) -> None:
    deploy, clean_up = (
        (ROOT / readme).read_text().partition(f"\n## {title}\n")[2].partition("\n## ")[0]
        for title in ("Deploy to Google Cloud", "Clean up")
    )
    given = re.findall(r"add-iam-policy-binding (PROJECT_ID \S+ --role=\S+)", deploy)
    assert given
    # App Engine's own account may have had the roles before, so the text says how to remove them.
    if any("@appspot." in role for role in given):
        assert "`remove-iam-policy-binding` with the same" in " ".join(clean_up.split())
    missing = [
        role for role in given if "@appspot." not in role and f"remove-iam-policy-binding {role}" not in clean_up
    ]
    assert missing == []

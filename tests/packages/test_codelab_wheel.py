"""The wheel of codelab, in an environment with the other two and the packages that all three declare."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.packages.servers import serving
from tests.packages.wheels import ROOT, Environment, plain_environment
from tests.support.deadline import DEADLINE

MODULE = "mod1-flask"

pytestmark = [pytest.mark.wheel, pytest.mark.xdist_group("wheels")]


@pytest.fixture(scope="module")
def environment(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with the wheel and what it needs."""
    return Environment(tmp_path_factory.mktemp("environments") / "codelab", list(wheels.values()))


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A copy of the modules, without the packages."""
    for module in ROOT.glob("mod*"):
        shutil.copytree(module, tmp_path / module.name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_list_outside_a_course_reports_in_one_line_that_there_are_no_codelabs(
    environment: Environment, tmp_path: Path
) -> None:
    ended = subprocess.run(
        [environment.command("codelab"), "list"], cwd=tmp_path, env=plain_environment(),
        capture_output=True, text=True, timeout=DEADLINE, check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stdout, len(ended.stderr.splitlines())) == (2, "", 1)
    assert "no codelabs here" in ended.stderr


def test_list_inside_a_course_names_its_modules(environment: Environment, course: Path) -> None:
    printed = environment.run(environment.command("codelab"), "list", cwd=course).stdout
    assert set(re.findall(r"mod\d+-\w+", printed)) >= {path.name for path in course.glob("mod*")}


def test_start_makes_a_copy_that_check_reads(environment: Environment, course: Path) -> None:
    codelab = environment.command("codelab")
    environment.run(codelab, "start", MODULE, cwd=course)
    assert "0 of" in environment.run(codelab, "check", "--no-run", cwd=course).stdout


def test_page_has_its_templates_style_and_pictures(environment: Environment, course: Path) -> None:
    with serving(environment.command("codelab"), "serve", "--port", "0", cwd=course) as url:
        page = httpx.get(f"{url}/{MODULE}/", follow_redirects=True, timeout=DEADLINE)
        style = httpx.get(f"{url}/static/style.css", timeout=DEADLINE)
    assert (page.status_code, style.status_code) == (200, 200)
    assert re.search('<figure class="picture"[^>]*><svg', page.text)

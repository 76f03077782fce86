"""`codelab deploy` runs the README's gcloud command, and refuses what gcloud would fail on."""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path

import pytest

from codelab.verify.gcloud import find_mistake, read_record
from tests.codelab.conftest import Run
from tests.support.course import ROOT

MODULES = sorted(path.name for path in ROOT.glob("mod*"))
PROJECT = ("--project", "visits-of-ann")


@pytest.fixture
def course(shared_course: Path) -> Path:
    """Share a course: a test here changes work/ alone."""
    return shared_course


@pytest.fixture
def gcloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a gcloud on PATH that records its calls; return the file that it writes."""
    programs, calls = tmp_path / "programs", tmp_path / "calls"
    programs.mkdir()
    program = programs / "gcloud"
    program.write_text(f'#!/bin/sh\necho "$PWD: $*" >> {shlex.quote(str(calls))}\nexit ${{GCLOUD_EXIT:-0}}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    return calls


def commands(output: str) -> list[str]:
    return [line for line in output.splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize("module", MODULES)
def test_dry_run_prints_valid_commands_and_runs_none(codelab: Run, gcloud: Path, module: str) -> None:
    done = codelab("deploy", module, *PROJECT, "--region", "europe-west1", "--dry-run")
    assert done.code == 0
    assert any(" deploy " in command for command in commands(done.text))
    _, known = read_record()
    for command in commands(done.text):
        if command.startswith("gcloud "):
            assert find_mistake(shlex.split(command)[1:], known) is None
            assert command.endswith(" --project=visits-of-ann")
    assert not any(word in done.text for word in ("PROJECT_ID", "PROJECT_NUMBER", "REGION"))
    assert not gcloud.exists()


APP_ENGINE = ("mod1-flask", "mod2-cloudndb", "mod3-datastore", "mod12-memcache", "mod13-memorystore")


@pytest.mark.parametrize("module", APP_ENGINE)
@pytest.mark.parametrize(
    ("given", "app_engine", "others"),
    [
        ("us-central1", "us-central", "us-central1"),
        ("europe-west1", "europe-west", "europe-west1"),
        ("us-central", "us-central", "us-central1"),
        ("europe-west", "europe-west", "europe-west1"),
        ("asia-east1", "asia-east1", "asia-east1"),
    ],
)
def test_each_command_gets_its_own_name_of_region(
    codelab: Run, gcloud: Path, module: str, given: str, app_engine: str, others: str
) -> None:
    printed = commands(codelab("deploy", module, *PROJECT, "--region", given, "--dry-run").text)
    end = "--project=visits-of-ann"
    assert f"gcloud app create --region={app_engine} {end}" in printed
    assert f"gcloud firestore databases create --type=datastore-mode --location={others} {end}" in printed


@pytest.mark.parametrize("module", MODULES)
def test_dry_run_ends_with_probe(codelab: Run, gcloud: Path, module: str) -> None:
    done = codelab("deploy", module, *PROJECT, "--dry-run")
    _, afterwards = done.text.split("# Afterwards:\n")
    assert commands(afterwards).count("make probe URL=https://...") == 1


def test_traffic_is_set_after_probe(codelab: Run, gcloud: Path) -> None:
    printed = commands(codelab("deploy", "mod2-cloudndb", *PROJECT, "--dry-run").text)
    traffic = next(number for number, command in enumerate(printed) if "set-traffic" in command)
    assert printed.index("make probe URL=https://...") < traffic


def test_second_way_to_deploy_is_left_out(codelab: Run, gcloud: Path) -> None:
    done = codelab("deploy", "mod13-memorystore", *PROJECT, "--dry-run")
    assert "gcloud app deploy " in done.text
    assert "gcloud run deploy " not in done.text


def test_only_deploying_command_runs(codelab: Run, gcloud: Path, course: Path) -> None:
    done = codelab("deploy", "mod4-cloudrun", *PROJECT)
    assert done.code == 0
    assert gcloud.read_text().splitlines() == [
        f"{course}: run deploy visitme --source=mod4-cloudrun/FINISH --region=us-central1 "
        "--service-account=visitme@visits-of-ann.iam.gserviceaccount.com --concurrency=8 --no-invoker-iam-check "
        "--project=visits-of-ann"
    ]


def test_other_side_of_same_platform_is_deployed(codelab: Run, gcloud: Path) -> None:
    codelab("deploy", "mod4-cloudrun", *PROJECT, "--side", "FINISH-py2")
    assert " --source=mod4-cloudrun/FINISH-py2 " in gcloud.read_text()


def test_failed_deployment_exits_with_1(codelab: Run, gcloud: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GCLOUD_EXIT", "3")
    assert codelab("deploy", "mod1-flask", *PROJECT).code == 1
    assert gcloud.exists()


REFUSED = {
    "a python27 side": (
        ("mod1-flask", *PROJECT, "--side", "FINISH"),
        "mod1-flask/FINISH: App Engine no longer accepts python27 apps",
    ),
    "a side for another platform": (
        ("mod4-cloudrun", *PROJECT, "--side", "START"),
        "mod4-cloudrun/START is for App Engine",
    ),
    "a side that is not there": (
        ("mod4-cloudrun", *PROJECT, "--side", "END"),
        "mod4-cloudrun has no folder END; deploy another, such as FINISH",
    ),
    "no project": (
        ("mod4-cloudrun", "--project", ""),
        '"" is not a project id, which has small letters, digits and hyphens',
    ),
    "a project that is more than one word": (
        ("mod4-cloudrun", "--project", "a; b"),
        '"a; b" is not a project id',
    ),
    "mod13 without the copy that has the addresses": (
        ("mod13-memorystore", *PROJECT),
        "work/mod13-memorystore-deploy does not exist; first run the commands before mod13-memorystore/README.md:",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_deployment_is_refused_in_one_line(codelab: Run, gcloud: Path, case: str) -> None:
    arguments, words = REFUSED[case]
    done = codelab("deploy", *arguments)
    assert done.code == 2
    assert words in done.text.splitlines()[-1]
    assert not gcloud.exists()


MOD13 = "mod13-memorystore"


@pytest.mark.parametrize("left", ["PROJECT_ID", "REGION", "REDIS_ADDRESS"])
def test_placeholder_left_in_mod13_is_refused(codelab: Run, gcloud: Path, course: Path, left: str) -> None:
    app_yaml = filled_in(course, *{"PROJECT_ID", "REGION", "REDIS_ADDRESS"} - {left})
    line = next(number for number, line in enumerate(app_yaml.read_text().splitlines(), 1) if left in line)
    done = codelab("deploy", MOD13, *PROJECT)
    assert f"work/{MOD13}-deploy/app.yaml:{line}: {left} is a placeholder" in done.text.splitlines()[-1]
    assert not gcloud.exists()


def test_mod13_without_placeholders_is_deployed(codelab: Run, gcloud: Path, course: Path) -> None:
    filled_in(course, "PROJECT_ID", "REGION", "REDIS_ADDRESS")
    assert codelab("deploy", MOD13, *PROJECT).code == 0
    assert f" work/{MOD13}-deploy/app.yaml " in gcloud.read_text()


def filled_in(course: Path, *placeholders: str) -> Path:
    """Return the app.yaml of the copy that mod13's README deploys, with these placeholders filled in."""
    copy = shutil.copytree(course / MOD13 / "FINISH-py3", course / "work" / f"{MOD13}-deploy")
    app_yaml = copy / "app.yaml"
    text = app_yaml.read_text()
    for placeholder in placeholders:
        text = text.replace(placeholder, "mine")
    app_yaml.write_text(text)
    return app_yaml


def test_missing_gcloud_is_reported(codelab: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    done = codelab("deploy", "mod4-cloudrun", *PROJECT)
    assert done.code == 2
    assert "gcloud is not on PATH; install the Google Cloud CLI" in done.text.splitlines()[-1]

"""examples/continuous-deployment: the workflow has its steps in order, pinned actions, and flags that gcloud has."""

from __future__ import annotations

import fnmatch
import re
import shlex
from typing import Any

import pytest
from ruamel.yaml import YAML

from codelab.readme.parser import read_page
from codelab.verify.gcloud import commands_in, find_mistake, read_record
from tests.support.course import ROOT

FOLDER = ROOT / "examples" / "continuous-deployment"
PAGE = ROOT / "docs" / "continuous-deployment.md"
TEXT = (FOLDER / "deploy.yaml").read_text()
WORKFLOW: dict[str, Any] = YAML(typ="safe", pure=True).load(TEXT)
JOBS = WORKFLOW["jobs"]
STEPS = [step for job in JOBS.values() for step in job["steps"]]
NAMED = {step["name"]: step for step in STEPS if "name" in step}
_, GCLOUD = read_record()
# The inputs that we use of those in each action's action.yml.
INPUTS = {
    "actions/checkout": {"persist-credentials"},
    "actions/setup-python": {"python-version"},
    "google-github-actions/auth": {"service_account", "workload_identity_provider"},
    "google-github-actions/deploy-cloudrun": {"flags", "no_traffic", "region", "service", "source", "tag"},
    "google-github-actions/setup-gcloud": set(),
}


def position(name: str) -> int:
    return STEPS.index(NAMED[name])


def test_steps_come_in_the_safe_order() -> None:
    order = ["Test", "Sign in", "Deploy without traffic", "Check", "Send the traffic"]
    assert sorted(order, key=position) == order
    assert JOBS["deploy"]["needs"] == "test"
    assert list(JOBS) == ["test", "deploy"]


def test_no_step_goes_on_after_a_failure() -> None:
    assert [step for step in STEPS if "continue-on-error" in step or "if" in step] == []
    # With this shell a failure of any part of a pipe counts.
    assert WORKFLOW["defaults"]["run"]["shell"] == "bash"


def test_page_has_the_steps_in_the_same_order() -> None:
    listed = re.findall(r"^\d\. \*\*([\w ]+)\b", PAGE.read_text(), re.MULTILINE)
    assert listed == sorted(NAMED, key=position)


@pytest.mark.parametrize("step", [step for step in STEPS if "uses" in step], ids=lambda step: step["uses"])
def test_action_is_pinned_to_a_commit_with_its_version(step: dict[str, Any]) -> None:
    action, _, commit = step["uses"].partition("@")
    assert re.fullmatch(r"[0-9a-f]{40}", commit)
    assert re.search(rf"uses: {action}@{commit} # v\d+\.\d+\.\d+\n", TEXT)
    assert set(step.get("with", {})) <= INPUTS[action]


def test_versions_are_in_the_facts() -> None:
    facts = (ROOT / "docs" / "platform-facts.md").read_text()
    for action, version in set(re.findall(r"uses: (\S+)@\w+ # (v\S+)", TEXT)):
        assert f"`{action}` {version}" in facts


def test_only_the_deploying_job_may_sign_in() -> None:
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert "permissions" not in JOBS["test"]
    assert JOBS["deploy"]["permissions"] == {"contents": "read", "id-token": "write"}
    assert "credentials_json" not in TEXT
    assert "secrets." not in TEXT


def test_deployment_gets_no_traffic_and_the_checked_tag_gets_it() -> None:
    deploy = NAMED["Deploy without traffic"]["with"]
    assert deploy["no_traffic"] is True
    assert deploy["tag"] == "run-${{ github.run_number }}"
    assert NAMED["Check"]["env"]["URL"] == "${{ steps.deploy.outputs.url }}"
    assert NAMED["Deploy without traffic"]["id"] == "deploy"
    assert '--to-tags="run-$GITHUB_RUN_NUMBER=100"' in NAMED["Send the traffic"]["run"]


def test_neither_job_nor_check_can_hang() -> None:
    assert [name for name, job in JOBS.items() if not 0 < job.get("timeout-minutes", 0) <= 30] == []
    assert "curl " in NAMED["Check"]["run"]
    assert "--max-time " in NAMED["Check"]["run"]


def test_check_looks_for_words_of_the_page() -> None:
    (words,) = re.findall("grep '([^']+)'", NAMED["Check"]["run"])
    assert words in (ROOT / "mod4-cloudrun" / "FINISH" / "templates" / "index.html").read_text()


def test_gcloud_has_the_commands_and_flags() -> None:
    commands = [line for step in STEPS for line in step.get("run", "").splitlines() if line.startswith("gcloud ")]
    commands.append(f"gcloud run deploy {NAMED['Deploy without traffic']['with']['flags']}")
    assert len(commands) == 2
    assert [mistake for command in commands if (mistake := find_mistake(shlex.split(command)[1:], GCLOUD))] == []


def test_gcloud_has_the_commands_of_the_page() -> None:
    commands = list(commands_in(read_page(PAGE, ROOT)))
    assert [mistake for command in commands if (mistake := find_mistake(shlex.split(command)[1:], GCLOUD))] == []


def test_page_restricts_the_federation_to_one_branch() -> None:
    assert "assertion.repository == 'OWNER/REPOSITORY' && assertion.ref == 'refs/heads/main'" in PAGE.read_text()
    # YAML 1.2 reads the key as text, YAML 1.1 as the boolean.
    assert WORKFLOW.get("on", WORKFLOW.get(True)) == {"push": {"branches": ["main"]}}


def test_credentials_file_is_not_uploaded() -> None:
    ignored = (FOLDER / ".gcloudignore").read_text().splitlines()
    assert any(fnmatch.fnmatch("gha-creds-0123456789abcdef.json", line) for line in ignored)


def test_files_that_git_ignores_are_not_uploaded() -> None:
    # gcloud reads .gitignore by itself only where there is no .gcloudignore.
    assert (FOLDER / ".gcloudignore").read_text().splitlines()[-1] == "#!include:.gitignore"

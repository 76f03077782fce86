"""`codelab deploy`: deploy the result of a codelab, with the gcloud commands of its own README."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from codelab.errors import CodelabError
from codelab.invocation import suggest
from codelab.readme.course import Course
from codelab.readme.model import Codelab
from codelab.readme.sections import DEPLOY
from codelab.readme.trees import held
from datastore_emulator.scratch import Scratch
from localcloud.launch import read_plan
from localcloud.launch.errors import read_text
from localcloud.launch.plan import Platform

_DEPLOY = re.compile(r"gcloud (app|run) deploy ")
_FOLDER = re.compile(r" (?:--source=)?([\w.-]+/[\w./-]+?)(?:/app\.yaml)?(?: |$)")
# Old projects may have a domain before their id: example.com:visitme.
_PROJECT = re.compile(r"[a-z0-9.:-]+")
_REGION = re.compile(r"[a-z0-9-]+")
# The values that the course's texts leave to the reader.
_PLACEHOLDER = re.compile(r"\b(PROJECT_ID|REDIS_ADDRESS|REGION)\b")
# App Engine alone has other names for its two oldest regions:
# https://docs.cloud.google.com/appengine/docs/standard/locations
_APP_ENGINE_REGIONS = {"us-central1": "us-central", "europe-west1": "europe-west"}
# Only a look-up in the project gives its number.
_NUMBER = "\"$(gcloud projects describe {project} --format='value(projectNumber)')\""


@dataclass(frozen=True)
class Deployment:
    """The README's commands with the values filled in.

    `before` is what a project needs once, `deploy` the command that deploys `folder` (relative to the course), and
    `after` what comes next, up to the README's next way to deploy. `page` and `line` are where `deploy` is from.
    """

    before: tuple[str, ...]
    deploy: str
    after: tuple[str, ...]
    folder: str
    page: str
    line: int


def plan_deployment(course: Course, module: str, *, project: str, region: str, side: str | None = None) -> Deployment:
    """Read the commands that deploy a codelab's result, or another `side` that is deployed in the same way.

    `project` and `region` may be the placeholders of the texts, PROJECT_ID and REGION: they stay in the commands, and
    `run_deployment` refuses them. Raises CodelabError for a project or a region that cannot be one, and for a side that
    is deployed otherwise.
    """
    if not _PROJECT.fullmatch(project) and not _PLACEHOLDER.fullmatch(project):
        raise CodelabError(
            f'"{project}" is not a project id, which has small letters, digits and hyphens; `gcloud projects list` '
            "shows yours"
        )
    if not _REGION.fullmatch(region) and not _PLACEHOLDER.fullmatch(region):
        raise CodelabError(f'"{region}" is not a region; write one such as us-central1')
    return _read_deployment(course.codelab(course.module(module)), project, region, side)


def run_deployment(course: Course, deployment: Deployment) -> bool:
    """Run the command that deploys, and return true if it succeeded.

    The user runs the other commands: some resources may exist already, and some cost money. Raises
    CodelabError, with nothing run, if the command would fail or has a placeholder.
    """
    _check_ready(course, deployment)
    return subprocess.run(shlex.split(deployment.deploy), cwd=course.root, check=False).returncode == 0


def _read_deployment(codelab: Codelab, project: str, region: str, side: str | None) -> Deployment:
    section = codelab.section(DEPLOY)
    before: list[str] = []
    after: list[str] = []
    found: tuple[str, int] | None = None
    for fence in section.consoles:
        commands = list(fence.commands())
        if found and any(_DEPLOY.match(command) for _, command in commands):
            break
        for number, command in commands:
            if _DEPLOY.match(command):
                found = command, number
            elif not command.startswith("gcloud config "):
                (after if found else before).append(_fill_in(command, project, region))
    if not found:
        raise CodelabError(
            f"{codelab.page.name}:{section.line}: no command here deploys the app; add `gcloud app deploy` or "
            "`gcloud run deploy`"
        )
    command, number = found
    folder = _FOLDER.findall(command)[0]
    deploy = _fill_in(command, project, region)
    if side:
        folder, old = _check_side(codelab, folder, side), folder
        deploy = deploy.replace(old, folder)
    return Deployment(tuple(before), deploy, tuple(after), folder, codelab.page.name, number)


def _fill_in(command: str, project: str, region: str) -> str:
    """Return the README's command with the project and the region in place of their placeholders.

    The region may be given by either of its names; each command gets the one that it accepts.
    """
    if not command.startswith("gcloud "):
        return command
    usual = {name: usual for usual, name in _APP_ENGINE_REGIONS.items()}.get(region, region)
    values = {"PROJECT_ID": project, "PROJECT_NUMBER": _NUMBER.format(project=project)}
    if not _PLACEHOLDER.fullmatch(region):
        values |= {"REGION": usual, "APP_REGION": _APP_ENGINE_REGIONS.get(usual, usual)}
    command = re.sub(r"[A-Z][A-Z_]*[A-Z]", lambda found: values.get(found[0], found[0]), command)
    return f"{command} --project={project}"


def _check_side(codelab: Codelab, folder: str, side: str) -> str:
    """Return the side's folder; raises CodelabError unless it is for the same platform as the README's `folder`."""
    root = codelab.readme.parent
    ref = held(root, side)
    usual = root / Path(folder).name
    if not ref.is_dir():
        raise CodelabError(f"{codelab.module} has no folder {side}; deploy another, such as {usual.name}")
    platform = _read_platform(ref)
    if platform is Platform.APP_ENGINE_PYTHON27:
        raise CodelabError(
            f"{codelab.module}/{side}: App Engine no longer accepts python27 apps (docs/platform-facts.md); "
            f"deploy {folder}"
        )
    if usual.is_dir() and platform is not _read_platform(usual):
        raise CodelabError(
            f"{codelab.module}/{side} is for {platform.value}, so the commands of this codelab cannot deploy it; "
            f"deploy {folder}, or follow the codelab that ends with {platform.value}"
        )
    return f"{codelab.module}/{side}"


def _read_platform(folder: Path) -> Platform:
    with Scratch("codelab-") as staging:
        return read_plan(folder, function="visitme", staging=Path(staging) / "image").platform


def _check_ready(course: Course, deployment: Deployment) -> None:
    """Raise CodelabError if gcloud or the folder is missing, or its app.yaml still has a placeholder."""
    if found := _PLACEHOLDER.search(deployment.deploy):
        module = deployment.page.partition("/")[0]
        values = {"region": "us-central1"} if found[0] == "REGION" else {}
        deploy = suggest("deploy", module, project="my-project", **values)
        dry_run = suggest("deploy", module, dry_run=True)
        raise CodelabError(
            f"{found[0]} is a placeholder; give your own value, as in `{deploy}`; `{dry_run}` only prints the commands"
        )
    if not shutil.which("gcloud"):
        raise CodelabError(
            "gcloud is not on PATH; install the Google Cloud CLI: https://docs.cloud.google.com/sdk/docs/install"
        )
    where = f"{deployment.page}:{deployment.line}"
    folder = held(course.root, deployment.folder)
    if not folder.is_dir():
        raise CodelabError(f"{deployment.folder} does not exist; first run the commands before {where}")
    app_yaml = folder / "app.yaml"
    lines = read_text(app_yaml).splitlines() if app_yaml.is_file() else []
    for number, line in enumerate(lines, 1):
        if placeholder := _PLACEHOLDER.search(line.partition("#")[0]):
            raise CodelabError(
                f"{deployment.folder}/app.yaml:{number}: {placeholder[0]} is a placeholder; replace it with your own "
                f"value, as the text before {where} says"
            )

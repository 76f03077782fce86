"""Deploys what a codelab ends with, by the gcloud commands of its own README."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from codelab.errors import CodelabError
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
# What an app.yaml of the course leaves to the reader.
_PLACEHOLDER = re.compile(r"\b(PROJECT_ID|REDIS_ADDRESS|REGION)\b")
# App Engine alone has other names for its two oldest regions:
# https://docs.cloud.google.com/appengine/docs/standard/locations
_APP_ENGINE_REGIONS = {"us-central1": "us-central", "europe-west1": "europe-west"}
# Only the project itself knows its number.
_NUMBER = "\"$(gcloud projects describe {project} --format='value(projectNumber)')\""


@dataclass(frozen=True)
class Deployment:
    """The README's commands, filled in: what a project needs once, the deploying one, and what follows it.

    What follows ends before the next way to deploy. `folder` is what is deployed, relative to the course; `line` is
    where the README has the deploying command.
    """

    before: tuple[str, ...]
    deploy: str
    after: tuple[str, ...]
    folder: str
    line: int


def read_deployment(codelab: Codelab, project: str, region: str, side: str | None = None) -> Deployment:
    """Return the commands that deploy a codelab's result, or another `side` that deploys in the same way.

    Raises CodelabError for a side that does not.
    """
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
                (after if found else before).append(_filled(command, project, region))
    if not found:
        raise CodelabError(f"{codelab.page.name}:{section.line}: expected a gcloud command that deploys, found none")
    command, number = found
    folder = _FOLDER.findall(command)[0]
    deploy = _filled(command, project, region)
    if side:
        folder, old = _other_side(codelab, folder, side), folder
        deploy = deploy.replace(old, folder)
    return Deployment(tuple(before), deploy, tuple(after), folder, number)


def deploy(
    course: Course,
    module: str,
    *,
    project: str,
    region: str,
    side: str | None,
    dry_run: bool,
    say: Callable[[str], None],
) -> bool:
    """Print all the commands; unless it is a dry run, run the deploying one, and return whether it went well.

    The others are left to the person: what a project needs once may be there already, and some of it costs money.
    """
    if not _PROJECT.fullmatch(project):
        raise CodelabError(
            f'expected the id of your project, found "{project}": make deploy MOD={module} PROJECT=PROJECT_ID'
        )
    if not _REGION.fullmatch(region):
        raise CodelabError(f'expected a region such as us-central1, found "{region}"')
    codelab = course.codelab(course.module(module))
    found = read_deployment(codelab, project, region, side)
    say(f"# {found.folder}, by {codelab.page.name}:{found.line}")
    say("# Once in a project, where it is not there already:")
    for command in found.before:
        say(command)
    say("# To deploy:")
    say(found.deploy)
    if found.after:
        say("# Afterwards:")
    for command in found.after:
        say(command)
    if dry_run:
        return True
    _refuse_what_cannot_go(course, codelab, found)
    return subprocess.run(shlex.split(found.deploy), cwd=course.root, check=False).returncode == 0


def _filled(command: str, project: str, region: str) -> str:
    """Return the README's command with the project and the region in place of their placeholders.

    The region may be given by either of its names; each command gets the one it knows.
    """
    if not command.startswith("gcloud "):
        return command
    usual = {name: usual for usual, name in _APP_ENGINE_REGIONS.items()}.get(region, region)
    values = {
        "PROJECT_ID": project,
        "PROJECT_NUMBER": _NUMBER.format(project=project),
        "REGION": usual,
        "APP_REGION": _APP_ENGINE_REGIONS.get(usual, usual),
    }
    command = re.sub(r"[A-Z][A-Z_]*[A-Z]", lambda found: values.get(found[0], found[0]), command)
    return f"{command} --project={project}"


def _other_side(codelab: Codelab, folder: str, side: str) -> str:
    """Return the side's folder if it goes to the same platform as the folder that the README deploys."""
    root = codelab.readme.parent
    place = held(root, side)
    usual = root / Path(folder).name
    if not place.is_dir():
        raise CodelabError(f"{codelab.module}: expected a folder of it, such as {usual.name}, found {side}")
    platform = _platform(place)
    if platform is Platform.APP_ENGINE_PYTHON27:
        raise CodelabError(
            f"{codelab.module}/{side}: App Engine takes no python27 apps any more (docs/platform-facts.md); "
            f"deploy {folder}"
        )
    if usual.is_dir() and platform is not _platform(usual):
        raise CodelabError(
            f"{codelab.module}/{side}: expected a folder that deploys as {folder} does, found one for "
            f"{platform.value}; an earlier codelab deploys it"
        )
    return f"{codelab.module}/{side}"


def _platform(folder: Path) -> Platform:
    with Scratch("codelab-") as staging:
        return read_plan(folder, function="visitme", staging=Path(staging) / "image").platform


def _refuse_what_cannot_go(course: Course, codelab: Codelab, found: Deployment) -> None:
    where = f"{codelab.page.name}:{found.line}"
    if not shutil.which("gcloud"):
        raise CodelabError(
            "expected gcloud on PATH, found none; get the Google Cloud CLI: https://docs.cloud.google.com/sdk/docs/install"
        )
    place = held(course.root, found.folder)
    if not place.is_dir():
        raise CodelabError(f"{where}: expected {found.folder}, found none; do what stands before this command there")
    app_yaml = place / "app.yaml"
    lines = read_text(app_yaml).splitlines() if app_yaml.is_file() else []
    for number, line in enumerate(lines, 1):
        if placeholder := _PLACEHOLDER.search(line.partition("#")[0]):
            raise CodelabError(
                f"{found.folder}/app.yaml:{number}: {placeholder[0]} is a placeholder; write your own value there, as "
                f"{codelab.page.name} says before line {found.line}"
            )

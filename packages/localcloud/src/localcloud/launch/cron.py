"""Read cron.yaml: the jobs of an App Engine app. Nothing here runs them at their time."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from google.appengine.api import croninfo, validation, yaml_errors

from datastore_emulator.errors import UserError
from localcloud.launch.errors import read_text
from localcloud.launch.google_parser import refuse_file, refuse_line
from localcloud.launch.services import DEFAULT

_NAMES = ("cron.yaml", "cron.yml")


@dataclass(frozen=True)
class CronJob:
    """A job: its URL, which begins with "/", when App Engine requests it, and the service, "" for the default one."""

    url: str
    schedule: str
    service: str


def find_cron(folders: Iterable[Path]) -> Path | None:
    """Return the first cron.yaml in these folders, None if there is none."""
    files = (folder / name for folder in folders for name in _NAMES)
    return next((file for file in files if file.is_file()), None)


def describe_jobs(folders: Iterable[Path], addresses: Mapping[str, str]) -> Iterator[str]:
    """Yield a line for each job, with the command that runs it, or one that says what is wrong with the file.

    `addresses` are those of the services that run, by name.
    """
    file = find_cron(folders)
    if file is None:
        return
    try:
        jobs = read_cron(file)
    except UserError as error:
        yield f"{error}; its jobs are missing until you fix it"
        return
    first = addresses.get(DEFAULT) or next(iter(addresses.values()))
    for job in jobs:
        command = f"localcloud cron run {shlex.quote(addresses.get(job.service, first) + job.url)}"
        yield f"{file.name}: {job.url} ({job.schedule}) does not run by itself; to run it: {command}"


def read_cron(file: Path) -> tuple[CronJob, ...]:
    """Return the jobs of a cron.yaml in their order; raises UserError, with the line, if App Engine refuses it."""
    text = read_text(file)
    try:
        info = croninfo.LoadSingleCron(text)
    except yaml_errors.EventError as error:
        raise refuse_line(file, text, error) from error
    except (yaml_errors.Error, validation.ValidationError, croninfo.MalformedCronfigurationFile) as error:
        raise refuse_file(file, error) from error
    return tuple(CronJob(job.url, job.schedule, job.target or "") for job in info.cron or [])

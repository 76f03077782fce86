"""cron.yaml: the jobs in it, and what App Engine refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from datastore_emulator.errors import UserError
from localcloud.launch.cron import CronJob, describe_jobs, find_cron, read_cron

JOBS = """
cron:
- description: daily summary
  url: /tasks/summary
  schedule: every 24 hours
- url: /tasks/mail?all=1
  schedule: every monday 09:00
  timezone: Australia/Sydney
  target: worker
  retry_parameters:
    job_retry_limit: 3
"""


def test_jobs_are_read_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "cron.yml").write_text(JOBS)
    file = find_cron([tmp_path / "none", tmp_path])
    assert file == tmp_path / "cron.yml"
    assert read_cron(file) == (
        CronJob("/tasks/summary", "every 24 hours", ""),
        CronJob("/tasks/mail?all=1", "every monday 09:00", "worker"),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cron:\n- url: tasks\n  schedule: every day\n", ":2: App Engine refuses it: "),
        ("cron:\n- url: /tasks\n", ":2: App Engine refuses it: "),
        ("cron:\n- url: /a\n  schedule: every day\n  timezone: Mars\n", ":4: App Engine refuses it: "),
        ("cron: [", "cron.yaml"),
        ("", "cron.yaml: App Engine refuses it: Empty cron configuration"),
    ],
)
def test_file_that_app_engine_refuses_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "cron.yaml").write_text(text)
    with pytest.raises(UserError, match=message):
        read_cron(tmp_path / "cron.yaml")


def test_jobs_are_listed_with_their_commands(tmp_path: Path) -> None:
    (tmp_path / "cron.yaml").write_text(JOBS)
    addresses = {"worker": "http://worker", "default": "http://default"}
    assert list(describe_jobs([tmp_path], addresses)) == [
        "cron.yaml: /tasks/summary (every 24 hours) does not run by itself; to run it: "
        "localcloud cron run http://default/tasks/summary",
        "cron.yaml: /tasks/mail?all=1 (every monday 09:00) does not run by itself; to run it: "
        "localcloud cron run 'http://worker/tasks/mail?all=1'",
    ]
    (tmp_path / "cron.yaml").write_text("cron:\n- url: a\n  schedule: every day\n")
    (error,) = describe_jobs([tmp_path], addresses)
    assert error.startswith(f"{tmp_path}/cron.yaml:2: App Engine refuses it: ")
    assert error.endswith("; its jobs are missing until you fix it")

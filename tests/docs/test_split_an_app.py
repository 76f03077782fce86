"""docs/split-an-app.md quotes the examples, and its function for events runs and is refused by the local cloud."""

from __future__ import annotations

import base64
import re
import subprocess
from pathlib import Path

import pytest

from datastore_emulator.errors import UserError
from localcloud.launch import read_plan
from localcloud.runtimes.python3.environments import ensure_environment
from localcloud.runtimes.python3.interpreters import find_interpreter
from tests.support.course import ROOT
from tests.support.deadline import DEADLINE

PAGE = (ROOT / "docs" / "split-an-app.md").read_text()
EXAMPLES = ROOT / "examples"
SOURCES = [
    file.read_text()
    for folder in ("several-endpoints", "split-into-functions")
    for pattern in ("*.py", "*.yaml")
    for file in (EXAMPLES / folder).rglob(pattern)
]
FENCES = re.findall(r"^```(?:python|yaml)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
(EVENTS,) = (fence for fence in FENCES if "cloud_event" in fence)
QUOTES = [fence for fence in FENCES if fence != EVENTS]


@pytest.mark.parametrize("quote", QUOTES, ids=lambda quote: quote.splitlines()[0])
def test_quoted_lines_are_in_an_example(quote: str) -> None:
    assert any(quote in source for source in SOURCES)


def test_page_quotes_each_way() -> None:
    assert len(QUOTES) == 5


def test_local_cloud_refuses_the_function_that_takes_events(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(EVENTS)
    with pytest.raises(UserError, match="welcome takes events, which localcloud does not deliver"):
        read_plan(tmp_path, function="welcome", staging=tmp_path / "image")


@pytest.mark.app
def test_function_that_takes_events_runs_on_the_framework(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(EVENTS)
    name = base64.b64encode("Zoë".encode()).decode()
    program = f"""
import functions_framework
client = functions_framework.create_app("welcome", "main.py", "cloudevent").test_client()
headers = {{"ce-id": "7", "ce-source": "//pubsub", "ce-specversion": "1.0", "ce-type": "published"}}
answer = client.post("/", headers=headers, json={{"message": {{"data": "{name}"}}}})
print(answer.status_code)
"""
    environment = ensure_environment(find_interpreter(None), [EXAMPLES / "several-endpoints" / "requirements.txt"])
    done = subprocess.run(
        [environment / "bin" / "python", "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE,
    )
    assert (done.stdout.splitlines(), done.returncode) == (["Event 7: welcome, Zoë", "200"], 0), done.stderr

"""docs/split-an-app.md quotes the examples, and the local cloud brings an event to its function."""

from __future__ import annotations

import queue
import re
from pathlib import Path

import pytest

from localcloud import Cloud
from localcloud.cli import main
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


@pytest.mark.app
def test_function_that_takes_events_gets_one_from_the_local_cloud(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "main.py").write_text(EVENTS)
    (tmp_path / "requirements.txt").write_text((EXAMPLES / "several-endpoints" / "requirements.txt").read_text())
    monkeypatch.setenv("GRPC_EXPERIMENTS", "-event_engine_listener")  # or the command would set it for the whole run
    log: queue.Queue[str] = queue.Queue()
    with Cloud(log=lambda name, line: log.put(line)) as cloud:
        app = cloud.add(tmp_path, function="welcome")
        cloud.start()
        words = next(line for line in PAGE.splitlines() if "localcloud event http" in line).split()[2:]
        assert main([app.url if word.startswith("http:") else word for word in words]) == 0
        number = re.search(r"id (\d+): answered 200", capsys.readouterr().out)
        assert number
        while (line := log.get(timeout=DEADLINE)) != f"Event {number[1]}: welcome, Ann":
            assert "Traceback" not in line

"""`codelab export` writes Markdown that follows the rules of the parser of Google's codelab tool."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element

import html5lib
import pytest
from markdown_it import MarkdownIt

from tests.codelab.conftest import Run
from tests.support.course import COURSE, ROOT

REPOSITORY = "https://example.com/codelabs/blob/main"
NAMES = [place.name for place in COURSE.tracks()]


@dataclass
class Claat:
    """A codelab as claat reads it: its metadata, its title, and the steps with their seconds."""

    metadata: dict[str, str] = field(default_factory=dict)
    title: str = ""
    steps: dict[str, int | None] = field(default_factory=dict)
    body: Element = field(default_factory=lambda: Element("body"))


@pytest.fixture
def course(shared_course: Path) -> Path:
    """Share a course: a test here changes work/ alone."""
    return shared_course


def read(text: str) -> Claat:
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    body = html5lib.parse(html, treebuilder="etree", namespaceHTMLElements=False).find("body")
    found, step = Claat(body=body), ""
    for element in body:
        if element.tag == "p" and not found.metadata:
            # Only up to the first mark-up, and all on lines of their own: "key: value".
            pairs = re.findall(r"^(.+?):(.+)$", element.text or "", re.MULTILINE)
            found.metadata = {key.strip().lower(): value.strip() for key, value in pairs}
        elif element.tag == "h1" and not found.title:
            found.title = "".join(element.itertext())
        elif element.tag == "h2":
            step = "".join(element.itertext())
            found.steps[step] = None
        elif (element.text or "").lower().startswith("duration:"):
            # A paragraph that begins so is nothing but the duration to claat; what follows would be lost.
            minutes, seconds = re.fullmatch(r"Duration: (\d+):(\d\d)", element.text or "").groups()  # type: ignore[union-attr]
            found.steps[step] = int(minutes) * 60 + int(seconds)
    return found


@pytest.fixture(scope="module")
def exported() -> dict[str, Claat]:
    from codelab.commands.export import export

    course = COURSE
    return {name: read(export(course, course.track(name), REPOSITORY)) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_first_paragraph_is_metadata(exported: dict[str, Claat], name: str) -> None:
    metadata = exported[name].metadata
    assert metadata["id"] == name.replace("/", "-").lower()
    assert set(metadata) == {"summary", "id", "categories", "environments", "status", "feedback link"}
    assert metadata["summary"].endswith((".", "?"))
    assert len({one.metadata["id"] for one in exported.values()}) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_each_step_has_its_duration(exported: dict[str, Claat], name: str) -> None:
    track = COURSE.track(name).track
    timed = [(title, seconds) for title, seconds in exported[name].steps.items() if seconds is not None]
    assert timed == [(step.title, step.seconds) for step in track.steps]


@pytest.mark.parametrize("name", NAMES)
def test_diffs_and_commands_are_kept(exported: dict[str, Claat], name: str) -> None:
    track = COURSE.track(name).track
    code = {element.get("class"): [] for element in exported[name].body.iter("code")}
    for element in exported[name].body.iter("code"):
        code[element.get("class")].append("".join(element.itertext()))
    assert code["language-diff"] == [diff.text for step in track.steps for diff in step.diffs]
    assert any("gcloud" in text for text in code["language-console"])
    assert "language-mermaid" not in code, "claat draws no diagrams"


@pytest.mark.parametrize("name", NAMES)
def test_hints_are_info_boxes(exported: dict[str, Claat], name: str) -> None:
    boxes = list(exported[name].body.iter("aside"))
    assert {box.get("class") for box in boxes} <= {"positive", "negative"}
    hints = [box for box in boxes if "".join(box.itertext()).strip().startswith("Hint.")]
    assert len(hints) == len(COURSE.track(name).track.steps)
    assert list(exported[name].body.iter("details")) == []


@pytest.mark.parametrize("name", NAMES)
def test_picture_is_a_file_that_can_be_downloaded(exported: dict[str, Claat], name: str) -> None:
    sources = [image.get("src") for image in exported[name].body.iter("img")]
    assert sources == [f"{REPOSITORY}/docs/pictures/visitme.png?raw=true"]


@pytest.mark.parametrize("name", NAMES)
def test_solution_is_an_info_box(exported: dict[str, Claat], name: str) -> None:
    texts = ["".join(box.itertext()).strip() for box in exported[name].body.iter("aside")]
    assert len([text for text in texts if text.startswith("Solution.\n")]) == 1


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_to_codelabs_or_repository(exported: dict[str, Claat], name: str) -> None:
    ids = {one.metadata["id"] for one in exported.values()}
    for target in _links(exported[name].body):
        codelab = re.fullmatch(r"\.\./([\w-]+)/index\.html", target)
        assert (codelab and codelab[1] in ids) or target.startswith("https://"), target
        if target.startswith(REPOSITORY):
            path = target.removeprefix(REPOSITORY).lstrip("/").partition("#")[0]
            assert (ROOT / path).exists(), target


def _links(body: Element) -> Iterator[str]:
    yield from (element.get("href", "") for element in body.iter("a"))


def test_output_file_is_written(codelab: Run, tmp_path: Path) -> None:
    written = codelab("export", "mod5", "--repository", REPOSITORY, "--output", str(tmp_path / "mod5.md"))
    assert (written.code, written.text) == (0, "")
    assert read((tmp_path / "mod5.md").read_text()).title == "From App Engine to Cloud Run with Buildpacks"


def test_repository_that_is_not_url_is_refused(codelab: Run) -> None:
    refused = codelab("export", "mod5", "--repository", "example.com")
    assert refused.code == 2
    assert refused.text.splitlines() == [
        'codelab: --repository: "example.com" is not a URL; write one such as https://example.com/codelabs'
    ]

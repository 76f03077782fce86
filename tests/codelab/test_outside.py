"""Paths in a README, in a URL and in work/ that lead out of their folder are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from codelab.errors import ReadmeError
from codelab.readme.course import Course
from codelab.readme.model import Fence
from codelab.readme.trees import apply_diff, read_tree, write_tree
from codelab.web.app import create_app
from codelab.web.state import PageState
from tests.codelab.conftest import Run
from tests.support.course import ROOT

MODULE = "mod5-buildpacks"
SECRET = "secret of this machine\n"


@pytest.fixture
def secret(course: Path) -> Path:
    """Make a file next to the course, which nothing may read or write."""
    path = course.parent / "secret.txt"
    path.write_text(SECRET)
    return path


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    """A client of the page on the real course; no test here changes it."""
    return create_app(PageState(Course(ROOT))).test_client()


@pytest.fixture
def copy(course: Path) -> Path:
    """Make the learner's copy of START."""
    place = Course(course).track(MODULE)
    write_tree(read_tree(place.start), place.copy)
    return place.copy


@pytest.mark.parametrize(
    "path", ["b/../../../secret.txt", "b//etc/passwd", "b/a\\b", "b/x/../y", "b/.", f"b/{'x' * 5_000}"]
)
@pytest.mark.parametrize("side", ["+++", "---"])
def test_diff_of_file_outside_is_reported_with_line(path: str, side: str) -> None:
    heads = ["--- /dev/null", f"+++ {path}", "@@ -0,0 +1 @@", "+x"]
    if side == "---":
        heads = [f"--- a{path[1:]}", "+++ /dev/null", "@@ -1 +0,0 @@", "-x"]
    with pytest.raises(ReadmeError, match=r"README.md:\d+: .* does not stay in its folder"):
        apply_diff({}, Fence(7, "diff", "\n".join(heads) + "\n"), "mod5-buildpacks/README.md")


def test_apply_of_diff_that_leads_out_writes_nothing(course: Path, copy: Path, codelab: Run) -> None:
    readme = course / MODULE / "README.md"
    readme.write_text(readme.read_text().replace(" b/Procfile", " b/../../../written"))
    answer = codelab("apply", MODULE)
    assert (answer.code, len(answer.text.splitlines())) == (2, 1)
    assert '"../../../written" does not stay in its folder' in answer.text
    assert not list(course.parent.rglob("written"))


@pytest.mark.parametrize("arguments", [["apply"], ["apply", "--overwrite"], ["reset", "--step", "1", "--yes"]])
def test_apply_and_reset_do_not_write_through_link(
    course: Path, copy: Path, secret: Path, codelab: Run, arguments: list[str]
) -> None:
    (copy / "Procfile").symlink_to(secret)
    answer = codelab(arguments[0], MODULE, *arguments[1:])
    assert secret.read_text() == SECRET
    if arguments[0] == "apply":
        assert (answer.code, len(answer.text.splitlines())) == (2, 1)
        assert "Procfile" in answer.text
        assert "a link" in answer.text


def test_change_through_linked_folder_is_refused(copy: Path, course: Path) -> None:
    from codelab.errors import CodelabError
    from codelab.workspace import Workspace

    outside = course.parent / "outside"
    outside.mkdir()
    (outside / "index.html").write_text("theirs")
    (copy / "new").symlink_to(outside)
    for files in ({"main.py": "changed", "new/index.html": "ours"}, {"main.py": "changed", "new/index.html": None}):
        before = (copy / "main.py").read_text()
        with pytest.raises(CodelabError, match=r'"new/index.html" is a link that leads out of its folder'):
            Workspace(course).change(Course(course).track(MODULE), files, keep=False)
        assert (outside / "index.html").read_text() == "theirs"
        assert (copy / "main.py").read_text() == before


@pytest.mark.parametrize("command", ["start", "check", "apply", "reset", "next"])
def test_copy_that_links_out_of_work_is_refused(course: Path, codelab: Run, command: str) -> None:
    outside = course.parent / "outside"
    outside.mkdir()
    (outside / "main.py").write_text("theirs")
    (course / "work").mkdir()
    (course / "work" / MODULE).symlink_to(outside)
    answer = codelab(command, MODULE)
    assert (answer.code, len(answer.text.splitlines())) == (2, 1)
    assert [path.name for path in outside.iterdir()] == ["main.py"]


def test_progress_is_not_written_through_a_link(course: Path, secret: Path, codelab: Run) -> None:
    (course / "work").mkdir()
    for name in ("progress.txt", "progress.new"):
        (course / "work" / name).symlink_to(secret)
    assert codelab("start", MODULE).code == 0
    assert secret.read_text() == SECRET


def test_content_behind_link_out_of_copy_is_not_shown(course: Path, copy: Path, secret: Path, codelab: Run) -> None:
    (copy / "notes.txt").symlink_to(secret)
    client = create_app(PageState(Course(course))).test_client()
    page = client.get(f"/{MODULE}/compare").text
    assert ("notes.txt" in page, "secret of this machine" in page) == (True, False)
    assert "secret of this machine" not in codelab("diff", MODULE, "--to", "work").text


@pytest.mark.parametrize(
    "name",
    [
        "..",
        ".",
        "../..",
        "%2e%2e",
        "..%2f..",
        "%2Fetc",
        "/etc",
        "START/templates",
        "START%5C..",
        "%00",
        "~",
        pytest.param("x" * 9_000, id="9,000 letters"),
        pytest.param("9" * 5_000, id="5,000 digits"),
        "\u0669",
        "README.md",
        "%ff%fe",
    ],
)
@pytest.mark.parametrize("side", ["old", "new"])
def test_comparison_with_unknown_state_is_404(client: FlaskClient, name: str, side: str) -> None:
    answer = client.get(f"/{MODULE}/compare?{side}={name}")
    assert answer.status_code == 404
    assert "choose one of: work, a step (0 to 3), FINISH, START" in answer.text
    assert len(answer.text) < 10_000


@pytest.mark.parametrize(
    "path",
    [
        "/..%2f..%2fetc/step/1",
        "/mod5-buildpacks/..%2fFINISH/",
        "/mod5-buildpacks/%00/",
        "/mod5-buildpacks/%ff/",
        "/../secret.md",
        "/%2e%2e/secret.md",
        "/docs%2f..%2f..%2fsecret.md",
        "/docs\\..\\x.md",
        "/static/..%2fserver.py",
        "/docs/pictures/..%2f..%2fx.png",
        "/docs/pictures/nothing.png",
    ],
)
def test_path_that_leads_out_is_404(client: FlaskClient, path: str) -> None:
    assert client.get(path, follow_redirects=True).status_code == 404


def test_page_that_links_out_of_course_is_refused(course: Path, secret: Path) -> None:
    (course / "docs" / "extra.md").symlink_to(secret)
    answer = create_app(PageState(Course(course))).test_client().get("/docs/extra.md")
    assert (answer.status_code, "secret of this machine" in answer.text) == (400, False)


def test_picture_that_links_out_of_course_is_refused(course: Path, secret: Path) -> None:
    (course / "docs" / "pictures" / "extra.png").symlink_to(secret)
    answer = create_app(PageState(Course(course))).test_client().get("/docs/pictures/extra.png")
    assert (answer.status_code, SECRET.encode() in answer.data) == (400, False)


@pytest.mark.parametrize("name", ["../..", "/etc", "x/y", ".."])
def test_track_of_folder_outside_is_reported(course: Path, codelab: Run, name: str) -> None:
    readme = course / "mod2-cloudndb" / "README.md"
    readme.write_text(readme.read_text().replace("## Track FINISH to", f"## Track {name} to"))
    answer = codelab("show", "mod2-cloudndb", "--step", "1")
    assert (answer.code, answer.text.startswith("codelab: mod2-cloudndb/README.md:")) == (2, True)


@pytest.mark.parametrize("side", ["../../mod1-flask/START", "/etc", "..", "~"])
def test_deploy_of_folder_outside_module_is_refused(codelab: Run, side: str) -> None:
    answer = codelab("deploy", MODULE, "--project", "demo", "--side", side, "--dry-run")
    assert (answer.code, len(answer.text.splitlines())) == (2, 1)

"""The page shows files and folders of the repository that its texts link to."""

from __future__ import annotations

import pytest

from codelab.readme.course import Course
from codelab.web.app import create_app
from codelab.web.page_links import find_address
from codelab.web.state import PageState
from tests.support.course import ROOT


@pytest.fixture(scope="module")
def client():
    return create_app(PageState(Course(ROOT))).test_client()


def test_every_link_inside_the_repository_leads_to_a_page(client) -> None:
    course = Course(ROOT)
    addresses = {
        find_address(course, link.target, page.name.rpartition("/")[0]): f"{page.name}: {link.target}"
        for page in course.other_pages()
        for link in page.links
        if not link.target.startswith(("http", "#", "mailto:"))
    }
    missing = [
        text
        for address, text in addresses.items()
        if client.get(address.partition("#")[0], follow_redirects=True).status_code != 200
    ]
    assert missing == []


def test_folder_lists_what_is_in_it(client) -> None:
    page = client.get("/file/examples/guestbook").text
    assert 'href="/file/examples/guestbook/START">START/' in page


def test_file_is_shown_as_text(client) -> None:
    page = client.get("/file/examples/guestbook/START/templates/index.html").text
    assert "&lt;form" in page


@pytest.mark.parametrize(
    "name",
    [".git/config", ".ci/run", "work/x", "docs/../.git/config", "nope", "examples/nope", "..%2f..%2fetc/passwd", "%00"],
)
def test_what_is_not_in_the_repository_is_not_shown(client, name: str) -> None:
    assert client.get(f"/file/{name}").status_code in (400, 404)


def test_name_longer_than_a_files_is_refused(client) -> None:
    assert client.get(f"/file/{'a' * 5000}").status_code in (400, 404)


def test_file_that_is_no_text_is_refused_in_one_line(client) -> None:
    [picture, *_] = (ROOT / "docs" / "pictures").glob("*.png")
    answer = client.get(f"/file/docs/pictures/{picture.name}")
    assert answer.status_code == 404
    assert "is no text" in answer.text

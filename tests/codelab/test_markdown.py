"""Raw HTML and links in a page's Markdown: nothing of it runs, loads, styles or leads away by itself."""

from __future__ import annotations

import re
from urllib.parse import urljoin

import html5lib
import pytest

from codelab.readme.course import Course
from codelab.web.app import create_app
from codelab.web.page_links import find_address
from codelab.web.rendering import Renderer
from codelab.web.state import PageState
from tests.support.course import ROOT

ALLOWED = {"html", "head", "body", "p", "details", "summary", "br", "em", "a", "code", "pre", "figure", "figcaption"}


RENDERER = Renderer(Course(ROOT), "README.md")


def tags(markdown: str) -> dict[str, dict[str, str]]:
    """Return the elements of a rendered page, as a browser reads it, with their attributes."""
    page = html5lib.parse(str(RENDERER.html(markdown)), namespaceHTMLElements=False)
    return {str(element.tag): dict(element.attrib) for element in page.iter() if isinstance(element.tag, str)}


@pytest.mark.parametrize(
    "html",
    [
        '<meta http-equiv="refresh" content="0;url=http://localhost:1/">',
        "<style>body {display: none}</style>",
        "<script>alert(1)</script>",
        "<ScRiPt src=x></sCrIpT>",
        '<img src="x" onerror="alert(1)">',
        "<svg/onload=alert(1)>",
        '<details ontoggle="alert(1)" open>',
        '<summary style="position: fixed">',
        '<p style="color: red">',
        '<base href="http://localhost:1/">',
        '<link rel="stylesheet" href="x">',
        '<form action="http://localhost:1/"><input name="token"></form>',
        '<iframe srcdoc="x"></iframe>',
        "<!-- --><style>x</style><!-- -->",
        "<!-- > <style>x</style> -->",
        "<details><style>x</style></details>",
        "<details\n><script>x</script>",
        "<<details>script>x</script>",
        "<scr<!-- -->ipt>x</script>",
        "<![CDATA[<script>x</script>]]>",
        "<?php <script>x</script> ?>",
        "<textarea><script>x</script></textarea>",
    ],
)
@pytest.mark.parametrize("around", ["{}", "text {} text", "> {}", "a\n\n{}\n\nb"])
def test_raw_html_is_text(html: str, around: str) -> None:
    found = tags(around.format(html))
    assert set(found) <= ALLOWED | {"blockquote"}
    assert all(set(attributes) <= {"open"} for attributes in found.values())


def test_details_and_summary_are_kept_and_comments_left_out() -> None:
    found = tags("<details open><summary>More</summary>\n\n*text*<br>\n\n</details>\n\n<!-- note -->\n")
    assert {"details", "summary", "em", "br"} <= set(found)
    assert "note" not in str(RENDERER.html("a <!-- note --> b"))


@pytest.mark.parametrize(
    "target",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "java&#x73;cript:alert(1)",
        "&#1;javascript:alert(1)",
        "vbscript:x",
        "data:text/html,<script>x</script>",
        "file:///etc/passwd",
    ],
)
@pytest.mark.parametrize("link", ["[x]({})", "<{}>", "[x][y]\n\n[y]: {}"])
def test_link_that_runs_something_is_no_link(target: str, link: str) -> None:
    href = tags(link.format(target)).get("a", {}).get("href", "")
    assert not href or href.startswith("/")


@pytest.mark.parametrize("target", ["https://localhost/x", "//localhost/x", "mailto:a@localhost"])
def test_link_to_another_site_sends_no_referrer(target: str) -> None:
    assert tags(f"[x]({target})")["a"] == {"href": target, "rel": "noreferrer"}


@pytest.mark.parametrize(
    ("target", "address"),
    [
        ("mod1-flask/README.md", "/mod1-flask"),
        ("mod1-flask/README.md#what-you-need", "/mod1-flask#what-you-need"),
        ("mod1-flask/README.md#step-3-move-the-template-to-jinja2", "/mod1-flask/step/3"),
        ("mod1-flask/README.md#step-2-ask-for-the-python-3-runtime", "/mod1-flask/FINISH/step/2"),
        ("mod1-flask/README.md#clean-up", "/mod1-flask/more#clean-up"),
        ("docs/which-way.md#a", "/docs/which-way.md#a"),
        ("#here", "#here"),
    ],
)
def test_link_to_a_heading_leads_to_the_page_that_shows_it(target: str, address: str) -> None:
    assert tags(f"[x]({target})")["a"] == {"href": address}


def test_every_link_to_a_heading_of_a_codelab_finds_it() -> None:
    course = Course(ROOT)
    client = create_app(PageState(course)).test_client()
    targets = {link.target for page in course.other_pages() for link in page.links if "README.md#" in link.target}
    addresses = {find_address(course, target, "docs") for target in targets if target.startswith("../mod")}
    assert addresses
    for address in addresses:
        path, _, heading = address.partition("#")
        answer = client.get(path, follow_redirects=True)
        assert answer.status_code == 200, address
        assert f'id="{heading}"' in answer.text or not heading, address


def test_every_link_of_the_map_leads_to_a_page() -> None:
    client = create_app(PageState(Course(ROOT))).test_client()
    links = set(re.findall(r'<a [^>]*href="(/[^"#]*)', client.get("/").text))
    assert "/docs/your-own-app.md" in links
    assert {link: client.get(link, follow_redirects=True).status_code for link in links} == dict.fromkeys(links, 200)


@pytest.mark.parametrize("page", ["README.md", "docs/the-sample-app.md", "mod1-flask/", "/"])
def test_pictures_of_a_page_are_shown(page: str) -> None:
    client = create_app(PageState(Course(ROOT))).test_client()
    sources = re.findall(r'<img src="([^"]+)"', client.get(urljoin("/", page)).text)
    assert sources
    found = {source: client.get(urljoin(f"http://localhost/{page}", source)).mimetype for source in sources}
    assert set(found.values()) == {"image/png"}, found


def test_every_page_has_a_policy_that_allows_this_site_only() -> None:
    client = create_app(PageState(Course(ROOT))).test_client()
    for path in ("/", "/docs/support.md", "/mod1-flask/step/1", "/nothing"):
        policy = client.get(path).headers["Content-Security-Policy"]
        for rule in (
            "default-src 'none'",
            "script-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "img-src 'self' data:",
        ):
            assert rule in policy.split("; ")

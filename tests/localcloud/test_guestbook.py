"""A guestbook of App Engine's first generation, the same on Python 3 and on a real Python 2.7.

It has users, uploaded images, push tasks, deferred functions, a cron job, and mails in both directions.
"""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest
from PIL import Image

from localcloud.cli import run
from localcloud.cloud import Cloud
from localcloud.runtimes.python27_real import Python27RealRuntime, find_python27
from tests.support.deadline import DEADLINE

pytestmark = pytest.mark.app

GUESTBOOK = Path(__file__).parent / "guestbook"
PICTURE = io.BytesIO()
Image.new("RGB", (60, 40), "red").save(PICTURE, "PNG")
# What differs from run to run: the port, and the keys of blobs.
CHANGES = ((r"localhost(?::|%3A)\d+", "localhost"), (r"(?<=[/\"])[\w-]{32}", "KEY"))


class Guestbook:
    """The app as it runs, with a browser and its log."""

    def __init__(self, url: str, log: list[str], browser: httpx.Client) -> None:
        self.url, self.log, self.browser = url, log, browser

    def sign_in(self, email: str) -> None:
        self.browser.get("/_ah/login", params={"email": email, "action": "Login", "continue": "/"})

    def page(self, until: str = "") -> str:
        """Return the page, once it has the text: tasks run after an answer."""
        end = time.monotonic() + DEADLINE
        while until not in (text := self.browser.get("/").text):
            assert time.monotonic() < end, text + "\n".join(self.log)
            time.sleep(0.05)  # the deadline is above; this only leaves the core to the app
        return text

    def sign(self, content: str, picture: bytes = b"", name: str = "") -> httpx.Response:
        form = self.browser.get("/new").text
        (action,) = re.findall('action="(.*?)"', form)
        return self.browser.post(action, data={"content": content}, files={"picture": (name, picture)})


@contextmanager
def served(*runtimes: Python27RealRuntime) -> Iterator[Guestbook]:
    log: list[str] = []
    with Cloud(runtimes=runtimes, log=lambda name, line: log.append(line)) as cloud:
        app = cloud.add(GUESTBOOK)
        cloud.start()
        with httpx.Client(base_url=app.url, timeout=DEADLINE) as browser:
            yield Guestbook(app.url, log, browser)


def visit(guestbook: Guestbook) -> dict[str, object]:
    """Do what visitors do; return what they see, by what was done."""
    browser, seen = guestbook.browser, {}
    seen["nobody"] = guestbook.page()
    seen["form of nobody"] = browser.get("/new").headers["Location"]
    seen["task of nobody"] = browser.post("/tasks/tell").status_code
    guestbook.sign_in("ada@example.com")
    answer = guestbook.sign("Héllo", PICTURE.getvalue(), "rød.png")
    seen["signed"] = (answer.status_code, answer.headers["Location"])
    seen["told"] = guestbook.page("(told) (number 1)")
    (picture,) = re.findall('href="(/picture/.*?)"', str(seen["told"]))
    (thumbnail,) = re.findall('src="(.*?)"', str(seen["told"]))
    whole = browser.get(picture)
    part = browser.get(picture, headers={"Range": "bytes=1-3"})
    seen["picture"] = (whole.headers["Content-Type"], whole.content == PICTURE.getvalue())
    seen["part"] = (part.status_code, part.headers["Content-Range"], part.content)
    seen["thumbnail"] = Image.open(io.BytesIO(browser.get(thumbnail).content)).size
    seen["no picture"] = browser.get("/picture/missing").status_code
    seen["too large"] = guestbook.sign("Large", bytes(100_001), "large.bin").status_code
    guestbook.sign("Bye")
    guestbook.page("Bye (told) (number 2)")
    run(["cron", "run", urljoin(guestbook.url, "/tasks/digest")])
    mail = ["--from", "bob@example.com", "--to", "book@demo.appspotmail.com", "--text", "by mail"]
    run(["mail", guestbook.url, *mail])
    seen["last"] = guestbook.page("by mail (told) (number 3)")
    lines = "\n".join(guestbook.log)
    seen["mails"] = re.findall(r"Subject: (.*)", lines)
    seen["retries"] = lines.count("has failed with status 503; the next try is in 0.1 seconds")
    return {what: mask(shown) for what, shown in seen.items()}


def mask(shown: object) -> object:
    if isinstance(shown, tuple):
        return tuple(map(mask, shown))
    if isinstance(shown, str):
        for pattern, word in CHANGES:
            shown = re.sub(pattern, word, shown)
    return shown


@pytest.fixture(scope="module")
def on_python3() -> dict[str, object]:
    with served() as guestbook:
        return visit(guestbook)


def test_visitors_of_the_guestbook_see_all_services(on_python3: dict[str, object]) -> None:
    others = {what: shown for what, shown in on_python3.items() if what not in ("nobody", "told", "last")}
    assert re.findall("<p>.*</p>", str(on_python3["nobody"])) == [
        '<p>nobody <a href="/_ah/login?continue=http%3A//localhost/">sign in</a></p>'
    ]
    greetings = [" ".join(text.split()) for text in re.findall("(?s)<p>(.*?)</p>", str(on_python3["last"]))]
    assert greetings == [
        'ada@example.com <a href="/_ah/logout?continue=http%3A//localhost/">sign out</a>',
        'ada@example.com: Héllo <img src="http://localhost/_ah/img/KEY=s32-c"> '
        '<a href="/picture/KEY">rød.png</a> (told) (number 1)',
        "ada@example.com: Bye (told) (number 2)",
        "bob@example.com: by mail (told) (number 3)",
    ]
    assert others == {
        "form of nobody": "/_ah/login?continue=%2Fnew",
        "task of nobody": 302,
        "signed": (302, "http://localhost/"),
        "picture": ("image/png", True),
        "part": (206, f"bytes 1-3/{len(PICTURE.getvalue())}", b"PNG"),
        "thumbnail": (32, 32),
        "no picture": 404,
        "too large": 413,
        "mails": [
            "A greeting of ada@example.com",
            "A greeting of ada@example.com",
            "All greetings",
            "A greeting of bob@example.com",
        ],
        "retries": 3,
    }


@pytest.mark.lane("python27")
def test_guestbook_is_the_same_on_python27(on_python3: dict[str, object]) -> None:
    with served(Python27RealRuntime(find_python27())) as guestbook:
        assert visit(guestbook) == on_python3

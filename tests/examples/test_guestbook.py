"""examples/guestbook: START and FINISH are the same guestbook on the same entities."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from localcloud import Cloud
from localcloud.runtimes.python27_real import Python27RealRuntime, find_python27
from tests.support.course import ROOT
from tests.support.deadline import DEADLINE

GUESTBOOK = ROOT / "examples" / "guestbook"
START, FINISH = GUESTBOOK / "START", GUESTBOOK / "FINISH"


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


class Visitor:
    """A browser at one app. It sends a Secure cookie over HTTP, as browsers do for localhost."""

    def __init__(self, url: str, email: str) -> None:
        hooks = {"response": [self._send_all_cookies]}
        self._client = httpx.Client(base_url=url, timeout=DEADLINE, follow_redirects=True, event_hooks=hooks)
        self.page = self._client.get("/_ah/login", params={"email": email, "action": "Login", "continue": "/"}).text

    def sign(self, message: str) -> None:
        self._post("/sign", message=message)

    def delete(self, message: str) -> None:
        (action,) = re.findall(rf'<p>{message}</p>.*?action="(/delete/\d+)"', self.look(), re.DOTALL)
        self._post(action)

    def look(self) -> str:
        self.page = self._client.get("/").text
        return self.page

    def messages(self) -> list[str]:
        return re.findall(r"<article>\n<p>(.*?)</p>", self.look())

    def _send_all_cookies(self, response: httpx.Response) -> None:
        for cookie in self._client.cookies.jar:
            cookie.secure = False

    def _post(self, path: str, **fields: str) -> None:
        (token,) = set(re.findall('name="csrf" value="(.*?)"', self.page))
        answer = self._client.post(path, data={"csrf": token, **fields})
        assert answer.status_code == 200, answer.text
        self.page = answer.text


@pytest.fixture(scope="module", params=["python3", pytest.param("python27", marks=pytest.mark.lane("python27"))])
def urls(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """Run START and FINISH on one Datastore and one Memcache."""
    runtimes = (Python27RealRuntime(find_python27()),) if request.param == "python27" else ()
    with Cloud(runtimes=runtimes) as cloud:
        old, new = cloud.add(START), cloud.add(FINISH)
        cloud.start()
        yield old.url, new.url


def test_files_that_are_not_python_are_the_same_but_for_the_runtime() -> None:
    assert files(START) ^ files(FINISH) == {"requirements.txt"}
    same = {name for name in files(START) if (START / name).read_bytes() == (FINISH / name).read_bytes()}
    assert files(START) - same == {"app.yaml", "main.py"}


@pytest.mark.app
@pytest.mark.parametrize("first", [0, 1], ids=["START first", "FINISH first"])
def test_each_app_shows_and_deletes_what_the_other_stored(urls: tuple[str, str], first: int) -> None:
    one, other = (Visitor(url, "ada@example.com") for url in (urls[first], urls[1 - first]))
    one.sign("from one")
    assert "Thank you for your greeting." in one.page
    assert other.messages() == ["from one"]
    other.sign("from other")
    assert one.messages() == ["from other", "from one"]
    one.delete("from other")
    other.delete("from one")
    assert "Greetings: 0" in one.look()
    assert "Greetings: 0" in other.look()

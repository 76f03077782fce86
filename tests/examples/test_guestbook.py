"""examples/guestbook and its page: START and FINISH are the same guestbook, and compare finds out if they are not."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from localcloud import Cloud
from localcloud.cli import run
from localcloud.runtimes.python27_real import Python27RealRuntime, find_python27
from tests.support.course import ROOT
from tests.support.deadline import DEADLINE

GUESTBOOK = ROOT / "examples" / "guestbook"
START, FINISH = GUESTBOOK / "START", GUESTBOOK / "FINISH"
PAGE = (ROOT / "docs" / "your-own-app.md").read_text()
(MISTAKES,) = re.findall(r"^```diff\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
(FOUND,) = re.findall(r"^```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


class Visitor:
    """A browser at one app. It sends a Secure cookie over HTTP, as browsers do for localhost."""

    def __init__(self, url: str, client: httpx.Client) -> None:
        self._url, self._client = url, client
        client.event_hooks = {"response": [self._send_all_cookies]}
        self.page = self._get("/_ah/login?email=ada@example.com&action=Login&continue=/")

    def sign(self, message: str) -> None:
        self._post("/sign", message=message)

    def delete(self, message: str) -> None:
        (action,) = re.findall(rf'<p>{message}</p>.*?action="(/delete/\d+)"', self.look(), re.DOTALL)
        self._post(action)

    def look(self) -> str:
        self.page = self._get("/")
        return self.page

    def messages(self) -> list[str]:
        return re.findall(r"<article>\n<p>(.*?)</p>", self.look())

    def _send_all_cookies(self, response: httpx.Response) -> None:
        for cookie in self._client.cookies.jar:
            cookie.secure = False

    def _get(self, path: str) -> str:
        return self._client.get(self._url + path).text

    def _post(self, path: str, **fields: str) -> None:
        (token,) = set(re.findall('name="csrf" value="(.*?)"', self.page))
        answer = self._client.post(self._url + path, data={"csrf": token, **fields})
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


@pytest.fixture
def visitors(urls: tuple[str, str]) -> Iterator[list[Visitor]]:
    with ExitStack() as stack:
        clients = [stack.enter_context(httpx.Client(timeout=DEADLINE, follow_redirects=True)) for _ in urls]
        yield [Visitor(url, client) for url, client in zip(urls, clients, strict=True)]


def test_files_that_are_not_python_are_the_same_but_for_the_runtime() -> None:
    assert files(START) ^ files(FINISH) == {"requirements.txt"}
    same = {name for name in files(START) if (START / name).read_bytes() == (FINISH / name).read_bytes()}
    assert files(START) - same == {"app.yaml", "main.py"}


@pytest.mark.app
@pytest.mark.parametrize("first", [0, 1], ids=["START first", "FINISH first"])
def test_each_app_shows_and_deletes_what_the_other_stored(visitors: list[Visitor], first: int) -> None:
    one, other = visitors[first], visitors[1 - first]
    one.sign("from one")
    assert "Thank you for your greeting." in one.page
    assert other.messages() == ["from one"]
    other.sign("from other")
    assert one.messages() == ["from other", "from one"]
    one.delete("from other")
    other.delete("from one")
    assert "Greetings: 0" in one.look()
    assert "Greetings: 0" in other.look()


def compare(capsys: pytest.CaptureFixture[str], new: Path, *options: str) -> tuple[object, str]:
    """Compare START with a folder by the recorded visits; return the exit code and what is printed."""
    files = ["--requests", str(GUESTBOOK / "visits.jsonl"), "--accepted", str(GUESTBOOK / "FINISH.accepted.yaml")]
    with pytest.raises(SystemExit) as ended:
        run(["compare", str(START), str(new), *files, *options])
    return ended.value.code, capsys.readouterr().out


@pytest.mark.app
def test_mistakes_that_no_page_shows_are_found_and_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "FINISH"
    shutil.copytree(FINISH, broken)
    text = (broken / "main.py").read_text()
    for old, new in re.findall(r"^-(.*)\n\+(.*)$", MISTAKES, re.MULTILINE):
        assert text.count(old) == 1
        text = text.replace(old, new)
    (broken / "main.py").write_text(text)
    code, printed = compare(capsys, broken)
    assert (code, re.findall(r"^\d+\. .*$", printed, re.MULTILINE)) == (
        1,
        [
            "1. GET /, POST /sign, POST /delete/*: the cookies differ, at session secure",
            "2. POST /sign: the entities that it writes differ, at Greeting.author_id",
            "3. GET /?page: the document differs, at html > body > article",
        ],
    )
    shown = [re.sub(r"\d{10,}|\d\d:\d\d.*", "", line) for line in printed.splitlines()]
    for line in FOUND.splitlines():
        assert line == "..." or re.sub(r"\d{10,}|\d\d:\d\d.*", "", line) in shown


@pytest.mark.app
@pytest.mark.lane("python27")
def test_start_on_python27_differs_from_finish_in_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert compare(capsys, FINISH, "--python27")[0] == 0

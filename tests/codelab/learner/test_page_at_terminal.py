"""The page's command in a real terminal, ended while it works."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest

from codelab.workspace import Workspace
from tests.codelab.learner.hand import Replace
from tests.codelab.learner.learner import Learner, checker_of
from tests.codelab.learner.terminal import begin, end_of
from tests.support.deadline import DEADLINE

# A page that has no end: it never answers, and no client's time-out ends it.
ENDLESS = """
@app.before_request
def drip():
    import os, time, flask
    with open({marker!r}, 'a') as marker:
        marker.write('%d\\n' % os.getpid())
    def parts():
        while True:
            yield ' '
            time.sleep(0.1)
    return flask.Response(parts())


@app.route('/')
"""


@pytest.mark.app
def test_ctrl_c_ends_page_and_apps_of_its_check_at_once(learner: Learner, tmp_path: Path) -> None:
    place, marker = "mod5-buildpacks", tmp_path / "marker"
    learner.makes(place, Replace("main.py", "@app.route('/')\n", ENDLESS.format(marker=str(marker))), after=3)
    child = begin(learner.course, "serve", "--port", "0")
    child.expect(r"Open (http://localhost:\d+)/")
    assert child.match
    url = f"{child.match[1]}/{place}"
    token = re.findall(r'name="token" value="([^"]+)"', httpx.get(f"{url}/step/3", timeout=DEADLINE).text)[0]
    with ThreadPoolExecutor() as pool:
        check = pool.submit(httpx.post, f"{url}/check", data={"token": token}, timeout=DEADLINE)
        end = time.monotonic() + DEADLINE
        while not marker.exists():
            assert time.monotonic() < end, "the check did not visit the app"
            time.sleep(0.05)
        begun = psutil.Process(child.pid).children(recursive=True)
        child.sendintr()
        answer = end_of(child)
        assert isinstance(check.exception(), httpx.HTTPError)
    answer.says()  # no traceback
    assert answer.code == 0
    _, alive = psutil.wait_procs(begun, timeout=DEADLINE)
    assert not alive
    assert not psutil.pid_exists(int(marker.read_text().split()[0]))
    # What was found when the apps were ended says nothing about the copy.
    assert Workspace(learner.course).read_verdict(checker_of(learner.course, place).ref) is None

"""`localcloud run` on the services of one App Engine app: their variables, and the rules of dispatch.yaml."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from tests.support.deadline import DEADLINE

pytestmark = pytest.mark.app

MAIN = """
import os

def app(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    names = (os.environ['GAE_SERVICE'], os.environ.get('COLOUR', 'none'), environ['PATH_INFO'])
    return [' '.join(names).encode('ascii')]
"""
PYTHON3 = "runtime: python314\n"
PYTHON27 = "runtime: python27\napi_version: 1\nthreadsafe: true\nhandlers:\n- url: .*\n  script: main.app\n"
WORKER = "service: worker\nenv_variables:\n  COLOUR: blue\n"
DISPATCH = "dispatch:\n- url: '*/jobs/*'\n  service: worker\n- url: '*.other.test/*'\n  service: worker\n"
STATIC = "handlers:\n- url: /jobs/static\n  static_dir: static\n- url: /.*\n  script: auto\n"


def files_of(runtime: str) -> dict[str, str]:
    return {"app.yaml": runtime, "worker.yaml": runtime + WORKER, "dispatch.yaml": DISPATCH, "main.py": MAIN}


def get(url: str, host: str = "") -> str:
    return httpx.get(url, headers={"Host": host} if host else {}, timeout=DEADLINE).text


def test_services_of_a_folder_run_together_and_dispatch_yaml_routes(localcloud, folder) -> None:
    app = folder({**files_of(PYTHON3), "worker.yaml": PYTHON3 + WORKER + STATIC, "static/a.txt": "static"})
    default, worker = localcloud("run", app).urls(2)
    assert get(f"{default}/") == "default none /"
    assert get(f"{default}/jobs/a?b=c") == "worker blue /jobs/a"
    # The other service's static files, its own address, and a host that a rule names.
    assert get(f"{default}/jobs/static/a.txt") == "static"
    assert get(f"{worker}/") == "worker blue /"
    assert get(f"{default}/", "www.other.test") == "worker blue /"
    assert get(f"{default}/_ah/jobs/a") == "default none /_ah/jobs/a"


@pytest.mark.parametrize("options", [(), pytest.param(("--python27",), marks=pytest.mark.lane("python27"))])
def test_python27_services_run_together(localcloud, folder, options) -> None:
    default, _ = localcloud("run", folder(files_of(PYTHON27)), *options).urls(2)
    assert get(f"{default}/") == "default none /"
    assert get(f"{default}/jobs/a") == "worker blue /jobs/a"


def test_services_in_folders_of_their_own_are_routed_by_the_rules_of_now(localcloud, folder, tmp_path: Path) -> None:
    app = folder({"default/app.yaml": PYTHON3, "default/main.py": MAIN, "rules/dispatch.yaml": DISPATCH})
    folder({"worker/app.yaml": PYTHON3 + WORKER, "worker/main.py": MAIN})
    command = localcloud("run", app / "default", app / "worker", app / "rules" / "dispatch.yaml")
    default, _ = command.urls(2)
    assert get(f"{default}/jobs/a") == "worker blue /jobs/a"
    (app / "rules" / "dispatch.yaml").write_text(DISPATCH.replace("/jobs/", "/later/"))
    command.wait_for(r"localcloud \| dispatch.yaml has changed: its new rules apply")
    assert get(f"{default}/jobs/a") == "default none /jobs/a"
    assert get(f"{default}/later/a") == "worker blue /later/a"


def test_save_restarts_every_service_of_the_folder(localcloud, folder) -> None:
    app = folder(files_of(PYTHON3))
    command = localcloud("run", app)
    default, _ = command.urls(2)
    assert get(f"{default}/jobs/a") == "worker blue /jobs/a"
    (app / "main.py").write_text(MAIN.replace("PATH_INFO", "REQUEST_METHOD"))
    command.wait_for(r"(?s)restarted.*restarted")
    assert (get(f"{default}/"), get(f"{default}/jobs/a")) == ("default none GET", "worker blue GET")


def test_yaml_file_of_one_service_is_run(localcloud, folder) -> None:
    (url,) = localcloud("run", folder(files_of(PYTHON3)) / "worker.yaml").urls()
    assert get(f"{url}/") == "worker blue /"


def test_service_that_does_not_run_is_noted(localcloud, folder) -> None:
    files = {name: text for name, text in files_of(PYTHON3).items() if name != "dispatch.yaml"}
    command = localcloud("run", folder(files))
    command.urls()
    command.wait_for(r'worker.yaml is the App Engine service "worker", which does not run')


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["app.yaml", "dispatch.yaml"], r'dispatch.yaml:2: no service "worker" runs; name its folder'),
        (["app.yaml", "worker.yaml", "worker.yaml", "dispatch.yaml"], r"dispatch.yaml:2: .* and .* are the service"),
        (["dispatch.yaml"], "dispatch.yaml alone is no app"),
        (["dispatch.yaml", "dispatch.yaml", "app.yaml"], "an app has one dispatch.yaml"),
    ],
)
def test_rules_that_cannot_be_followed_are_refused(localcloud, folder, arguments: list[str], message: str) -> None:
    app = folder(files_of(PYTHON3))
    command = localcloud("run", *(app / name for name in arguments))
    assert command.wait() == 1
    assert re.search(message, command.lines[-1])

"""The services of an App Engine app: which files they are, their names, and the rules of dispatch.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from datastore_emulator.errors import UserError
from localcloud.launch import read_plan
from localcloud.launch.dispatch import choose_rule, read_dispatch
from localcloud.launch.plan import Platform
from localcloud.launch.services import find_services
from localcloud.runtimes import Instance, ServiceAddresses
from localcloud.runtimes.variables import app_variables

MAIN = {"main.py": "app = None\n"}
APP = "runtime: python314\n"
WORKER = "runtime: python314\nservice: worker\nenv_variables:\n  COLOUR: blue\n"
DISPATCH = "dispatch:\n- url: '*/jobs/*'\n  service: worker\n"


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Write a folder of {path: text}, and return it as a person would name it."""
    monkeypatch.chdir(tmp_path)

    def write(files: Mapping[str, str]) -> Path:
        for name, text in files.items():
            (tmp_path / "app" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "app" / name).write_text(text)
        return Path("app")

    return write


@pytest.mark.parametrize(
    ("text", "service"),
    [
        (APP, "default"),
        (f"{APP}service: api\n", "api"),
        (f"{APP}module: old-name\n", "old-name"),
        ("runtime: python27\nservice: api\nhandlers:\n- url: .*\n  script: main.app\n", "api"),
    ],
)
def test_service_of_app_yaml_is_the_apps(read, tmp_path: Path, text: str, service: str) -> None:
    plan = read({"app.yaml": text, **MAIN})
    addresses = ServiceAddresses("demo", "127.0.0.1:1", ("127.0.0.1", 2), "ticket")
    variables = app_variables(plan, addresses, Instance("app", 3, tmp_path))
    assert (plan.service, variables["GAE_SERVICE"]) == (service, service)


@pytest.mark.parametrize("name", ["app.yml", "worker.yaml", "worker.yml"])
def test_folder_with_one_service_of_any_name_is_of_app_engine(read, name: str) -> None:
    plan = read({name: WORKER, "openapi.yaml": "swagger: '2.0'\n", "broken.yaml": "runtime: [", **MAIN})
    assert (plan.platform, plan.source.name, plan.environment) == (Platform.APP_ENGINE, name, {"COLOUR": "blue"})


@pytest.mark.parametrize("name", ["Dockerfile", "Procfile"])
def test_folder_with_a_file_of_cloud_run_and_another_service_is_of_cloud_run(read, name: str) -> None:
    text = {"Dockerfile": "FROM python:3.14\nCMD x\n", "Procfile": "web: x\n"}[name]
    assert read({name: text, "worker.yaml": WORKER, **MAIN}).platform is Platform.CLOUD_RUN


def test_yaml_file_of_another_runtime_makes_no_service(read) -> None:
    assert read({"node.yaml": "runtime: nodejs22\n", **MAIN}).platform is Platform.CLOUD_RUN


def test_function_beats_another_service_but_not_app_yml(read) -> None:
    function = {"main.py": "def show(request): pass\n"}
    assert read({"worker.yaml": WORKER, **function}, function="show").platform is Platform.FUNCTIONS


def test_several_services_without_app_yaml_are_refused_with_their_names(refusal) -> None:
    message = refusal({"a.yaml": WORKER, "b.yaml": f"{APP}service: b\n", **MAIN})
    assert message == "app: there are several services in it (a.yaml, b.yaml); name them: app/a.yaml app/b.yaml"


def test_yaml_file_of_a_service_may_be_named(write, tmp_path: Path) -> None:
    directory = write({"app.yaml": APP, "worker.yaml": WORKER, "Procfile": "web: x\n", **MAIN})
    plan = read_plan(directory / "worker.yaml", staging=tmp_path / "image")
    assert (plan.directory, plan.source, plan.service) == (directory, directory / "worker.yaml", "worker")


@pytest.mark.parametrize("options", [{}, {"platform": "cloudrun"}])
def test_other_file_in_place_of_a_folder_is_refused(write, tmp_path: Path, options) -> None:
    file = write({"main.py": "", "app.yaml": APP}) / ("app.yaml" if options else "main.py")
    with pytest.raises(UserError, match=f"{file}: is a file; name a folder with an app, or the YAML file"):
        read_plan(file, staging=tmp_path / "image", **options)


def test_folder_with_dispatch_yaml_stands_for_the_services_that_it_names(write) -> None:
    directory = write(
        {
            "app.yaml": APP,
            "app-staging.yaml": APP,
            "worker.yaml": WORKER,
            "api/app.yaml": f"{APP}service: api\n",
            "other/app.yaml": f"{APP}service: not-named\n",
            "dispatch.yaml": f"{DISPATCH}- url: '*/api/*'\n  service: api\n",
        }
    )
    found = find_services(directory)
    assert [str(place) for place in found.places] == ["app/app.yaml", "app/worker.yaml", "app/api/app.yaml"]
    assert (found.dispatch, found.notes) == (directory / "dispatch.yaml", ())


def test_service_that_does_not_run_is_noted(write) -> None:
    directory = write({"app.yaml": APP, "worker.yaml": WORKER, "staging.yaml": APP, **MAIN})
    found = find_services(directory)
    assert found.places == (directory,)
    assert found.notes == (
        'worker.yaml is the App Engine service "worker", which does not run; to run it, too, name app/worker.yaml',
    )


@pytest.mark.parametrize("place", ["app", "app/worker.yaml", "nowhere"])
def test_other_place_stands_for_itself(write, place: str) -> None:
    write({"worker.yaml": WORKER, **MAIN})
    assert find_services(Path(place)).places == (Path(place),)


def test_folder_of_another_platform_stands_for_itself(write) -> None:
    directory = write({"app.yaml": APP, "dispatch.yaml": DISPATCH})
    assert find_services(directory, app_engine=False).places == (directory,)


RULES = """
dispatch:
- url: "*/favicon.ico"
  service: default
- url: "simple-sample.appspot.com/"
  service: default
- url: "*/mobile/*"
  service: mobile
- url: "*/work*"
  module: worker
- url: "*.example.com/*"
  service: site
- url: "*.appspot.com/hosted/*"
  service: hosted
"""


@pytest.mark.parametrize(
    ("host", "path", "service"),
    [
        ("localhost", "/favicon.ico", "default"),
        ("localhost", "/favicon.ico.map", None),
        ("localhost", "/", "default"),
        ("demo.test", "/", None),
        ("localhost", "/mobile/", "mobile"),
        ("demo.test", "/mobile/a/b", "mobile"),
        ("localhost", "/mobile", None),
        ("localhost", "/working", "worker"),
        ("www.example.com", "/a", "site"),
        ("example.com", "/a", None),
        ("www.example.com", "/favicon.ico", "default"),
        ("localhost", "/hosted/x", "hosted"),
        ("localhost", "/_ah/work", None),
        ("www.example.com", "/_ah/x", None),
    ],
)
def test_first_rule_that_matches_host_and_path_counts(write, host: str, path: str, service: str | None) -> None:
    rules = read_dispatch(write({"dispatch.yaml": RULES}) / "dispatch.yaml")
    rule = choose_rule(rules, host, path)
    assert (rule.service if rule else None) == service


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dispatch: [", "dispatch.yaml:1: not valid YAML"),
        ("dispatch:\n- url: 'no-path'\n  service: a\n", "dispatch.yaml:2: App Engine refuses it: "),
        ("dispatch:\n- url: 'a*b/'\n  service: a\n", "dispatch.yaml:2: App Engine refuses it: "),
        ("dispatch:\n- service: a\n", "dispatch.yaml:2: App Engine refuses it: "),
        ("dispatch:\n- url: '*/'\n", "dispatch.yaml:2: App Engine refuses it: "),
        ("rules: 1\n", "dispatch.yaml:1: App Engine refuses it: "),
        (
            f"dispatch:\n- url: '*/{'a' * 100}'\n  service: a\n",
            "dispatch.yaml:2: App Engine takes at most 100 characters",
        ),
        ("dispatch:\n" + "- {url: '*/', service: a}\n" * 21, "dispatch.yaml:22: App Engine takes at most 20 rules"),
        ("dispatch:\n- 1\n", "dispatch.yaml"),
        ("- a\n", "dispatch.yaml:1: there are no keys in it"),
    ],
)
def test_dispatch_yaml_that_app_engine_refuses_is_one_line(write, text: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        read_dispatch(write({"dispatch.yaml": text}) / "dispatch.yaml")
    assert str(caught.value).startswith(f"app/{message}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "# nothing\n", "dispatch:\n"])
def test_dispatch_yaml_may_have_no_rules(write, text: str) -> None:
    assert read_dispatch(write({"dispatch.yaml": text}) / "dispatch.yaml") == ()

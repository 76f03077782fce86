"""Plans of Python 2 folders for App Engine's legacy SDK, which takes more than localcloud does."""

from __future__ import annotations

import pytest

from localcloud.launch.plan import Handler

APP_YAML = "runtime: python27\napi_version: 1\nthreadsafe: true\n"
REST = "handlers:\n- url: .*\n  script: main.app\n"


@pytest.fixture
def plan(read):
    def plan(text: str):
        return read({"app.yaml": text, "main.py": ""}, legacy_sdk=True)

    return plan


@pytest.mark.parametrize(
    "text",
    [
        "runtime: python\napi_version: 1\nhandlers:\n- url: .*\n  script: main.py\n",
        "runtime: python27\napi_version: 1\nthreadsafe: false\nhandlers:\n- url: /(.*)\n  script: pages/\\1.py\n",
        APP_YAML + "includes:\n- library\n",
        APP_YAML + "builtins:\n- django_wsgi: on\n",
        APP_YAML + "inbound_services:\n- xmpp_message\n- channel_presence\n" + REST,
        APP_YAML + "libraries:\n- name: django\n  version: '1.2'\n" + REST,
        APP_YAML + "api_config:\n  url: /_ah/spi/.*\n  script: main.api\n" + REST,
        APP_YAML + "manual_scaling:\n  instances: 2\n" + REST,
        APP_YAML + "env: standard\nbuiltins:\n- django_wsgi: on\n",
        APP_YAML + "application: <your-app-id>\nversion: YOUR VERSION\n" + REST,
    ],
    ids=lambda text: text.splitlines()[3].partition(":")[0] if text.startswith(APP_YAML) else text.splitlines()[-1],
)
def test_legacy_sdk_takes_what_localcloud_does_not(plan, text: str) -> None:
    assert plan(text).python == "2.7"


def test_sdk_serves_its_own_pages_before_static_files_of_the_front_end(plan) -> None:
    handlers = plan(APP_YAML + "handlers:\n- url: /css\n  static_dir: css\n- url: .*\n  script: main.app\n").handlers
    assert [(handler.url, handler.static_dir) for handler in handlers] == [
        ("/_ah/.*", None),
        ("/css", "css"),
        (".*", None),
    ]


def test_front_end_passes_on_what_only_the_sdk_has(plan) -> None:
    text = APP_YAML + "handlers:\n- url: /remote\n  script: google.appengine.ext.remote_api.handler.application\n"
    assert plan(text).handlers[1] == Handler(url="/remote", script="auto")


def test_front_end_passes_on_all_if_files_are_included(plan) -> None:
    # Their handlers may come before those of app.yaml.
    assert plan(APP_YAML + "includes:\n- library\nhandlers:\n- url: /css\n  static_dir: css\n").handlers == ()


def test_libraries_are_those_of_the_sdk_and_not_packages(plan) -> None:
    found = plan(APP_YAML + "libraries:\n- name: PIL\n  version: '1.1.7'\n- name: jinja2\n  version: latest\n" + REST)
    assert (found.libraries, found.packages) == ({"PIL": "1.1.7", "jinja2": "latest"}, ())


def test_python_3_folder_is_planned_as_without_the_sdk(read) -> None:
    found = read({"app.yaml": "runtime: python314\n", "main.py": "app = 1\n"}, legacy_sdk=True)
    assert (found.python, found.libraries) == ("3.14", {})


def test_app_yaml_without_any_handler_is_refused(refusal) -> None:
    assert refusal({"app.yaml": APP_YAML}, legacy_sdk=True).startswith("app.yaml:1: python27 needs `handlers`")

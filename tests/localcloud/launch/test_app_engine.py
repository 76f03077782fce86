"""App Engine: python3NN and python27, read by Google's own parser."""

import pytest

from localcloud.launch.plan import Handler, Platform
from tests.localcloud.launch.app_yaml import ALL_TO_MAIN, APP, CGI, PYTHON27


def shell(command):
    return ("/bin/sh", "-c", command)


@pytest.fixture
def read_yaml(read):
    return lambda text, **files: read({"main.py": APP, "app.yaml": text, **files})


def test_the_entrypoint_runs_in_a_shell_that_it_replaces(read_yaml):
    plan = read_yaml("runtime: python314\nentrypoint: gunicorn -b :$PORT main:app\n")
    assert plan.command == shell("exec gunicorn -b :$PORT main:app")


def test_an_entrypoint_brings_its_own_server(read_yaml):
    assert read_yaml("runtime: python314\nentrypoint: python main.py\n").packages == ()


def test_without_entrypoint_gunicorn_serves_main_app(read_yaml):
    plan = read_yaml("runtime: python314\n")
    assert (plan.command, plan.packages) == (shell("exec gunicorn -b :$PORT main:app"), ("gunicorn",))


def test_the_default_server_is_the_apps_own_gunicorn_if_it_names_one(read):
    plan = read({"main.py": APP, "app.yaml": "runtime: python314\n", "requirements.txt": "flask\nGunicorn==23.0.0\n"})
    assert plan.packages == ()


@pytest.mark.parametrize(
    ("runtime", "python"), [("python314", "3.14"), ("python37", "3.7"), ("python310", "3.10"), ("python315", "3.15")]
)
def test_the_runtime_names_the_python(read_yaml, runtime, python):
    assert read_yaml(f"runtime: {runtime}\n").python == python


def test_env_variables_are_text_as_app_engine_reads_them(read_yaml):
    plan = read_yaml("runtime: python314\nenv_variables:\n  PORTION: 8\n  DEBUG: true\n  NAME: 'x y'\n")
    assert plan.environment == {"PORTION": "8", "DEBUG": "True", "NAME": "x y"}


@pytest.mark.parametrize(
    ("text", "bundled"),
    [
        ("runtime: python314\n", False),
        ("runtime: python314\napp_engine_apis: false\n", False),
        ("runtime: python314\napp_engine_apis: true\n", True),
        ("app_engine_bundled_services:\n- memcache\n# next\nruntime: python314\n", True),
        (PYTHON27 + ALL_TO_MAIN, True),
    ],
)
def test_bundled_services_are_there_when_app_yaml_enables_them(read_yaml, text, bundled):
    assert read_yaml(text).bundled_services is bundled


@pytest.mark.parametrize(
    "text",
    [
        "vpc_access_connector:\n  name: projects/demo/locations/here/connectors/c\n",
        "vpc_access:\n  network_interfaces:\n  - network: default\n",
        "automatic_scaling:\n  max_instances: 1\n",
        "instance_class: F2\nservice: web\ninbound_services:\n- warmup\n",
        "default_expiration: 1d\nbuild_env_variables:\n  A: b\n",
    ],
)
def test_settings_without_a_meaning_here_are_accepted(read_yaml, text):
    assert read_yaml("runtime: python314\n" + text).python == "3.14"


def test_handlers_keep_their_order(read_yaml):
    plan = read_yaml(
        "runtime: python314\nhandlers:\n- url: /static\n  static_dir: assets\n"
        "- url: /(.*\\.ico)\n  static_files: icons/\\1\n  upload: icons/.*\n  mime_type: image/x-icon\n"
        "- url: /.*\n  script: auto\n  secure: always\n"
    )
    assert plan.handlers == (
        Handler(url="/static", static_dir="assets"),
        Handler(url="/(.*\\.ico)", static_files="icons/\\1", upload="icons/.*", mime_type="image/x-icon"),
        Handler(url="/.*", script="auto"),
    )


def test_static_files_are_sent_with_their_headers_and_age(read_yaml):
    plan = read_yaml(
        "runtime: python314\ndefault_expiration: 1m\nhandlers:\n"
        "- url: /a\n  static_dir: a\n  http_headers:\n    X-Kind: a\n"
        "- url: /b\n  static_dir: b\n  expiration: 1h 30s\n"
        "- url: /c\n  static_dir: c\n  http_headers:\n    cache-control: no-store\n"
        "- url: /.*\n  script: auto\n"
    )
    assert [dict(handler.http_headers) for handler in plan.handlers] == [
        {"X-Kind": "a", "Cache-Control": "public, max-age=60"},
        {"Cache-Control": "public, max-age=3630"},
        {"cache-control": "no-store"},
        {},
    ]


def test_python27_is_a_platform_without_a_command(read_yaml):
    plan = read_yaml(PYTHON27 + ALL_TO_MAIN)
    assert (plan.platform, plan.python, plan.command) == (Platform.APP_ENGINE_PYTHON27, "2.7", ())


def test_python27_handlers_name_wsgi_objects(read_yaml):
    assert read_yaml(PYTHON27 + ALL_TO_MAIN).handlers == (Handler(url=".*", script="main.app"),)


def test_python27_libraries_are_packages_by_todays_names(read_yaml):
    names = ["webapp2", "jinja2", "ssl", "enum", "PIL", "yaml", "setuptools", "grpcio"]
    libraries = "libraries:\n" + "".join(f"- name: {name}\n  version: latest\n" for name in names)
    packages = read_yaml(PYTHON27 + ALL_TO_MAIN + libraries).packages
    assert packages == ("webapp2", "jinja2", "pillow", "pyyaml", "setuptools", "grpcio")


def test_a_page_behind_a_login_says_who_may_see_it(read_yaml):
    handlers = (
        "handlers:\n- url: /a\n  script: main.app\n  login: admin\n  auth_fail_action: unauthorized\n"
        "- url: /b\n  script: main.app\n  login: required\n- url: /c\n  script: main.app\n  login: optional\n"
    )
    assert [(handler.login, handler.login_redirects) for handler in read_yaml(PYTHON27 + handlers).handlers] == [
        ("admin", False),
        ("required", True),
        (None, True),
    ]


def test_a_builtin_other_than_deferred_is_a_page_refused_alone(read_yaml):
    plan = read_yaml(PYTHON27 + "builtins:\n- remote_api: on\n- deferred: on\n- appstats: off\n" + ALL_TO_MAIN)
    assert plan.handlers == (
        Handler(
            url="/_ah/remote_api.*",
            refused="localcloud does not have python27's builtin remote_api (app/app.yaml:5); --python27 runs it",
        ),
        Handler(url="/_ah/queue/deferred", script="google.appengine.ext.deferred.deferred.application", login="admin"),
        Handler(url=".*", script="main.app"),
    )


def test_a_script_of_the_sdk_is_a_page_refused_alone(read_yaml):
    handlers = "handlers:\n- url: /_ah/stats\n  script: google.appengine.ext.appstats.ui.app\n"
    assert read_yaml(PYTHON27 + handlers).handlers == (
        Handler(
            url="/_ah/stats",
            refused="localcloud does not have google.appengine.ext.appstats.ui.app of python27's SDK (app/app.yaml:6); "
            "--python27 has it",
        ),
    )


@pytest.mark.parametrize("vendored", ["site/__init__.py", "site.py", "lib/site/__init__.py", "lib/site.py"])
def test_a_script_may_be_in_a_package_or_a_vendored_library(read, vendored):
    plan = read({"app.yaml": PYTHON27 + "handlers:\n- url: .*\n  script: site.views.app\n", vendored: ""})
    assert plan.handlers[0].script == "site.views.app"


def test_an_app_of_the_first_runtime_may_have_cgi_scripts_and_a_placeholder(read_yaml):
    plan = read_yaml("application: YOUR_APP\nversion: [x]\n" + CGI + "- url: .*\n  script: main.py\n")
    assert (plan.python, plan.handlers) == ("2.7", (Handler(url=".*", script="main.py"),))


def test_script_that_is_not_there_is_left_to_its_pages_if_there_is_another(read_yaml):
    plan = read_yaml(
        CGI + "- url: /a\n  script: old/main.py\n- url: /b\n  script: gone.app\n- url: .*\n  script: main.py\n"
    )
    assert [handler.script for handler in plan.handlers] == ["old/main.py", "gone.app", "main.py"]


def test_included_files_bring_handlers_before_and_behind_and_variables(read):
    first = "handlers:\n- url: /first\n  static_dir: www\n- url: /last\n  script: main.app\n  position: tail\n"
    plan = read(
        {
            "main.py": APP,
            "app.yaml": PYTHON27 + "env_variables:\n  A: own\n  B: own\n" + ALL_TO_MAIN + "includes:\n- lib\n",
            "lib/include.yaml": first + "includes:\n- deeper.yaml\n- lib/include.yaml\nenv_variables:\n  B: included\n",
            "lib/deeper.yaml": "builtins:\n- default: on\n- deferred: on\n- appstats: off\n",
        }
    )
    assert [handler.url for handler in plan.handlers] == ["/first", "/_ah/queue/deferred", ".*", "/last"]
    assert plan.environment == {"A": "own", "B": "included"}


def test_messages_that_nobody_delivers_are_a_route_refused_alone(read_yaml):
    plan = read_yaml(PYTHON27 + ALL_TO_MAIN + "inbound_services:\n- mail\n- xmpp_message\n")
    assert plan.handlers[0] == Handler(
        url="/_ah/xmpp/message/chat/",
        refused='localcloud does not deliver messages of the inbound service "xmpp_message" (app/app.yaml:9)',
    )
    assert plan.handlers[1:] == (Handler(url=".*", script="main.app"),)


def test_refused_route_leaves_the_others_to_an_app_without_handlers(read_yaml):
    plan = read_yaml("runtime: python314\ninbound_services:\n- mail_bounce\n")
    assert [(handler.url, handler.script) for handler in plan.handlers] == [("/_ah/bounce", None), ("/.*", "auto")]


FLEX = "runtime: python\nenv: flex\nservice: api\nentrypoint: gunicorn -b :$PORT main:app\nenv_variables:\n  A: b\n"


def test_flexible_environment_runs_its_entrypoint_as_a_container(read_yaml):
    plan = read_yaml(FLEX + "runtime_config:\n  operating_system: ubuntu24\n  runtime_version: '3.13'\n")
    assert (plan.platform, plan.python, plan.service) == (Platform.CLOUD_RUN, "3.13", "api")
    assert plan.command == shell("gunicorn -b :$PORT main:app")
    assert plan.environment == {"A": "b"}
    assert plan.notes == (
        "app/app.yaml:2: the flexible environment runs containers; here the app gets the headers and the K_ variables "
        "of a container on Cloud Run",
    )


@pytest.mark.parametrize(("version", "python"), [("2", "2.7"), ("3", None), ("3.7", "3.7")])
def test_flexible_environment_may_ask_for_a_python(read_yaml, version, python):
    assert read_yaml(FLEX + f"runtime_config:\n  python_version: {version}\n").python == python


def test_flexible_environment_of_a_custom_runtime_builds_its_dockerfile(read):
    plan = read(
        {
            "app.yaml": "runtime: custom\nenv: flex\nenv_variables:\n  A: from app.yaml\n",
            "Dockerfile": "FROM python:3.14\nENV A=image B=image\nWORKDIR /app\nCOPY . .\nCMD python main.py\n",
            "main.py": APP,
        }
    )
    assert (plan.command, plan.environment) == (shell("python main.py"), {"A": "from app.yaml", "B": "image"})


def test_static_handlers_alone_need_no_app(read):
    handlers = "handlers:\n- url: /(.*)\n  static_files: www/\\1\n  upload: www/.*\n"
    plan = read({"app.yaml": f"runtime: python314\n{handlers}", "www/index.html": "x"})
    assert plan.command == ()
    assert [handler.static_files for handler in plan.handlers] == ["www/\\1"]

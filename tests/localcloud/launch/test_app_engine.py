"""App Engine: python3NN and python27, read by Google's own parser."""

import pytest

from localcloud.launch.plan import Handler, Platform

APP = "app = None\n"
PYTHON27 = "runtime: python27\napi_version: 1\nthreadsafe: true\n"
CGI = "runtime: python\napi_version: 1\nhandlers:\n"
ALL_TO_MAIN = "handlers:\n- url: .*\n  script: main.app\n"


def shell(command):
    return ("/bin/sh", "-c", command)


@pytest.fixture
def read_yaml(read):
    return lambda text, **files: read({"main.py": APP, "app.yaml": text, **files})


@pytest.fixture
def refusal_of(refusal):
    return lambda text: refusal({"main.py": APP, "app.yaml": text})


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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        # Not a deployment file at all.
        ("", 'app.yaml:1: there are no keys in it; write lines such as "runtime: python314"'),
        ("runtime python314\n", 'app.yaml:1: there are no keys in it; write lines such as "runtime: python314"'),
        ("- runtime\n", 'app.yaml:1: there are no keys in it; write lines such as "runtime: python314"'),
        (
            "runtime: python314\n\tservice: web\n",
            "app.yaml:2: not valid YAML: found character '\\t' that cannot start any token",
        ),
        ("service: web\n", 'app.yaml:1: there is no runtime; add a line "runtime: python314"'),
        # What App Engine knows nothing of.
        (
            "runtime: python314\nenv_variable:\n  A: b\n",
            'app.yaml:2: App Engine has no key "env_variable"; did you mean "env_variables"?',
        ),
        ("runtime: python314\n\nqqqq: 1\n", 'app.yaml:3: App Engine has no key "qqqq"; remove it'),
        (
            "runtime: python314\nservice: Web Site\n",
            "app.yaml:2: App Engine refuses it: Unable to assign value 'Web Site' to attribute 'service'",
        ),
        (
            "runtime: python314\nhandlers:\n- url: ^/a$\n  script: auto\n",
            "app.yaml:3: App Engine refuses it: Unable to assign value '^/a$' to attribute 'url'",
        ),
        (
            "runtime: python314\nhandlers:\n- url: /a\n  static_files: b\n\n# end\nservice: web\n",
            'app.yaml:4: App Engine refuses it: Missing "upload" attribute for URL "/a".',
        ),
        (
            "runtime: python314\nhandlers:\n- {url: /a, static_files: b}\nservice: web\n",
            'app.yaml:3: App Engine refuses it: Missing "upload" attribute for URL "/a".',
        ),
        (
            "runtime: python314\nhandlers:\n- url: /a(\n  script: auto\n",
            'app.yaml:3: "/a(" is not a regular expression that App Engine accepts (missing ): /a()',
        ),
        (
            "{runtime: python314, vpc_access: {}}\n",
            "app.yaml:1: App Engine refuses it: Unexpected attribute 'vpc_access'",
        ),
        # Other languages, versions and environments.
        (
            "service: web\nruntime: go125\n",
            'app.yaml:2: localcloud runs Python apps only, not "runtime: go125"; use that language\'s own tools',
        ),
        ("runtime: nodejs24\n", "app.yaml:1: localcloud runs Python apps"),
        ("runtime: python3\n", 'app.yaml:1: App Engine has no runtime "python3"; write one such as python314'),
        ("runtime: python36\n", 'app.yaml:1: App Engine has no runtime "python36"; write one'),
        (
            "env: flex\nruntime: ruby\n",
            "app.yaml:2: localcloud runs Python and Dockerfiles of the flexible environment only, "
            'not "runtime: ruby"; use that language\'s own tools',
        ),
        ("runtime: python27\nvm: yes\n", "app.yaml:1: localcloud runs Python and Dockerfiles of the flexible"),
        ("env: flex\nruntime: custom\n", 'app.yaml:2: "runtime: custom" needs a Dockerfile beside this file; add it'),
        (
            "runtime: python\nenv: flex\nruntime_config:\n  runtime_version: new\n",
            'app.yaml:4: "new" is not a Python version; write one such as "3.14"',
        ),
        # python3's own rules.
        (
            "runtime: python314\nhandlers:\n- url: .*\n  script: main.app\n",
            'app.yaml:4: on Python 3 the entrypoint serves the app; write "script: auto" instead of "main.app"',
        ),
        (
            "runtime: python314\nlibraries:\n- name: flask\n  version: latest\n",
            "app.yaml:2: `libraries` belongs to python27; name what the app needs in requirements.txt",
        ),
        (
            "runtime: python314\nentrypoint:\n- gunicorn\n",
            "app.yaml:2: `entrypoint` is not a string; write one, such as gunicorn -b :$PORT main:app",
        ),
        (
            "runtime: python314\napp_engine_apis: true\napp_engine_bundled_services: [memcache]\n",
            "app.yaml:2: App Engine takes either this or `app_engine_bundled_services`; remove one",
        ),
        # python27's own rules.
        (
            PYTHON27,
            "app.yaml:1: python27 needs `handlers` that name the app's WSGI object; "
            'add one with "url: .*" and "script: main.app"',
        ),
        (
            PYTHON27 + "handlers:\n- url: .*\n  script: main.py\n",
            'app.yaml:6: App Engine refuses the CGI script "main.py" beside "threadsafe: true"; '
            'write "threadsafe: false", or a WSGI object ("script: main.app" for a top-level '
            "app = webapp2.WSGIApplication(...))",
        ),
        (CGI + "- url: .*\n  script: old/main.py\n", 'app.yaml:5: "old/main.py" is not in app; add it'),
        (CGI + "- url: .*\n  script: ../main.py\n", "app.yaml:5: "),
        (
            CGI + "- url: /(.*)\n  script: \\1.py\n",
            'app.yaml:5: "\\1.py" takes the name of a script from the URL, which works on 2.7 only; '
            "run the app on a real Python 2.7 with --python27 (pyenv install 2.7.18 installs one)",
        ),
        (
            PYTHON27 + "handlers:\n- url: .*\n  script: main\n",
            'app.yaml:6: "main" does not name a WSGI object; write its module and its name, such as main.app',
        ),
        (
            PYTHON27 + "handlers:\n- url: .*\n  script: views.pages.app\n",
            'app.yaml:6: "views.pages.app" needs views/pages.py, which is not in app',
        ),
        (
            PYTHON27 + ALL_TO_MAIN + "entrypoint: gunicorn main:app\n",
            "app.yaml:7: python27 has no entrypoint: `handlers` name the WSGI object; remove it",
        ),
        (
            PYTHON27 + ALL_TO_MAIN + "libraries:\n- name: webapp2\n  version: latest\n- name: endpoints\n",
            'app.yaml:10: "endpoints" exists for Python 2 only; '
            "run the app on a real Python 2.7 with --python27 (pyenv install 2.7.18 installs one)",
        ),
        (
            PYTHON27 + ALL_TO_MAIN + "libraries:\n- name: nosuch\n  version: latest\n",
            'app.yaml:9: App Engine refuses it: the library "nosuch" is not supported',
        ),
        # What App Engine has and localcloud has not.
        (
            PYTHON27 + ALL_TO_MAIN + "includes:\n- lib/user.yaml\n",
            "app.yaml:8: lib/user.yaml is not in app; add it, or remove it from `includes`",
        ),
        (PYTHON27 + ALL_TO_MAIN + "includes:\n- ../user.yaml\n", "app.yaml:8: "),
        (
            "runtime: python314\nincludes:\n- more.yaml\n",
            "app.yaml:2: `includes` belongs to python27; name what the app needs in requirements.txt",
        ),
        (
            PYTHON27 + ALL_TO_MAIN + "inbound_services:\n- warmup\n- post\n",
            'app.yaml:9: App Engine has no inbound service "post"; write one of channel_presence, mail, mail_bounce, ',
        ),
        (
            PYTHON27 + ALL_TO_MAIN + "builtins:\n- sessions: on\n",
            'app.yaml:8: App Engine has no builtin "sessions"; write one of admin_redirect, appstats, ',
        ),
        (
            PYTHON27 + ALL_TO_MAIN + "backends:\n- name: old\n",
            "app.yaml:7: localcloud has no `backends` on Python 3; run the app on a real Python 2.7 with --python27",
        ),
        (
            "runtime: python314\napi_config:\n  url: /_ah/api\n",
            "app.yaml:2: localcloud has no `api_config`; remove it to run the rest of the app",
        ),
    ],
)
def test_what_cannot_run_is_refused_by_line(refusal_of, text, message):
    assert refusal_of(text).startswith(message)


def test_a_refusal_leaves_out_the_parsers_dump(refusal_of):
    text = "runtime: python314\nhandlers:\n- url: /a\n"
    assert refusal_of(text) == "app.yaml:3: App Engine refuses it: Unknown url handler type."


def test_the_default_entrypoint_needs_main_py(refusal):
    assert refusal({"app.yaml": "service: web\nruntime: python314\n"}) == (
        "app.yaml:2: without `entrypoint` App Engine serves main:app, and there is no main.py; add one of them"
    )


def test_the_advice_about_a_cgi_script_names_its_wsgi_object(refusal):
    message = refusal(
        {
            "app.yaml": PYTHON27 + "handlers:\n- url: .*\n  script: main.py\n",
            "main.py": "application = webapp.WSGIApplication([])\n\ndef main():\n    run_wsgi_app(application)\n",
        }
    )
    assert '"script: main.application"' in message


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


def test_error_in_an_included_file_names_that_file(refusal):
    files = {"main.py": APP, "app.yaml": PYTHON27 + ALL_TO_MAIN + "includes:\n- more.yaml\n"}
    included = "handlers:\n- url: /a\n  static_files: a.txt\n"
    assert refusal({**files, "more.yaml": included}).startswith('more.yaml:3: App Engine refuses it: Missing "upload"')


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


def test_handler_for_the_app_needs_one(refusal):
    handlers = "handlers:\n- url: /static\n  static_dir: www\n- url: .*\n  script: auto\n"
    message = refusal({"app.yaml": f"runtime: python314\n{handlers}", "www/index.html": "x"})
    assert message.startswith("app.yaml:1: without `entrypoint`")

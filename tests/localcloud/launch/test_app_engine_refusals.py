"""App Engine: what is refused in app.yaml, each by its line."""

import pytest

from tests.localcloud.launch.app_yaml import ALL_TO_MAIN, APP, CGI, PYTHON27


@pytest.fixture
def refusal_of(refusal):
    return lambda text: refusal({"main.py": APP, "app.yaml": text})


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


def test_error_in_an_included_file_names_that_file(refusal):
    files = {"main.py": APP, "app.yaml": PYTHON27 + ALL_TO_MAIN + "includes:\n- more.yaml\n"}
    included = "handlers:\n- url: /a\n  static_files: a.txt\n"
    assert refusal({**files, "more.yaml": included}).startswith('more.yaml:3: App Engine refuses it: Missing "upload"')


def test_handler_for_the_app_needs_one(refusal):
    handlers = "handlers:\n- url: /static\n  static_dir: www\n- url: .*\n  script: auto\n"
    message = refusal({"app.yaml": f"runtime: python314\n{handlers}", "www/index.html": "x"})
    assert message.startswith("app.yaml:1: without `entrypoint`")

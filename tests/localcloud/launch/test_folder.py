"""The file that decides the platform of a folder, and the refusal of a folder that has none."""

import pytest

from datastore_emulator.errors import UserError
from localcloud.launch import read_plan
from localcloud.launch.plan import Platform

APP = "app = None\n"
FUNCTION = "def visitme(request):\n    return 'hello'\n"
APP_YAML = "runtime: python314\n"
DOCKERFILE = "FROM python:3.14-slim\nCMD gunicorn -b :$PORT main:app\n"
NEITHER = (
    'main.py: there is neither a WSGI object named "app" nor a function that takes a request or an event; '
    'write a Procfile with "web: COMMAND" for what starts the app'
)
PROCFILE = "web: gunicorn -b :$PORT main:app\n"


@pytest.mark.parametrize(
    ("files", "options", "platform", "source"),
    [
        ({"app.yaml": APP_YAML, "Dockerfile": DOCKERFILE}, {}, Platform.APP_ENGINE, "app.yaml"),
        ({"Dockerfile": DOCKERFILE, "Procfile": PROCFILE}, {}, Platform.CLOUD_RUN, "Dockerfile"),
        ({"Procfile": PROCFILE}, {"function": "visitme"}, Platform.CLOUD_RUN, "Procfile"),
        ({}, {"function": "visitme"}, Platform.FUNCTIONS, "main.py"),
        ({"Procfile": PROCFILE, "main.py": FUNCTION}, {}, Platform.CLOUD_RUN, "Procfile"),
        ({}, {}, Platform.CLOUD_RUN, "main.py"),
        ({"main.py": "from views import *\n"}, {}, Platform.CLOUD_RUN, "main.py"),
        (
            {"main.py": APP, "requirements.txt": "functions-framework\n"},
            {},
            Platform.CLOUD_RUN,
            "main.py",
        ),
        ({"app.yaml": APP_YAML}, {"function": "visitme"}, Platform.APP_ENGINE, "app.yaml"),
        ({"Dockerfile": DOCKERFILE}, {"function": "visitme"}, Platform.CLOUD_RUN, "Dockerfile"),
        ({"app.yaml": APP_YAML}, {"platform": "cloudrun"}, Platform.CLOUD_RUN, "main.py"),
        ({"app.yaml": APP_YAML, "Dockerfile": DOCKERFILE}, {"platform": "cloudrun"}, Platform.CLOUD_RUN, "Dockerfile"),
        (
            {"app.yaml": APP_YAML, "Procfile": PROCFILE},
            {"platform": "functions", "function": "visitme"},
            Platform.FUNCTIONS,
            "main.py",
        ),
    ],
)
def test_the_first_deployment_file_decides(read, files, options, platform, source):
    plan = read({"main.py": APP + FUNCTION, **files}, **options)
    assert (plan.platform, plan.source.name) == (platform, source)


@pytest.mark.parametrize(
    ("files", "options", "message"),
    [
        (
            {"README.md": ""},
            {},
            "app: there is no app.yaml, Dockerfile, Procfile or main.py in it; name a folder with an app",
        ),
        (
            {"START/app.yaml": "", "FINISH/Procfile": "", "docs/index.md": ""},
            {},
            "app: there is no app.yaml, Dockerfile, Procfile or main.py in it; "
            "name one of the folders in it (FINISH, START)",
        ),
        (
            {"main.py": APP},
            {"platform": "appengine"},
            'app: App Engine needs an app.yaml; add one with "runtime: python314"',
        ),
        (
            {"README.md": ""},
            {"platform": "cloudrun"},
            'app: there is no main.py for Buildpacks to serve; add one, or a Procfile with "web: COMMAND"',
        ),
        (
            {"main.py": FUNCTION},
            {},
            "main.py: the folder needs the name of the function to serve; pass --function NAME with one of visitme",
        ),
        (
            {"main.py": APP + FUNCTION, "requirements.txt": "Functions_Framework==3.10.1\n"},
            {},
            "main.py: the folder needs the name of the function to serve; pass --function NAME with one of visitme",
        ),
        (
            {"main.py": "from views import *\n", "requirements.txt": "functions-framework\n"},
            {},
            "main.py: the folder needs the name of the function to serve; pass --function NAME",
        ),
        ({"main.py": "print('hello')\n"}, {}, NEITHER),
        (
            {"README.md": ""},
            {"platform": "functions"},
            NEITHER,
        ),
        (
            {"main.py": APP, "pyproject.toml": '[project]\nname = "app"\ndependencies = ["flask"]\n'},
            {},
            "pyproject.toml:3: localcloud installs packages from requirements.txt only, and there is none; "
            "write one (uv export --no-hashes -o requirements.txt)",
        ),
    ],
)
def test_folder_that_cannot_be_run_is_refused_with_advice(refusal, files, options, message):
    assert refusal(files, **options) == message


def test_an_entrypoint_from_outside_needs_no_app_in_main_py(read, monkeypatch):
    monkeypatch.setenv("GOOGLE_ENTRYPOINT", "python main.py")
    assert read({"main.py": FUNCTION}).command[-1] == "python main.py"


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(UserError, match="nowhere: does not exist; name a folder with an app"):
        read_plan(tmp_path / "nowhere", staging=tmp_path / "image")


def test_pyproject_with_tool_settings_only_has_no_dependencies(read):
    plan = read({"main.py": APP, "pyproject.toml": "[tool.ruff]\nline-length = 100\n"})
    assert plan.requirements == ()


def test_a_byte_order_mark_is_no_part_of_the_text(read):
    assert read({"Procfile": "\ufeffweb: gunicorn main:app\n"}).command[-1] == "gunicorn main:app"


def test_a_file_that_is_not_utf_8_is_named_with_its_line(tmp_path):
    (tmp_path / "Procfile").write_bytes(b"# one\nweb: caf\xe9\n")
    with pytest.raises(UserError, match="Procfile:2: not UTF-8; save the file as UTF-8"):
        read_plan(tmp_path, staging=tmp_path / "image")

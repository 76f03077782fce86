"""Folders that Buildpacks build: a Procfile, another entrypoint, or the default."""

import pytest

APP = "app = None\n"


def shell(command):
    return ("/bin/sh", "-c", command)


def test_the_web_process_is_the_command(read):
    plan = read({"Procfile": "# how it starts\n\nworker: python work.py\nweb:  gunicorn -b :$PORT main:app \n"})
    assert plan.command == shell("gunicorn -b :$PORT main:app")


def test_a_procfile_brings_no_server_of_its_own(read):
    plan = read({"Procfile": "web: gunicorn -b :$PORT main:app\n", "requirements.txt": "flask\n"})
    assert plan.packages == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "# comment\n\nweb gunicorn\n",
            'Procfile:3: cannot read "web gunicorn" as a process; write a line such as "web: COMMAND"',
        ),
        ("web:\n", 'Procfile:1: cannot read "web:" as a process; write a line such as "web: COMMAND"'),
        (
            " web: gunicorn\n",
            'Procfile:1: cannot read "web: gunicorn" as a process; write a line such as "web: COMMAND"',
        ),
        ("web: a\nweb: b\n", 'Procfile:2: "web" is already on line 1; remove one of the two'),
        (
            "web server: a\n",
            'Procfile:1: cannot read "web server: a" as a process; write a line such as "web: COMMAND"',
        ),
        (
            "worker: a\nclock: b\n",
            'Procfile: there is no "web" process (only worker, clock); add a line "web: COMMAND"',
        ),
        ("", 'Procfile: there is no "web" process (the file is empty); add a line "web: COMMAND"'),
    ],
)
def test_faulty_procfile_is_refused_with_its_line(refusal, text, message):
    assert refusal({"Procfile": text}) == message


def test_google_entrypoint_beats_the_procfile(read, monkeypatch):
    monkeypatch.setenv("GOOGLE_ENTRYPOINT", "python serve.py")
    assert read({"Procfile": "web: gunicorn main:app\n"}).command == shell("python serve.py")


def test_the_procfile_beats_app_yaml(read):
    files = {"Procfile": "web: from-procfile\n", "app.yaml": "runtime: python314\nentrypoint: from-app-yaml\n"}
    assert read(files, platform="cloudrun").command == shell("from-procfile")


def test_app_yamls_entrypoint_beats_the_default(read):
    files = {"main.py": APP, "app.yaml": "runtime: python314\nentrypoint: from-app-yaml\nenv_variables:\n  A: b\n"}
    plan = read(files, platform="cloudrun")
    assert (plan.command, plan.environment) == (shell("from-app-yaml"), {})


@pytest.mark.parametrize(
    ("files", "command", "packages"),
    [
        ({"main.py": APP}, "exec gunicorn -b :$PORT main:app", ("gunicorn",)),
        (
            {"main.py": APP, "requirements.txt": "gunicorn==23.0.0"},
            "exec gunicorn -b :$PORT main:app",
            (),
        ),
        ({"app.py": APP}, "exec gunicorn -b :$PORT app:app", ("gunicorn",)),
        (
            {"main.py": APP, "requirements.txt": "# uvicorn\nfastapi[standard]\n"},
            "exec uvicorn main:app --port $PORT --host 0.0.0.0",
            (),
        ),
        (
            {"main.py": APP, "requirements.txt": "uvicorn\ngunicorn\n"},
            "exec gunicorn -b :$PORT main:app",
            (),
        ),
        (
            {"main.py": APP, "requirements.txt": "uvicorn\n", ".python-version": "3.12\n"},
            "exec gunicorn -b :$PORT main:app",
            ("gunicorn",),
        ),
        (
            {"main.py": APP, "app.yaml": "runtime: python314\n"},
            "exec gunicorn -b :$PORT main:app",
            ("gunicorn",),
        ),
    ],
)
def test_the_default_server_is_the_buildpacks_own(read, files, command, packages):
    plan = read(files, platform="cloudrun")
    assert (plan.command, plan.packages) == (shell(command), packages)


@pytest.mark.parametrize(
    ("files", "python"),
    [
        ({}, None),
        ({".python-version": "# newest\n3.13\n"}, "3.13"),
        ({".python-version": "3.13.2"}, "3.13"),
        ({".python-version": "3"}, None),
        ({".python-version": "3.11", "runtime.txt": "python-3.12.1"}, "3.11"),
        ({"runtime.txt": "python-3.12.1\n"}, "3.12"),
    ],
)
def test_the_python_asked_for_is_in_the_plan(read, files, python):
    assert read({"main.py": APP, **files}).python == python


def test_google_python_version_beats_the_files(read, monkeypatch):
    monkeypatch.setenv("GOOGLE_PYTHON_VERSION", "3.14.x")
    assert read({"main.py": APP, ".python-version": "3.13"}).python == "3.14"


def test_a_faulty_google_python_version_is_named(refusal, monkeypatch):
    monkeypatch.setenv("GOOGLE_PYTHON_VERSION", "newest")
    assert refusal({"main.py": APP}) == (
        'GOOGLE_PYTHON_VERSION: "newest" is not a Python version; write one such as "3.14"'
    )


def test_requirements_txt_is_installed(read):
    plan = read({"main.py": APP, "requirements.txt": "flask\n"})
    assert [file.name for file in plan.requirements] == ["requirements.txt"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\nlatest\n", '.python-version:2: "latest" is not a Python version; write one such as "3.14"'),
        (
            "2.7",
            ".python-version:1: Buildpacks build Python 3 only, not 2.7; use a Dockerfile for Python 2",
        ),
    ],
)
def test_a_python_that_buildpacks_do_not_have_is_refused(refusal, text, message):
    assert refusal({"main.py": APP, ".python-version": text}) == message

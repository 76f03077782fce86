"""Unusual but valid deployment files mean the same to the launcher and to `codelab check` as plain ones."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from codelab.check.facts import Fact, file_facts
from localcloud.launch import read_plan

FOLDER = {"main.py": "app = None\n", "requirements.txt": "gunicorn==23.0.0\nFlask==3.1.3\n"}
COMMAND = "gunicorn -b :$PORT main:app"
START = f"ENTRYPOINT exec {COMMAND}\n"
DOCKERFILE = f"""\
FROM python:3.14-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
{START}"""
APP_YAML = f"runtime: python314\nentrypoint: {COMMAND}\nenv_variables:\n  PROXY_HOPS: 1\n"
PROCFILE = f"web: {COMMAND}\n"
REQUIREMENTS = FOLDER["requirements.txt"]


def replaced(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new)


def dockerfile(old: str, new: str) -> tuple[str, str, str]:
    return "Dockerfile", DOCKERFILE, replaced(DOCKERFILE, old, new)


RUN = "pip install --no-cache-dir -r"
SAME = {
    "an empty line in a continued instruction": dockerfile(RUN, "pip install \\\n\n  --no-cache-dir -r"),
    "a line of spaces in a continued instruction": dockerfile(RUN, "pip install \\\n  \t\n  --no-cache-dir -r"),
    "a comment in a continued instruction": dockerfile(RUN, "pip install \\\n  # no cache\n  --no-cache-dir -r"),
    "a comment that ends in a backslash": dockerfile("COPY . .", "# all \\\nCOPY . ."),
    "a comment that ends in a backslash, continued": dockerfile(RUN, "pip install \\\n# \\\n --no-cache-dir -r"),
    "spaces behind the backslash": dockerfile(RUN, "pip install \\ \t\n  --no-cache-dir -r"),
    "an instruction's name alone on its line": dockerfile("RUN pip", "RUN \\\n  pip"),
    "a backslash at the end of the file": dockerfile(START, f"{START[:-1]} \\\n"),
    "no line end at the end of the file": dockerfile(START, START[:-1]),
    "parser directives": dockerfile("FROM", "# syntax=docker/dockerfile:1\n#check = skip=all\nFROM"),
    "an escape directive": dockerfile("FROM", "# escape=\\\nFROM"),
    "another escape character": (
        "Dockerfile",
        DOCKERFILE,
        "# escape=`\n" + replaced(DOCKERFILE, RUN, "pip install `\n\n# comment\n  --no-cache-dir -r"),
    ),
    "a directive that is only a comment": dockerfile("FROM", "# a comment\n# escape=x\nFROM"),
    "Windows line ends": ("Dockerfile", DOCKERFILE, DOCKERFILE.replace("\n", "\r\n")),
    "a byte order mark": ("Dockerfile", DOCKERFILE, f"\ufeff{DOCKERFILE}"),
    "names in lower case": dockerfile("ENTRYPOINT", "entrypoint"),
    "an indented instruction and comment": dockerfile("COPY . .", "  # all\n  COPY . ."),
    "ADD for COPY": ("Dockerfile", DOCKERFILE, replaced(DOCKERFILE, "COPY", "ADD")),
    "COPY as a list": dockerfile("COPY . .", 'COPY [".", "."]'),
    "COPY with an owner": dockerfile("COPY . .", "COPY --chown=nobody . ."),
    "a stage with a name": dockerfile("python:3.14-slim", "--platform=linux/amd64 python:3.14-slim AS app"),
    "an image by its digest": dockerfile("3.14-slim", f"3.14-slim@sha256:{'0' * 64}"),
    "an argument in FROM": dockerfile("FROM python:3.14-slim", "ARG TAG=3.14-slim\nFROM python:${TAG}"),
    "arguments of arguments in FROM": dockerfile(
        "FROM python:3.14-slim", "ARG V=3.14\nARG TAG=$V-slim\nFROM python:$TAG"
    ),
    "a shell in a list": dockerfile(START, f'ENTRYPOINT ["sh", "-c", "exec {COMMAND}"]\n'),
    "CMD for ENTRYPOINT": dockerfile("ENTRYPOINT", "CMD"),
    "a CMD that does not count": dockerfile(START, f'CMD ["flask", "--debug"]\n{START}'),
    "an ENTRYPOINT that does not count": dockerfile(START, f"ENTRYPOINT flask --debug\n{START}"),
    "a CMD with the arguments": (
        "Dockerfile",
        replaced(DOCKERFILE, START, 'ENTRYPOINT ["gunicorn", "--preload", "main:app"]\n'),
        replaced(DOCKERFILE, START, 'CMD ["--preload", "main:app"]\nENTRYPOINT ["gunicorn"]\n'),
    ),
    "comments in YAML": ("app.yaml", APP_YAML, f"# first\n{APP_YAML.replace('314', '314  # newest')}\n# last\n"),
    "quotes in YAML": ("app.yaml", APP_YAML, replaced(APP_YAML, "python314", "'python314'")),
    "another order in YAML": (
        "app.yaml",
        APP_YAML,
        APP_YAML.replace("runtime: python314\n", "") + "runtime: python314",
    ),
    "braces in YAML": ("app.yaml", APP_YAML, replaced(APP_YAML, "\n  PROXY_HOPS: 1", " {PROXY_HOPS: 1}")),
    "a document's start": ("app.yaml", APP_YAML, f"---\n{APP_YAML}"),
    "a folded text": ("app.yaml", APP_YAML, replaced(APP_YAML, COMMAND, ">-\n  gunicorn\n  -b :$PORT\n  main:app")),
    "exec in app.yaml": ("app.yaml", APP_YAML, replaced(APP_YAML, "gunicorn", "exec gunicorn")),
    "a byte order mark in YAML": ("app.yaml", APP_YAML, f"\ufeff{APP_YAML}"),
    "Windows line ends in YAML": ("app.yaml", APP_YAML, APP_YAML.replace("\n", "\r\n")),
    "comments in a Procfile": ("Procfile", PROCFILE, f"# one\n\n  # two\n{PROCFILE}"),
    "spaces in a Procfile": ("Procfile", PROCFILE, f"web:   {COMMAND} \t\n"),
    "no space in a Procfile": ("Procfile", PROCFILE, f"web:{COMMAND}"),
    "a byte order mark in a Procfile": ("Procfile", PROCFILE, f"\ufeff{PROCFILE}"),
    "Windows line ends in a Procfile": ("Procfile", PROCFILE, PROCFILE.replace("\n", "\r\n")),
    "a comment behind a command": ("Procfile", PROCFILE, f"web: {COMMAND} # it's the server\n"),
    "other letters of a package": ("requirements.txt", REQUIREMENTS, REQUIREMENTS.replace("F", "f").replace("g", "G")),
    "spaces in a requirement": ("requirements.txt", REQUIREMENTS, REQUIREMENTS.replace("==", " == ")),
    "comments in requirements": (
        "requirements.txt",
        REQUIREMENTS,
        "# a\n" + REQUIREMENTS.replace("3.1.3", "3.1.3\t# b"),
    ),
    "a continued requirement": ("requirements.txt", REQUIREMENTS, replaced(REQUIREMENTS, "==23", " \\\n  ==23")),
    "a requirement with hashes": (
        "requirements.txt",
        REQUIREMENTS,
        replaced(REQUIREMENTS, "23.0.0", f"23.0.0 \\\n    --hash=sha256:{'0' * 64} \\\n    --hash=sha256:{'1' * 64}"),
    ),
    "a requirement with a condition": (
        "requirements.txt",
        REQUIREMENTS,
        replaced(REQUIREMENTS, "23.0.0", "23.0.0 ; python_version >= '3.8'"),
    ),
    "options in requirements": (
        "requirements.txt",
        REQUIREMENTS,
        f"--prefer-binary\n-c requirements.txt\n{REQUIREMENTS}",
    ),
    "a package of the folder": ("requirements.txt", REQUIREMENTS, f"{REQUIREMENTS}-e .\n./\n"),
    "a package at an address": ("requirements.txt", REQUIREMENTS, f"{REQUIREMENTS}https://localhost/other.whl\n"),
    "a byte order mark in requirements": ("requirements.txt", REQUIREMENTS, f"\ufeff{REQUIREMENTS}"),
    "Windows line ends in requirements": ("requirements.txt", REQUIREMENTS, REQUIREMENTS.replace("\n", "\r\n")),
    "comments around a version": (".python-version", "3.14\n", "# newest\n\n3.14  # for now\n"),
    "a byte order mark before a version": (".python-version", "3.14\n", "\ufeff3.14"),
}


def facts(name: str, text: str) -> set[Fact]:
    return set(file_facts(name, text, frozenset()))


def planned(files: dict[str, str], folder: Path) -> object:
    """Return what the launcher would do, in terms that do not depend on the folder or on spaces in a command."""
    app = folder / "app"
    for name, text in files.items():
        (app / name).parent.mkdir(parents=True, exist_ok=True)
        (app / name).write_bytes(text.encode())
    plan = read_plan(app, staging=folder / "image")
    command = [os.path.basename(plan.command[0]), *plan.command[1:]]
    if command[:2] == ["sh", "-c"]:
        command[2:] = shlex.split(command[2], comments=True)
    requirements = [file.name for file in plan.requirements]
    return plan.platform, command, plan.python, plan.environment, requirements, plan.packages, plan.handlers


@pytest.mark.parametrize(("name", "plain", "unusual"), SAME.values(), ids=SAME)
def test_unusual_file_means_the_same_to_launcher_and_check(name: str, plain: str, unusual: str, tmp_path: Path) -> None:
    assert planned({**FOLDER, name: unusual}, tmp_path / "unusual") == planned(
        {**FOLDER, name: plain}, tmp_path / "plain"
    )
    assert facts(name, unusual) == facts(name, plain)

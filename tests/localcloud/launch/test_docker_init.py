"""Instructions of common Dockerfiles, such as `docker init` writes, that are followed here or make no difference."""

from __future__ import annotations

import os

import pytest

FROM = "FROM python:3.14-slim\nWORKDIR /app\n"
DOCKER_INIT = """# syntax=docker/dockerfile:1
ARG PYTHON_VERSION=3.14
FROM python:${PYTHON_VERSION}-slim AS base
ENV PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
ARG UID=10001
RUN adduser \\
    --disabled-password \\
    --gecos "" \\
    --no-create-home \\
    --uid "${UID}" \\
    appuser
RUN --mount=type=cache,target=/var/cache/pip \\
    --mount=type=bind,source=requirements.txt,target=requirements.txt \\
    python -m pip install -r requirements.txt
USER appuser
COPY . .
EXPOSE 8000
CMD gunicorn 'main:app' --bind=0.0.0.0:8000
"""


def test_template_of_docker_init_is_read(read):
    plan = read({"Dockerfile": DOCKER_INIT, "requirements.txt": "six\n", "main.py": "app = 1\n"})
    assert [file.read_text() for file in plan.requirements] == ["six\n"]


def test_mounted_file_is_not_in_the_image(read):
    mount = "--mount=type=bind,source=requirements.txt,target=/tmp/r.txt"
    text = f"{FROM}RUN {mount} pip install -r /tmp/r.txt\nCOPY main.py .\nCMD x\n"
    plan = read({"Dockerfile": text, "requirements.txt": "six\n", "main.py": ""})
    assert [file.name for file in plan.requirements] == ["requirements.txt"]
    assert sorted(os.listdir(plan.directory)) == ["main.py"]


@pytest.mark.parametrize("line", ["--mount=type=bind,from=base,target=x", "--mount=type=bind,source=x"])
def test_mount_from_elsewhere_or_to_nowhere_is_refused(refusal, line):
    assert refusal({"Dockerfile": f"{FROM}RUN {line} pip install six\nCMD x\n"}).startswith(f"Dockerfile:3: {line}: ")


@pytest.mark.parametrize(
    "line",
    [
        "STOPSIGNAL SIGINT",
        "VOLUME /data",
        "HEALTHCHECK CMD curl -f http://localhost:8080/",
        "EXPOSE 8080",
        "LABEL a=b",
        "USER app",
        "RUN groupadd -r app && useradd -r -g app app",
        "RUN addgroup --system app && adduser --system --ingroup app app",
        "RUN chown -R app:app /app",
        "RUN --mount=type=secret,id=x pip install six",
        "RUN --network=default pip install six",
    ],
)
def test_instruction_without_effect_here_is_passed_over(read, line):
    read({"Dockerfile": f"{FROM}{line}\nCOPY . .\nCMD x\n"})


def test_run_mkdir_makes_folders(read):
    plan = read({"Dockerfile": f"{FROM}RUN mkdir -p -m 755 data/cache /srv/x\nCMD x\n"})
    assert (plan.directory / "data" / "cache").is_dir()
    assert (plan.directory.parent / "srv" / "x").is_dir()


@pytest.mark.parametrize(
    ("copy", "run", "expected"),
    [
        ("COPY start.sh .", "RUN chmod +x start.sh", True),
        ("COPY start.sh .", "RUN chmod -R 0755 /app", True),
        ("COPY start.sh .", "RUN chmod a+x /app/*.sh", True),
        ("COPY start.sh .", "RUN chmod 644 start.sh", False),
        ("COPY --chmod=755 start.sh .", "", True),
        ("COPY --chmod=755 . .", "", True),
        ("COPY --chmod=755 start.sh .", "RUN chmod a-x start.sh", False),
    ],
)
def test_right_to_run_is_kept(read, copy, run, expected):
    plan = read({"Dockerfile": f"{FROM}{copy}\n{run}\nCMD ./start.sh\n", "start.sh": "#!/bin/sh\n"})
    assert bool((plan.directory / "start.sh").stat().st_mode & 0o111) is expected


@pytest.mark.parametrize(
    "line", ["RUN chmod rwx x", "COPY --chmod=rwx . .", "RUN chmod --reference=a b", "RUN mkdir --context x"]
)
def test_mode_or_option_that_is_not_read_is_refused(refusal, line):
    assert refusal({"Dockerfile": f"{FROM}{line}\nCMD x\n"}).startswith("Dockerfile:3: ")


@pytest.mark.parametrize("line", ["RUN apt-get update", "RUN apt-get install gcc && pip install x", "RUN mkdir x; ls"])
def test_other_command_is_refused_by_name(refusal, line):
    message = refusal({"Dockerfile": f"{FROM}{line}\nCMD x\n"})
    assert message.startswith("Dockerfile:3: RUN ")
    assert message.endswith("or run the image with docker")


def test_copy_needs_one_match_in_all(read):
    plan = read({"Dockerfile": f"{FROM}COPY pyproject.toml poetry.lock* ./\nCMD x\n", "pyproject.toml": ""})
    assert os.listdir(plan.directory) == ["pyproject.toml"]


def test_copy_of_wildcards_alone_needs_a_match(refusal):
    message = refusal({"Dockerfile": f"{FROM}COPY poetry.lock* *.cfg ./\nCMD x\n"})
    assert message.startswith('Dockerfile:3: COPY "poetry.lock*": it is not in app')


def test_python_path_names_folders_of_the_copy(read):
    plan = read({"Dockerfile": f"{FROM}ENV PYTHONPATH=/app/src:lib:/opt/x\nCOPY . .\nCMD x\n", "src/a.py": ""})
    assert plan.environment["PYTHONPATH"] == f"{plan.directory / 'src'}:lib:/opt/x"

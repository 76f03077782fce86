"""Paths in an app's own files that lead out of its folder, and pipes or folders in place of files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from datastore_emulator.errors import UserError
from localcloud.launch import read_plan

APP_YAML = "runtime: python314\nentrypoint: gunicorn main:app\n"
DOCKERFILE = "FROM python:3.14\nWORKDIR /app\n{}\nCMD app\n"


@pytest.mark.parametrize(
    ("handler", "named"),
    [
        ("static_dir: /etc", '"/etc"'),
        ("static_dir: ../other", '"../other"'),
        ("static_dir: out", '"out" is a link'),
        ('static_dir: "a\\0b"', "NUL byte"),
        ("static_files: /etc/passwd\n  upload: x", '"/etc/passwd"'),
        ("static_files: ../\\1\n  upload: x", '"../x"'),
        ("static_files: out/\\1\n  upload: x", '"out/x" is a link'),
    ],
)
def test_static_path_outside_is_refused_by_line(tmp_path: Path, handler: str, named: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "out").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "app" / "app.yaml").write_text(f"{APP_YAML}handlers:\n- url: /f/(.*)\n  {handler}\n")
    with pytest.raises(UserError) as caught:
        read_plan(tmp_path / "app", staging=tmp_path / "image")
    assert "app.yaml:5: " in str(caught.value)
    assert named in str(caught.value)


@pytest.mark.parametrize("static_dir", [".", "./", "./static/", "static"])
def test_static_dir_of_the_app_is_allowed(read, static_dir: str) -> None:
    plan = read({"app.yaml": f"{APP_YAML}handlers:\n- url: /f\n  static_dir: {static_dir}\n", "static/x": ""})
    assert plan.handlers[0].static_dir == static_dir


@pytest.mark.parametrize(
    "line",
    [
        "-r /dev/zero",
        "-r/dev/zero",
        "--requirement=/dev/zero",
        "  -c ../constraints.txt",
        "-r more/../../x.txt",
        "-r \\\n/dev/zero",
        "-e ../library",
        "-f /wheels",
        "../library",
        "library @ file:///library",
        "file:///library",
    ],
)
def test_requirement_outside_is_refused_by_line(refusal, line: str) -> None:
    message = refusal({"main.py": "app = 1\n", "requirements.txt": f"Flask\n{line}\n"})
    assert message.startswith("requirements.txt:2: ")
    assert "a requirements file can name files of the app's folder only" in message


def test_included_requirements_are_held_too(refusal) -> None:
    files = {"requirements.txt": "-r more/base.txt\n", "more/base.txt": "-r ../other.txt\n", "other.txt": "-r ../x\n"}
    assert refusal({"main.py": "app = 1\n", **files}).startswith('other.txt:1: "../x" does not stay')


def test_requirements_that_include_each_other_are_read(read) -> None:
    text = "-r requirements.txt\n-c ./requirements.txt\n-e .\n-e git+https://localhost/x.git#egg=x\n-f https://localhost/\n"
    plan = read({"main.py": "app = 1\n", "requirements.txt": text})
    assert [file.name for file in plan.requirements] == ["requirements.txt"]


def test_requirement_behind_a_link_that_goes_up_is_refused(tmp_path: Path) -> None:
    (tmp_path / "app" / "deep").mkdir(parents=True)
    (tmp_path / "app" / "main.py").write_text("app = 1\n")
    (tmp_path / "app" / "deep" / "link").symlink_to(".")
    (tmp_path / "app" / "requirements.txt").write_text("-r deep/link/../../x.txt\n")
    (tmp_path / "app" / "x.txt").write_text("")
    (tmp_path / "x.txt").write_text("")
    with pytest.raises(UserError, match=r'requirements.txt:1: .* has "\.\." after a link'):
        read_plan(tmp_path / "app", staging=tmp_path / "image")


def test_requirements_of_a_dockerfile_are_held_in_the_image(refusal) -> None:
    copy = "COPY requirements.txt .\nRUN pip install -r requirements.txt"
    message = refusal({"Dockerfile": DOCKERFILE.format(copy), "requirements.txt": "-r ../../etc/x\n"})
    assert '"../etc/x" does not stay in its folder' in message


@pytest.fixture
def links(tmp_path: Path) -> Path:
    """A folder with links out of it and inside."""
    folder = tmp_path / "app"
    (folder / "sub" / "deep").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "main.py").write_text("app = 1\n")
    (folder / "secret").symlink_to("../secret.txt")
    (folder / "absolute").symlink_to("/etc/passwd")
    (folder / "zero").symlink_to("/dev/zero")
    (folder / "alias.py").symlink_to("main.py")
    (folder / "round").symlink_to("round")
    (folder / "sub" / "deep" / "up").symlink_to("../../main.py")
    os.mkfifo(folder / "pipe")
    return folder


def test_copy_of_a_folder_leaves_out_links_that_lead_out_of_the_image(links: Path, tmp_path: Path) -> None:
    (links / "Dockerfile").write_text(DOCKERFILE.format("COPY . .\nCOPY sub/deep /"))
    read_plan(links, staging=tmp_path / "image")
    copied = {path.name for path in (tmp_path / "image" / "app").iterdir()}
    assert copied & {"secret", "absolute", "zero", "pipe"} == set()
    assert (tmp_path / "image" / "app" / "alias.py").read_text() == "app = 1\n"
    # Two folders up from the image's root there is nothing of the image.
    assert not os.path.lexists(tmp_path / "image" / "up")


@pytest.mark.parametrize("name", ["secret", "absolute", "zero"])
def test_copy_of_a_link_out_of_the_folder_is_refused_by_line(links: Path, tmp_path: Path, name: str) -> None:
    (links / "Dockerfile").write_text(DOCKERFILE.format(f"COPY {name} x"))
    with pytest.raises(UserError, match=rf'Dockerfile:3: COPY: "{name}" is a link that leads out'):
        read_plan(links, staging=tmp_path / "image")


def test_copy_of_a_named_pipe_is_refused_by_line(links: Path, tmp_path: Path) -> None:
    (links / "Dockerfile").write_text(DOCKERFILE.format("COPY pipe x"))
    with pytest.raises(UserError, match=r"Dockerfile:3: COPY pipe: it is neither a file nor a folder"):
        read_plan(links, staging=tmp_path / "image")


def test_copy_of_a_link_inside_is_its_content(links: Path, tmp_path: Path) -> None:
    (links / "Dockerfile").write_text(DOCKERFILE.format("COPY alias.py other.py"))
    read_plan(links, staging=tmp_path / "image")
    copied = tmp_path / "image" / "app" / "other.py"
    assert (copied.is_symlink(), copied.read_text()) == (False, "app = 1\n")


@pytest.mark.parametrize("name", ["app.yaml", "Dockerfile", "Procfile", "main.py", "requirements.txt"])
@pytest.mark.parametrize("kind", ["named pipe", "device", "folder", "link to itself"])
def test_non_file_in_place_of_a_file_is_named(tmp_path: Path, name: str, kind: str) -> None:
    file = tmp_path / name
    if kind == "named pipe":
        os.mkfifo(file)
    elif kind == "folder":
        file.mkdir()
    else:
        file.symlink_to("/dev/zero" if kind == "device" else name)
    with pytest.raises(UserError, match=rf"{name}: (expected a file, found a {kind}|cannot be read)"):
        read_plan(tmp_path, staging=tmp_path / "image")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"app.yaml": "runtime: " + "[" * 100_000}, "app.yaml:1: not valid YAML: more than 50 levels"),
        ({"app.yaml": f"{APP_YAML}handlers:\n- url: {'(' * 5_000}\n  script: auto\n"}, "app.yaml:4: "),
        ({"app.yaml": "x" * 1_000_001}, "app.yaml: expected at most 1,000,000 bytes, found 1,000,001"),
        ({"Dockerfile": f"FROM python:3.14\nCMD {'[' * 70_000}"}, "Dockerfile:2: CMD "),
        ({"Dockerfile": f"FROM python:3.14\nRUN {'[' * 70_000}"}, "Dockerfile:2: RUN "),
        ({"Dockerfile": f"FROM python:3.14\nWORKDIR /{'a' * 5_000}\nCMD a"}, "Dockerfile:2: WORKDIR "),
        ({"Dockerfile": 'FROM python:3.14\nCMD ["a\\u0000"]'}, "Dockerfile:2: there is a NUL byte in CMD"),
        ({"Dockerfile": "x" * 100_001}, "Dockerfile: expected at most 100,000 bytes, found 100,001"),
        ({"Procfile": "web: a\0b"}, "Procfile:1: there is a NUL byte in this text file"),
        ({"main.py": "app = 1\n", "requirements.txt": "a\nb\0"}, "requirements.txt:2: there is a NUL"),
        ({"main.py": "app = 1\n", ".python-version": "3." + "9" * 5_000}, ".python-version:1: "),
    ],
)
def test_deployment_file_that_is_too_much_is_one_line(refusal, files: dict[str, str], message: str) -> None:
    assert refusal(files).startswith(message)


@pytest.mark.parametrize("main", ["x = " + "-" * 100_000 + "1", "x = " + "+".join("1" * 100_000), "#" * 3_000_000])
def test_main_py_that_cannot_be_read_here_is_left_to_its_python(read, main: str) -> None:
    assert read({"Procfile": "web: python main.py", "main.py": main}).command == ("/bin/sh", "-c", "python main.py")


def test_folder_of_an_impossible_name_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="File name too long") as caught:
        read_plan(tmp_path / ("x" * 300), staging=tmp_path / "image")
    assert "\n" not in str(caught.value)

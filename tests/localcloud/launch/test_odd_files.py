"""Files that once ended in a traceback, or in a message of several lines."""

from __future__ import annotations

import pytest

from localcloud.launch.packages import list_packages
from localcloud.runtimes.python27_on_3.package_names import read_package_names

PYTHON27 = "runtime: python27\nthreadsafe: true\nhandlers:\n- url: .*\n  script: main.app\n"


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_requirements_may_be_in_an_encoding_that_pip_reads(tmp_path, codec):
    mark = "" if codec in ("utf-8-sig", "utf-16") else "\ufeff"
    (tmp_path / "requirements.txt").write_bytes(f"{mark}Flask==3.1.3\r\nsix\r\n".encode(codec))
    assert [package.name for package in list_packages(tmp_path)] == ["flask", "six"]
    assert list(read_package_names(tmp_path / "requirements.txt")) == ["flask", "six"]


@pytest.mark.parametrize("content", ["six\n".encode("utf-16-le"), "six\n".encode("utf-32"), b"\xff\xfe\x00\xd8"])
def test_requirements_in_another_encoding_are_refused_by_line(refusal, monkeypatch, tmp_path, content):
    (tmp_path / "source").write_bytes(content)
    monkeypatch.setattr("pathlib.Path.write_text", lambda path, text: path.write_bytes(text.encode("latin-1")))
    message = refusal({"Procfile": "web: x", "requirements.txt": content.decode("latin-1")})
    assert message.startswith("requirements.txt:1: ")
    assert message.endswith("save it as UTF-8") or message.endswith("save the file as UTF-8")


def test_missing_included_file_of_python27_is_named(refusal):
    message = refusal({"app.yaml": PYTHON27, "main.py": "app = 1", "requirements.txt": "six\n-r missing.txt\n"})
    assert message.startswith("requirements.txt:2: missing.txt does not exist; add ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<<: {a: b}\n", 'app.yaml:1: App Engine has no key "a"; remove it'),
        ("runtime: python314\n<<: {vpc_access: x}\n", "app.yaml:2: App Engine refuses it: Unexpected attribute '<<'"),
        ("runtime: python314\n? |\n  x\n: y\n", 'app.yaml:2: App Engine has no key "x\\n"; remove it'),
    ],
    ids=["merge", "merge of a newer key", "key of two lines"],
)
def test_odd_app_yaml_is_refused_in_one_line(refusal, text, message):
    assert refusal({"app.yaml": text, "main.py": "app = 1"}).startswith(message)


def test_pattern_that_docker_does_not_read_is_refused_by_line(refusal):
    files = {"Dockerfile": "FROM python:3.14\nCOPY . .\nCMD x", ".dockerignore": "# none\n[z-a]\n", "main.py": ""}
    assert refusal(files).startswith('.dockerignore:2: "[z-a]" is not a pattern that docker reads')


def test_empty_word_in_run_is_a_word(refusal):
    message = refusal({"Dockerfile": 'FROM python:3.14\nRUN pip install "" six\nCMD x'})
    assert message.startswith("Dockerfile:2: pip install : this is neither a package")


def test_control_characters_of_a_file_do_not_reach_the_terminal(refusal):
    assert "\\x1b" in refusal({"Procfile": "\x1b[2J"})

"""Any bytes in a deployment file make a plan, or a refusal in one line that says what is wrong."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codelab.check.facts import UnreadableError, file_facts
from datastore_emulator.errors import UserError
from localcloud.launch import read_plan
from localcloud.launch.packages import read_with_includes
from localcloud.launch.plan import LaunchPlan
from localcloud.launch.services import find_services
from localcloud.runtimes.python27_on_3.package_names import read_package_names
from localcloud.runtimes.python27_on_3.source_check import check_source

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "25"))  # of each file
MOST_CHANGES = 4
PYTHON27 = b"runtime: python27\napi_version: 1\nthreadsafe: true\nhandlers:\n- url: .*\n  script: main.app\n"
PYTHON3 = b"runtime: python312\nentrypoint: gunicorn -b :$PORT main:app\n"
DOCKERFILE = b"FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD python main.py\n"
MAIN = b"from flask import Flask\napp = Flask(__name__)\ndef visit(request):\n    return 'x'\n"
REQUIREMENTS = (
    b"Flask==3.1.3\n-r more.txt\n-e ./vendor/foo\nfoo @ file:./vendor/foo\n--hash=sha256:00 \\\n  x[y]>=1 ; z\n"
)


@dataclass(frozen=True)
class Reader:
    """A folder in which one file is replaced by any bytes; `words` are the words of that file's format."""

    file: str
    files: dict[str, bytes]
    words: Sequence[bytes]
    function: str | None = None


YAML = b"<<: &a *a ? ! !!set !!omap !!binary !!timestamp | > --- ... {} [] { } [ ] , : - # \" ' % @ ` ~ null".split()
YAML += [b"2001-99-99", b"<<: {a: b}\n"]
KEYS = b"handlers: url: static_dir: static_files: upload: script: login: libraries: builtins: inbound_services:".split()
KEYS += b"runtime: env: vm: entrypoint: env_variables: includes: vpc_access: expiration: default_expiration:".split()
DOCKER = b"FROM RUN COPY ADD ENV ARG WORKDIR USER EXPOSE HEALTHCHECK LABEL VOLUME STOPSIGNAL ONBUILD SHELL CMD".split()
DOCKER += b"ENTRYPOINT --mount=type=cache --chmod=755 --from=x pip install -r adduser useradd mkdir chmod -m".split()
DOCKER += b"&& || ; \"\" ''".split()
DOCKER += b'[ ] [] [""] ["a", $ ${A} ${A:-b} $PORT <<EOF EOF # escape=` syntax= \\ ` * ? .. /etc AS'.split()
PIP = b"-r -c -e --hash=x --find-links file: file:. ./x ../x git+https://x @ ; == >= [ ] # \\ $".split()
PIP += b"\" ' -r missing.txt".split()
WORDS = [*YAML, *KEYS]
READERS = {
    "app.yaml": Reader("app.yaml", {"app.yaml": PYTHON3, "main.py": MAIN}, WORDS),
    "app.yaml of python27": Reader("app.yaml", {"app.yaml": PYTHON27, "main.py": MAIN}, WORDS),
    "app.yaml of Buildpacks": Reader("app.yaml", {"app.yaml": PYTHON3, "Procfile": b"web: x"}, WORDS),
    "Dockerfile": Reader("Dockerfile", {"Dockerfile": DOCKERFILE, "main.py": MAIN, "requirements.txt": b"x"}, DOCKER),
    ".dockerignore": Reader(
        ".dockerignore",
        {"Dockerfile": DOCKERFILE, ".dockerignore": b"*\n!main.py\n!req*\n", "requirements.txt": b""},
        b"! * ** ? [ ] [a-z] / .. \\ # [^ ]- {a,b}".split(),
    ),
    "Procfile": Reader("Procfile", {"Procfile": b"web: gunicorn main:app\n"}, b"web: worker: # : \" ' $PORT".split()),
    "requirements.txt": Reader(
        "requirements.txt", {"requirements.txt": REQUIREMENTS, "more.txt": b"six", "app.yaml": PYTHON3}, PIP
    ),
    "requirements.txt of python27": Reader(
        "requirements.txt", {"requirements.txt": b"Flask==1.1.4\nsix\n", "app.yaml": PYTHON27, "main.py": MAIN}, PIP
    ),
    "requirements.txt of a Dockerfile": Reader(
        "requirements.txt", {"requirements.txt": REQUIREMENTS, "more.txt": b"", "Dockerfile": DOCKERFILE}, PIP
    ),
    "dispatch.yaml": Reader(
        "dispatch.yaml",
        {"dispatch.yaml": b"dispatch:\n- url: '*/jobs/*'\n  service: worker\n", "app.yaml": PYTHON3, "main.py": MAIN},
        [*YAML, b"dispatch:", b"- url:", b"service:", b"module:", b"*/*", b"example.com/*"],
    ),
    "worker.yaml": Reader("worker.yaml", {"worker.yaml": PYTHON3 + b"service: worker\n", "main.py": MAIN}, WORDS),
    ".python-version": Reader(".python-version", {".python-version": b"3.12\n", "main.py": MAIN}, [b"#", b"python-"]),
    "runtime.txt": Reader("runtime.txt", {"runtime.txt": b"python-3.12.1\n", "main.py": MAIN}, [b"#", b"2.7", b"x"]),
    "pyproject.toml": Reader(
        "pyproject.toml",
        {"pyproject.toml": b"[project]\ndependencies = ['x']\n", "Procfile": b"web: x"},
        [b"dependencies =", b"[tool.poetry.dependencies]", b"=", b"[", b"]"],
    ),
    "main.py": Reader("main.py", {"main.py": MAIN}, b'def class import * ( ) : \\ @ """ lambda async'.split(), "visit"),
    "main.py of python27": Reader(
        "main.py", {"main.py": MAIN, "app.yaml": PYTHON27}, b"print 'x' ` <> exec ( \\".split()
    ),
}


def changed(content: bytes, words: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Return texts of the format: the content with a few words or bytes put in, taken out, repeated or encoded anew."""
    places = st.integers(0, len(content))
    pieces = (
        st.sampled_from(words) | st.binary(max_size=3) | st.sampled_from([b"\n", b"  ", b"\t", b"\r", b"\0", b"\xff"])
    )
    change = st.tuples(places, st.integers(0, 12), st.lists(pieces, max_size=4).map(b" ".join))

    def apply(changes: list[tuple[int, int, bytes]]) -> bytes:
        text = content
        for place, length, piece in changes:
            text = text[:place] + piece + text[place + length :]
        return text

    texts = st.lists(change, min_size=1, max_size=MOST_CHANGES).map(apply)
    alone = st.lists(st.sampled_from([*words, b"\n", b" ", b"a"]), max_size=8).map(b"".join)
    encodings = st.sampled_from(["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"])
    encoded = st.builds(lambda text, name: text.decode("latin-1").encode(name), texts, encodings)
    return texts | alone | encoded | st.binary(max_size=60)


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_bytes_make_a_plan_or_a_refusal_in_one_line(reader: Reader, data: st.DataObject) -> None:
    content = data.draw(changed(reader.files[reader.file], reader.words))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "app")
        folder.mkdir()
        for name, text in {**reader.files, reader.file: content}.items():
            (folder / name).write_bytes(text)
        try:
            for number, place in enumerate(find_services(folder).places):
                read_all(read_plan(place, function=reader.function, staging=Path(scratch, f"image{number}")))
        except UserError as error:
            check_is_one_line(str(error))


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_text_has_facts_or_is_unreadable_in_one_line(reader: Reader, data: st.DataObject) -> None:
    content = data.draw(changed(reader.files[reader.file], reader.words))
    try:
        file_facts(reader.file, content.decode(errors="replace"), frozenset())
    except UnreadableError as error:
        check_is_one_line(str(error))


def read_all(plan: LaunchPlan) -> None:
    """Read what the runtimes read of a folder before they install its packages."""
    for file in plan.requirements:
        read_with_includes(file)
    if plan.python == "2.7":
        for file in plan.requirements:
            list(read_package_names(file))
        check_source(plan)


def check_is_one_line(message: str) -> None:
    """Check that a message can be printed, and says what is wrong after the place, if it has one."""
    assert message.isprintable()
    assert message.strip()
    assert not message.rstrip().endswith(":")

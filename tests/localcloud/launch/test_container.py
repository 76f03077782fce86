"""Cloud Run containers: what a Dockerfile copies, installs, declares and starts."""

from pathlib import Path

import pytest

from localcloud.launch import read_plan

FROM = "FROM python:3.14-slim\n"
START = 'CMD ["python", "main.py"]\n'
IN_APP = FROM + "WORKDIR /app\n"
APP = {
    "main.py": "app = None\n",
    "requirements.txt": "flask\n",
    "templates/index.html": "<p>\n",
    "templates/old.txt": "old\n",
    ".hidden": "",
}


@pytest.fixture
def build(read):
    """Read a Dockerfile beside the app above."""
    return lambda text, **files: read({**APP, "Dockerfile": text, **files})


@pytest.fixture
def refused(refusal):
    return lambda text: refusal({**APP, "Dockerfile": text}).removeprefix("Dockerfile:")


@pytest.fixture
def copied(build):
    """Return the files in the working directory after some lines of a Dockerfile, as {path: text}."""

    def copied(lines, **files):
        directory = build(IN_APP + lines + START, **files).directory
        return {str(file.relative_to(directory)): file.read_text() for file in directory.rglob("*") if file.is_file()}

    return copied


def test_a_container_built_as_the_course_does_is_read_whole(build, tmp_path):
    plan = build(
        "# syntax=docker/dockerfile:1\n"
        "FROM python:3.14-slim AS app\n"
        "LABEL maintainer=learner\n"
        "ENV PYTHONUNBUFFERED=1\n"
        "WORKDIR /app\n\n"
        "COPY requirements.txt .\n"
        "RUN pip install --no-cache-dir \\\n"
        "    # quietly\n\n"
        "    -r requirements.txt\n"
        "COPY . .\n"
        "USER nobody\n"
        "EXPOSE 8080\n"
        'HEALTHCHECK CMD ["true"]\n'
        'ENTRYPOINT ["sh", "-c", "exec gunicorn -b :$PORT main:app"]'
    )
    image = tmp_path / "image" / "app"
    assert (plan.directory, plan.requirements, plan.command, plan.python, dict(plan.environment)) == (
        image,
        (image / "requirements.txt",),
        ("sh", "-c", "exec gunicorn -b :$PORT main:app"),
        "3.14",
        {"PYTHONUNBUFFERED": "1"},
    )


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        ("COPY main.py .\n", {"main.py"}),
        ("COPY main.py ./\n", {"main.py"}),
        ("COPY main.py server.py\n", {"server.py"}),
        ("COPY main.py bin/\n", {"bin/main.py"}),
        ("COPY main.py /app/bin/server.py\n", {"bin/server.py"}),
        ("COPY main.py requirements.txt ./\n", {"main.py", "requirements.txt"}),
        ("COPY main.py /app\n", {"main.py"}),
        ("COPY templates .\n", {"index.html", "old.txt"}),
        ("COPY templates templates\n", {"templates/index.html", "templates/old.txt"}),
        ("COPY templates/*.html pages/\n", {"pages/index.html"}),
        ("COPY *.py *.txt /app/\n", {"main.py", "requirements.txt"}),
        ('COPY ["main.py", "the server/"]\n', {"the server/main.py"}),
        ("COPY --chown=nobody:nogroup main.py .\n", {"main.py"}),
        ("ADD main.py .\n", {"main.py"}),
        ("ARG name=main\nENV TO=bin\nCOPY $name.py ${TO}/\n", {"bin/main.py"}),
        ("COPY main.py .\nCOPY requirements.txt main.py\n", {"main.py"}),
        (
            "COPY . .\n",
            {".hidden", "Dockerfile", "main.py", "requirements.txt", "templates/index.html", "templates/old.txt"},
        ),
        (
            "COPY * ./\n",
            {".hidden", "Dockerfile", "main.py", "requirements.txt", "index.html", "old.txt"},
        ),
    ],
)
def test_copy_brings_what_docker_copies(copied, lines, names):
    assert set(copied(lines)) == names


def test_a_later_copy_replaces_a_file(copied):
    assert copied("COPY main.py .\nCOPY requirements.txt main.py\n") == {"main.py": "flask\n"}


@pytest.mark.parametrize(
    ("ignore", "names"),
    [
        ("# all but the app\n*\n!main.py\n", {".dockerignore", "main.py"}),
        (".hidden\ntemplates\nDockerfile\n", {".dockerignore", "main.py", "requirements.txt"}),
        ("*\n!templates/*.html\n", {".dockerignore", "templates/index.html"}),
        (
            "**/*.txt\nDockerfile\n.*\n",
            {".dockerignore", "main.py", "templates/index.html"},
        ),
    ],
)
def test_what_dockerignore_names_stays_behind(copied, ignore, names):
    assert set(copied("COPY . .\n", **{".dockerignore": ignore})) == names


def test_a_comment_in_dockerignore_names_no_file(copied):
    assert "#notes" in copied("COPY . .\n", **{".dockerignore": "#notes\n", "#notes": ""})


def test_a_dockerfiles_own_ignore_file_counts_alone(copied):
    files = {".dockerignore": "main.py\n", "Dockerfile.dockerignore": "*\n!main.py\n"}
    assert "main.py" in copied("COPY . .\n", **files)


def test_a_copy_replaces_a_link_and_not_what_it_leads_to(tmp_path):
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "real.txt").write_text("real")
    (folder / "other.txt").write_text("other")
    (folder / "link.txt").symlink_to("real.txt")
    (folder / "Dockerfile").write_text(IN_APP + "COPY . .\nCOPY other.txt link.txt\n" + START)
    plan = read_plan(folder, staging=tmp_path / "image")
    assert (plan.directory / "real.txt").read_text() == "real"


def test_a_symbolic_link_is_copied_as_a_link(tmp_path):
    folder = tmp_path / "app"
    (folder / "templates").mkdir(parents=True)
    (folder / "views").symlink_to("templates")
    (folder / "Dockerfile").write_text(IN_APP + "COPY . .\n" + START)
    plan = read_plan(folder, staging=tmp_path / "image")
    assert (plan.directory / "views").readlink() == Path("templates")


@pytest.mark.parametrize(
    ("lines", "argv"),
    [
        ('CMD ["python", "main.py"]\n', ("python", "main.py")),
        ("CMD exec gunicorn -b :$PORT main:app\n", ("/bin/sh", "-c", "exec gunicorn -b :$PORT main:app")),
        ('ENTRYPOINT ["gunicorn"]\nCMD ["-b", ":8080", "main:app"]\n', ("gunicorn", "-b", ":8080", "main:app")),
        ('CMD ["-b", ":8080"]\nENTRYPOINT ["gunicorn"]\n', ("gunicorn", "-b", ":8080")),
        ('ENTRYPOINT ["env"]\nCMD a b\n', ("env", "/bin/sh", "-c", "a b")),
        ('ENTRYPOINT a $PORT\nCMD ["b"]\n', ("/bin/sh", "-c", "a $PORT")),
        ('CMD ["a"]\nCMD ["b"]\n', ("b",)),
        ('ENTRYPOINT ["a"]\nENTRYPOINT []\nCMD ["b"]\n', ("b",)),
        ("cmd gunicorn \\\n  -b :$PORT \\\n  main:app \\\n", ("/bin/sh", "-c", "gunicorn   -b :$PORT   main:app")),
        ('ENV A=b\nCMD ["echo", "$A"]\n', ("echo", "$A")),
    ],
)
def test_entrypoint_and_cmd_combine_as_in_docker(build, lines, argv):
    assert build(FROM + lines).command == argv


@pytest.mark.parametrize(
    ("lines", "environment"),
    [
        ("ENV A=1 B='two words' C=three\\ words\n", {"A": "1", "B": "two words", "C": "three words"}),
        ("ENV A the whole line\n", {"A": "the whole line"}),
        ("ENV A=1\nENV B=$A-${A}b C=\\$A D='$A'\n", {"A": "1", "B": "1-1b", "C": "$A", "D": "$A"}),
        ("ENV A=1\nENV A=2 B=$A\n", {"A": "2", "B": "1"}),
        ("ARG A=1\nARG B=$A\nENV C=$B\n", {"C": "1"}),
        ("ARG A=1\nENV A=2 B=$A\nENV C=$A\n", {"A": "2", "B": "1", "C": "2"}),
        ("ARG A\nENV B=x$A\n", {"B": "x"}),
        ("ENV PORT=8080 A=1\n", {"A": "1"}),
    ],
)
def test_env_declares_the_environment(build, lines, environment):
    assert build(FROM + lines + START).environment == environment


def test_an_argument_before_from_is_inherited_by_name_only(build):
    text = "ARG V=3.14\nARG W=x\nFROM python:$V-slim\nARG V\nENV A=$V B=b$W\n" + START
    assert build(text).environment == {"A": "3.14", "B": "b"}


def test_variable_in_workdir_becomes_the_local_directory(build, tmp_path):
    plan = build(FROM + "ENV APP_HOME=/srv\nWORKDIR $APP_HOME/app\nCOPY . $APP_HOME/app\n" + START)
    assert (plan.environment, plan.directory) == (
        {"APP_HOME": str(tmp_path / "image" / "srv")},
        tmp_path / "image" / "srv" / "app",
    )


def test_workdirs_add_up(build, tmp_path):
    plan = build(FROM + "WORKDIR /srv\nWORKDIR app\n" + START)
    assert plan.directory == tmp_path / "image" / "srv" / "app"


@pytest.mark.parametrize(
    ("image", "python"),
    [
        ("python:3.14-slim", "3.14"),
        ("python:3.12.7-alpine3.20", "3.12"),
        ("python:3.15.0a1", "3.15"),
        ("python:2.7-slim", "2.7"),
        ("python:2", "2.7"),
        ("python:3-slim", None),
        ("python:slim", None),
        ("python", None),
        ("docker.io/library/python:3.13", "3.13"),
        ("mirror.gcr.io/library/python:3.13", "3.13"),
        ("--platform=linux/amd64 python:3.13 AS base", "3.13"),
        ("python:3.13@sha256:0123abcd", "3.13"),
    ],
)
def test_from_names_the_python(build, image, python):
    assert build(f"FROM {image}\n{START}").python == python


@pytest.mark.parametrize(
    "command",
    [
        "pip install -r requirements.txt",
        "pip3 install --requirement=requirements.txt",
        "pip install -rrequirements.txt --no-cache-dir -U",
        "pip install --require-hashes -r requirements.txt",
        "python -m pip install --progress-bar off --requirement requirements.txt",
        "python3.14 -m pip install -q -r ./requirements.txt",
        "pip install --upgrade pip && pip install -r /app/requirements.txt",
        "--mount=type=cache,target=/var/cache/pip pip install -r requirements.txt",
        '["pip", "install", "-r", "requirements.txt"]',
        'pip install -r "$FILE"',
        "pip install \\\n  --timeout 100 \\\n  -r requirements.txt",
    ],
)
def test_pip_install_reads_requirements_files(build, tmp_path, command):
    plan = build(IN_APP + f"ENV FILE=requirements.txt\nCOPY . .\nRUN {command}\n{START}")
    assert (plan.requirements, plan.packages) == ((tmp_path / "image" / "app" / "requirements.txt",), ())


@pytest.mark.parametrize(
    ("command", "packages"),
    [
        ("pip install gunicorn==23.0.0 flask", ("gunicorn==23.0.0", "flask")),
        ("pip install 'flask>=3' \"uvicorn[standard]==0.30\"", ("flask>=3", "uvicorn[standard]==0.30")),
        ("pip install gunicorn==$VERSION", ("gunicorn==23.0.0",)),
        ("pip install flask && pip install flask redis", ("flask", "flask", "redis")),
    ],
)
def test_pip_install_names_packages(build, command, packages):
    assert build(FROM + f"ARG VERSION=23.0.0\nRUN {command}\n{START}").packages == packages


@pytest.mark.parametrize(
    ("text", "message"),
    [
        # FROM
        ("", " there is no FROM; begin with the image, such as FROM python:3.14-slim"),
        ("COPY . .\n" + FROM, "1: COPY before FROM; begin with the image, such as FROM python:3.14-slim"),
        (
            "ARG base=ubuntu:24.04\nFROM $base\n",
            '2: localcloud runs Python\'s own images only, not "ubuntu:24.04"; '
            "write FROM python:3.14-slim, or run the image with docker",
        ),
        ("FROM localhost/python:3.14\n", "1: localcloud runs Python's own images only"),
        (FROM + FROM, "2: localcloud does not support multi-stage builds, and this is a second FROM; remove it"),
        # COPY and ADD
        (IN_APP + "COPY app.py .\n", '3: COPY "app.py": it is not in app; add it or remove the line'),
        (IN_APP + "COPY *.js ./\n", '3: COPY "*.js": it is not in app'),
        (IN_APP + "COPY ../main.py .\n", "3: COPY ../main.py: docker copies nothing from outside the folder"),
        (
            IN_APP + "COPY main.py requirements.txt dest\n",
            '3: COPY of several files needs a directory; write "dest/" instead of "dest"',
        ),
        (IN_APP + "COPY --from=build /x .\n", "3: localcloud does not support COPY --from=build; remove it"),
        (IN_APP + "COPY main.py\n", '3: "COPY main.py" has no destination; write COPY SOURCE DESTINATION'),
        (IN_APP + "COPY <<EOF x\nRUN what\nEOF\n", "3: localcloud does not read here-documents; write COPY on lines"),
        (
            IN_APP + "ADD https://localhost/x .\n",
            "3: ADD https://localhost/x: localcloud neither downloads nor unpacks",
        ),
        (IN_APP + "ADD files.tar.gz .\n", "3: ADD files.tar.gz: localcloud neither downloads nor unpacks"),
        # RUN
        (
            IN_APP + "RUN pip install -r requirements.txt\nENV A=b\nCOPY . .\n",
            "3: pip install reads requirements.txt, which is copied only on line 5; copy it first",
        ),
        (
            IN_APP + "RUN pip install -r requirements.txt\nCOPY nowhere .\nCOPY . .\n",
            "3: pip install reads requirements.txt, which is copied only on line 5; copy it first",
        ),
        (
            IN_APP + "COPY main.py .\nRUN pip install \\\n  -r requirements.txt\n",
            "4: pip install reads requirements.txt, which no line copies; add COPY requirements.txt . above",
        ),
        (
            IN_APP + "RUN apt-get update && apt-get install -y gcc\n",
            "3: RUN apt-get update: localcloud runs only pip install; "
            "remove it to run the app here, or run the image with docker",
        ),
        (IN_APP + "RUN pip install flask && ls\n", "3: RUN ls: localcloud runs only pip install"),
        (IN_APP + "RUN pip install flask; ls\n", '3: RUN with ";": localcloud runs no shell at build time'),
        (IN_APP + "RUN pip install flask>=3\n", '3: the shell reads ">" as a redirection; quote the requirement'),
        (IN_APP + "RUN pip install 'flask\n", "3: RUN pip install 'flask: no closing quotation"),
        (
            IN_APP + "RUN pip install nothing,\n",
            '3: pip install nothing,: this is neither a package such as "gunicorn==23.0.0" nor -r FILE',
        ),
        (
            IN_APP + "RUN pip install .\nCOPY . .\n",
            "3: pip install reads ./pyproject.toml, which no line copies; add COPY pyproject.toml . above",
        ),
        (
            IN_APP + "RUN pip install ./templates/index.html\nCOPY . .\n",
            "3: pip install reads ./templates/index.html, which is copied only on line 4; copy it first",
        ),
        (IN_APP + "RUN pip install git+https://localhost/x\n", "3: pip install git+https://localhost/x: "),
        (IN_APP + "RUN pip install -e git+https://localhost/x\n", "3: pip install git+https://localhost/x: "),
        (IN_APP + "RUN pip install --no-deps flask\n", "3: pip install --no-deps changes which packages are installed"),
        (IN_APP + "RUN pip install -c c.txt flask\n", "3: pip install -c changes which packages are installed"),
        (IN_APP + "RUN pip freeze\n", "3: RUN pip freeze: localcloud runs only pip install"),
        # ENV
        (IN_APP + "ENV A=b c\n", '3: "ENV A=b c" sets no variable; write ENV NAME=VALUE'),
        (IN_APP + "ENV A=${B:-c}\n", "3: localcloud does not support ${B:-c}; set the variable with ENV or ARG"),
        (IN_APP + "ENV PATH=/opt/bin:$PATH\n", "3: ENV PATH: localcloud puts the app's own programs on PATH"),
        # What only a real image can do.
        (IN_APP + "# one\n\nSHELL []\n", "5: localcloud does not support SHELL"),
        (IN_APP + "RUM pip install flask\n", "3: localcloud does not support RUM"),
        (IN_APP + "WORKDIR\n", "3: WORKDIR is empty; write its value"),
        # The command.
        (FROM, " there is no ENTRYPOINT and no CMD, so the container would end at once"),
        (FROM + "ENTRYPOINT []\n", " there is no ENTRYPOINT and no CMD"),
        (
            FROM + "CMD ['python', 'main.py']\n",
            "2: CMD ['python', 'main.py'] is not JSON, so docker gives it to a shell",
        ),
        (
            IN_APP + 'COPY . .\nCMD ["python", "/app/main.py"]\n',
            "4: CMD names /app/main.py, which exists in the image only; "
            "name it as seen from the working directory, /app",
        ),
        (IN_APP + "ENTRYPOINT cd /app && gunicorn main:app\n", "3: ENTRYPOINT names /app, which exists"),
        (IN_APP + "COPY . /data/\nCMD ls --dir=/data/templates\n", "4: CMD names /data/templates, which exists"),
        (IN_APP + "ENV A=1 OTHER=/usr/x:/app/lib\n" + START, "3: ENV OTHER names /app/lib, which exists"),
        (
            FROM + "ENV HOME_DIR=/app OTHER=/app\nWORKDIR $HOME_DIR\n" + START,
            "2: ENV OTHER names /app, which exists in the image only",
        ),
    ],
)
def test_unsupported_instruction_is_refused_with_its_line(refused, text, message):
    assert refused(text).startswith(message)


def test_file_in_dockerignore_is_refused_with_the_reason(refusal):
    files = {**APP, "Dockerfile": IN_APP + "COPY main.py .\n" + START, ".dockerignore": "*.py\n"}
    assert refusal(files) == 'Dockerfile:3: COPY "main.py": .dockerignore leaves it out; remove it there'


@pytest.mark.parametrize("path", ["/bin/sh", "/etc/hosts", "http://localhost/app", "./app/main.py", "$HOME/app"])
def test_paths_outside_the_image_files_may_be_named(build, path):
    assert build(IN_APP + f"COPY . .\nENV A={path.replace('$', 'x')}\nCMD run {path}\n").command[-1] == f"run {path}"


def test_a_staging_directory_in_use_is_a_bug_of_the_caller(tmp_path):
    (tmp_path / "Dockerfile").write_text(FROM + START)
    with pytest.raises(ValueError, match="is not empty"):
        read_plan(tmp_path, staging=tmp_path)


def test_the_folder_itself_stays_as_it_is(build, tmp_path):
    build(IN_APP + "COPY . .\n" + START)
    names = {str(file.relative_to(tmp_path / "app")) for file in (tmp_path / "app").rglob("*") if file.is_file()}
    assert names == {*APP, "Dockerfile"}

"""Module 4 by hand: a Dockerfile in another style, .dockerignore in another order and with more in it."""

from tests.codelab.learner.hand import Delete, Replace, Step, Walk, Write

IGNORED = (
    "# Never in an image\n.env\n.venv\n\n**/*.pyc\n**/__pycache__\n"
    ".git\n.gitignore\nREADME.md\nDockerfile\n.dockerignore\n"
)

MAIN = Walk(
    "mod4-cloudrun",
    [
        Step(
            "Describe the container",
            [
                Write(
                    "Dockerfile",
                    """\
# One process, eight threads
FROM python:3.14-slim
ENV PYTHONUNBUFFERED=1
WORKDIR /srv/visitme

COPY requirements.txt requirements.txt
RUN python -m pip install \\
    --no-cache-dir \\
    --requirement requirements.txt

COPY . .
USER 65534:65534
CMD exec gunicorn --bind=0.0.0.0:${PORT} --threads=8 --timeout=0 --no-control-socket main:app
""",
                )
            ],
        ),
        Step("Keep out what the image does not need", [Write(".dockerignore", IGNORED)]),
        Step("Leave App Engine's configuration behind", [Delete("app.yaml")]),
    ],
    leads_to="make start MOD=mod5-buildpacks",
)

PYTHON_2 = Walk(
    "mod4-cloudrun/START-py2",
    [
        Step(
            "Bring your own server", [Replace("requirements.txt", "six==1.16.0\n", "six==1.16.0\ngunicorn==19.10.0\n")]
        ),
        Step(
            "Describe the container",
            [
                Write(
                    "Dockerfile",
                    """\
FROM python:2.7-slim
WORKDIR /app
COPY ["requirements.txt", "./"]
RUN pip install -r requirements.txt
COPY [".", "./"]
ENTRYPOINT ["/bin/sh", "-c", "gunicorn --threads=8 --timeout=0 --bind :$PORT main:app"]
""",
                ),
                Write(".dockerignore", IGNORED),
            ],
        ),
        Step("Leave App Engine's configuration behind", [Delete("app.yaml"), Delete("appengine_config.py")]),
    ],
    leads_to="make start MOD=mod5-buildpacks",
)

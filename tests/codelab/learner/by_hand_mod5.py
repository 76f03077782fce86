"""Module 5 by hand: options with `=`, a comment, no line end at the end of a file."""

from tests.codelab.learner.hand import Delete, Step, Walk, Write

MAIN = Walk(
    "mod5-buildpacks",
    [
        Step(
            "Write the start command into a Procfile",
            [
                Write(
                    "Procfile",
                    "# One process, eight threads\nweb:   gunicorn main:app --threads=8 --timeout=0 --bind=:${PORT}\n",
                )
            ],
        ),
        Step("Name the Python version", [Write(".python-version", "3.14")]),
        Step("Delete app.yaml", [Delete("app.yaml")]),
    ],
    leads_to="make start MOD=mod11-functions",
)

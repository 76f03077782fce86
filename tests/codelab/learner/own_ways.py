"""Copies of learners who do more than the codelab asks, or solve a step in another way, as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.codelab.learner.hand import Edit, EndLinesAsWindows, Replace, Write, WriteBytes


@dataclass(frozen=True)
class OwnWay:
    """The track, the steps done by the codelab's own diffs, and the learner's edits after them."""

    place: str
    after: int
    edits: Sequence[Edit]


OWN_WAYS = {
    "more files and routes": OwnWay(
        "mod5-buildpacks",
        3,
        [
            Write("README.md", "# Mine\n"),
            Write("tests/test_main.py", "def test_nothing(:\n"),
            Write("config.yaml", "a: [\n"),
            WriteBytes("static/logo.png", b"\x89PNG\xff\xfe\x00"),
            Replace(
                "main.py",
                "@app.route('/')\n",
                "@app.route('/health')\ndef health():\n    return 'ok'\n\n\n@app.route('/')\n",
            ),
        ],
    ),
    "a step solved in another way": OwnWay(
        "mod11-functions",
        5,
        [
            Replace("main.py", "from flask import abort, render_template\n", "from flask import render_template\n"),
            Replace("main.py", "        abort(404)\n", "        return 'Not found', 404\n"),
            Replace(
                "main.py",
                "        abort(405, ['GET', 'HEAD'])\n",
                "        return 'Not allowed', 405, {'Allow': 'GET, HEAD'}\n",
            ),
        ],
    ),
    "attributes in place of arguments": OwnWay(
        "mod3-datastore",
        4,
        [
            Replace(
                "main.py", "datastore.Entity(client.key('Visit'), exclude", "client.entity(client.key('Visit'), exclude"
            ),
            Replace("main.py", ", order=['-timestamp'])\n", ")\n    query.order = ['-timestamp']\n"),
        ],
    ),
    "Windows line ends": OwnWay("mod5-buildpacks", 2, [EndLinesAsWindows()]),
}

"""`codelab assess`: say what must change in an app of one's own, and which modules show it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

from codelab.assess import Assessment, Destination
from codelab.assess import assess as read_app
from codelab.assess.folder import refuse_unreadable
from codelab.assess.html import render
from codelab.errors import CodelabError
from codelab.readme.course import Course


def find_folder(typed: str) -> Path:
    """Return the folder that the user has typed, whose "~" is the home. Raises CodelabError if it cannot be listed."""
    folder = Path(os.path.expanduser(typed))  # Path.expanduser raises for a user whom this machine does not have
    refuse_unreadable(folder)
    return folder


def assess(
    course: Course,
    folder: Path,
    destination: str = Destination.APP_ENGINE.value,
    on_progress: Callable[[str], None] = lambda text: None,
) -> Assessment:
    """Read the app in a folder; nothing of it is run. Raises CodelabError if it cannot be read."""
    return read_app(course, folder, Destination(destination), on_progress)


def write_html(assessment: Assessment, file: Path) -> None:
    """Write an assessment as one HTML file."""
    try:
        file.write_text(render(assessment), encoding="utf-8")
    except OSError as error:
        raise CodelabError(f"cannot write to {file}: {(error.strerror or str(error)).lower()}") from error


def as_json(assessment: Assessment) -> str:
    """Return an assessment as JSON, in the form that docs/assess.md describes."""
    return json.dumps(assessment.as_json(), indent=2)

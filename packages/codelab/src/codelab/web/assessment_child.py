"""The program that assesses an app for the page; `assessments` runs it, and reads from it.

Its arguments are the course, the app's folder and the destination. It writes pickles: the progress as texts, and at the
end the assessment, or the error of the user.
"""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

from codelab.commands.assess import assess, find_folder
from codelab.errors import CodelabError
from codelab.readme.course import Course
from datastore_emulator.errors import UserError


def main() -> None:
    """Assess the app."""
    course, folder, destination = sys.argv[1:]
    output, sys.stdout = sys.stdout.buffer, sys.stderr  # what something prints must not get between the pickles

    def send(message: object) -> None:
        pickle.dump(message, output)
        output.flush()

    try:
        send(assess(Course(Path(course)), find_folder(folder), destination, send))
    except (CodelabError, UserError) as error:
        send(CodelabError(str(error)))  # one that a pickle can hold, whatever the other is made of


if __name__ == "__main__":
    main()

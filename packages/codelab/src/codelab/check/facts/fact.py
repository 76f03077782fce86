"""A fact: one thing that a file says, in whatever way it is written."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from localcloud.files.paths import format_text


class Kind(enum.Enum):
    """The kinds of facts. The comment behind each says what a fact's `name` holds."""

    FILE = enum.auto()  # nothing: the file is there

    # app.yaml and other YAML files
    KEY = enum.auto()  # the path of a key: env_variables.PROXY_HOPS
    VALUE = enum.auto()  # the path and the value
    ITEM = enum.auto()  # the path of a list, and one of its items as JSON

    # requirements.txt
    PACKAGE = enum.auto()  # the package
    VERSION = enum.auto()  # the package and the version that it is pinned to

    # Procfile and Dockerfile
    PROCESS = enum.auto()  # the type: web
    START_COMMAND = enum.auto()  # nothing: the image names a command
    PROGRAM = enum.auto()  # the program that a command starts: gunicorn
    PORT = enum.auto()  # $PORT, if the command listens there
    SERVED_OBJECT = enum.auto()  # what the program serves: main:app
    OPTION = enum.auto()  # an option of the program: --workers
    BASE_IMAGE = enum.auto()  # the image, without its digest
    SOURCE_COPIED = enum.auto()  # nothing: the source is copied into the image
    REQUIREMENTS_FIRST = enum.auto()  # nothing: requirements.txt is copied and installed before the source is copied
    REQUIREMENTS_NOT_FIRST = enum.auto()  # nothing: they are installed from, without that order

    # Lists such as .dockerignore
    LINE = enum.auto()  # the line

    # Templates
    OUTPUT = enum.auto()  # the value that is put into the page: .timestamp.ctime()

    # Python
    NAME = enum.auto()  # a name of a package: flask.Flask
    CALL = enum.auto()  # the name of what is called
    ARGUMENT = enum.auto()  # the same and the name of a keyword argument
    METHOD = enum.auto()  # the name of a method, called on something unknown
    VARIABLE = enum.auto()  # the name of an environment variable
    HEADER = enum.auto()  # the name of an HTTP header, in lower case
    WITH_BLOCK = enum.auto()  # the name of the context manager
    TOP_LEVEL_OBJECT = enum.auto()  # the name of what makes the object
    DEFINITION = enum.auto()  # a name that a deployment file or a command uses: app in main:app


@dataclass(frozen=True)
class Fact:
    """One thing that a file says, in whatever way it is written: two equal facts differ in their words only.

    `kind` and `name` say what it is: (Kind.NAME, "flask.Flask"). `words` is the text that it was read from, at `line`.
    The platform or the next module relies on a `firm` fact. Any other fact can be replaced by the learner's own way, if
    the page stays the same. `amount` counts a call's arguments. `place` is the learner's own module that the fact was
    read from, "" for `file` itself: what main.py imports counts as a part of main.py.
    """

    file: str
    kind: Kind
    name: str
    words: str = field(compare=False)
    line: int = field(compare=False, default=0)
    firm: bool = field(compare=False, default=False)
    amount: int = field(compare=False, default=0)
    place: str = field(compare=False, default="")

    @property
    def where(self) -> str:
        """The file that the words are in."""
        return self.place or self.file


# The rest of a longer line would not help.
_LONGEST = 200


def quoted(words: str, problem: object) -> str:
    """Return a line of a file and what is wrong with it, for a message."""
    return f'"{words if len(words) <= _LONGEST else words[:_LONGEST] + "..."}" ({problem})'


def line_of(text: str, number: int) -> str:
    """Return a line of a file without the white space around it; "" for 0."""
    return "".join(text.splitlines()[number - 1 : number]).strip() if number else ""


class UnreadableError(Exception):
    """A file that its own reader cannot read, at a line (0: the file as a whole)."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(format_text(message))
        self.line = line

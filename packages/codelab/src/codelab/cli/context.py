"""The course, the copy and the track that a command works on."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from codelab.commands.current_track import find_track
from codelab.errors import CodelabError
from codelab.invocation import suggest
from codelab.readme.course import Course, TrackRef, find_course
from codelab.terminal import Terminal
from codelab.workspace import Workspace, make_command


@dataclass(frozen=True)
class Context:
    """The course, the copy and the track that a learner's command works on, and where its result is printed."""

    course: Course
    workspace: Workspace
    ref: TrackRef
    terminal: Terminal


def find_context(options: argparse.Namespace) -> Context:
    """Return what a learner's command works on; raises CodelabError if no codelab is named and none was started."""
    course = choose_course(options)
    workspace = Workspace(course.root)
    ref = find_track(course, workspace, Path.cwd(), options.track)
    if ref is None:
        first = make_command("start", course.track(course.modules[0]))
        raise CodelabError(f"you have not started a codelab; begin with `{first}` (`{suggest('list')}` shows all)")
    return Context(course, workspace, ref, Terminal())


def choose_course(options: argparse.Namespace) -> Course:
    """Return the course that --course names, or else the one that the user is in."""
    return Course(options.course.resolve()) if options.course else find_course(Path.cwd())

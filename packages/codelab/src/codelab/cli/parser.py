"""The parser of the command line: each command with its options, and the function that runs it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from codelab.cli import learner_commands as learner
from codelab.cli import other_commands as other
from codelab.invocation import find_program, spell

# For wrong usage and other errors, so that a script can tell a command that could not do its work from one that found
# something.
ERROR = 2

_TRACK = "the codelab: mod2-cloudndb, or mod2-cloudndb/FINISH for the track that starts there"
_Add = Callable[[str, str, Callable[[argparse.Namespace], bool]], argparse.ArgumentParser]


class _Parser(argparse.ArgumentParser):
    """A parser that does not answer a user of make with the usage of `codelab`."""

    def error(self, message: str) -> NoReturn:
        """Print what is wrong, and exit with code 2."""
        if find_program() is not None:
            super().error(message)
        self.exit(ERROR, f"codelab: {spell(message)}\n")


def make_parser() -> argparse.ArgumentParser:
    """Build the parser of the command line."""
    parser = _Parser(
        prog="codelab", description="Follow a migration codelab step by step, or prove that the codelabs are right."
    )
    parser.add_argument(
        "--course", type=Path, metavar="DIR", help="the folder with the modules (default: found from where you are)"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, does: str, run: Callable[[argparse.Namespace], bool]) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=does, description=does[0].upper() + does[1:] + ".")
        added.set_defaults(command=run)
        return added

    _add_learners_commands(add)
    _add_other_commands(add)
    parser.set_defaults(parser=parser)  # `verify` parses the commands in READMEs with it
    return parser


def _add_learners_commands(add: _Add) -> None:
    begin = add("start", "make a copy of START to work in, under work/", learner.start_track)
    check = add(
        "check", "check which steps are done, then run the app and compare its output with START's", learner.check_copy
    )
    show = add("show", "show the step to do now", learner.show_step)
    hint = add("hint", "show a hint for the step to do now", learner.show_hint)
    next_ = add("next", "show what to do now: the next step or the next codelab", learner.show_next)
    apply = add("apply", "do the next step for me, and keep my own edits", learner.apply_step)
    reset = add(
        "reset", "take my copy back to START or to a step; asks first, and keeps the old copy", learner.reset_copy
    )
    diff = add(
        "diff",
        "compare two states: work (my copy), START, FINISH, another folder, or a step's number",
        learner.show_diff,
    )
    run = add("run", "run START and FINISH, or my copy, on one Datastore, until Ctrl-C", other.run_apps)
    watch = add("watch", "check again after each save, until the codelab is finished", learner.watch_copy)
    _add_options_of_assess(
        add("assess", "say what must change in an app of my own, and which codelabs show it", other.assess_app)
    )
    add("list", "list all codelabs with my progress", learner.list_codelabs)
    for command in (begin, check, show, hint, next_, apply, reset, diff, watch, run):
        command.add_argument("track", nargs="?", metavar="MODULE", help=f"{_TRACK} (default: the current one)")
    for command in (check, watch):
        command.add_argument("--no-run", action="store_true", help="check the files only, do not run the app")
    for command in (show, hint):
        command.add_argument("--step", type=int, metavar="N", help="show step N instead")
    apply.add_argument(
        "--overwrite", action="store_true", help="let the step replace my files; keeps them in work/.kept"
    )
    reset.add_argument("--step", type=int, default=0, metavar="N", help="back to the end of step N (default: 0, START)")
    reset.add_argument("--yes", action="store_true", help="do not ask for confirmation")
    diff.add_argument("--from", dest="old", metavar="STATE", help="the old state (default: the track's START)")
    diff.add_argument("--to", dest="new", metavar="STATE", help="the new state (default: the track's FINISH)")
    _add_options_of_run(run)


def _add_options_of_assess(assess: argparse.ArgumentParser) -> None:
    assess.add_argument("folder", metavar="DIR", help="the folder with the app; nothing of it is run")
    assess.add_argument(
        "--to",
        choices=("appengine", "cloudrun", "functions"),
        default="appengine",
        help="where it is to run (default: appengine, with the bundled services)",
    )
    form = assess.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print the assessment as JSON")
    form.add_argument("--html", type=Path, metavar="FILE", help="write the assessment as one HTML file")


def _add_options_of_run(run: argparse.ArgumentParser) -> None:
    run.add_argument(
        "--side",
        action="append",
        default=[],
        metavar="FOLDER",
        help="run this folder: work (my copy), START, FINISH or another (repeatable; default: the track's two)",
    )
    run.add_argument("--port", type=int, metavar="N", help="port of the first app (default: 8080 or the next free one)")
    run.add_argument("--data", metavar="FILE", help="file of the Datastore, or :memory: (default: one for each module)")
    run.add_argument("--function", metavar="NAME", help="the function to serve (default: the codelab's)")
    run.add_argument("--no-reload", action="store_true", help="do not start an app again when a file of it is saved")
    run.add_argument(
        "--python27",
        metavar="PATH",
        nargs="?",
        const="",
        help="run python27 apps on a real Python 2.7; PATH names the interpreter",
    )


def _add_other_commands(add: _Add) -> None:
    serve = add(
        "serve", "follow the codelabs on a local web page, with the apps running next to the text", other.serve_page
    )
    serve.add_argument("--port", type=int, metavar="N", help="the port (default: the first free one from 8800 up)")

    verify = add("verify", "prove that the codelabs are right, step by step", other.verify_course)
    verify.add_argument("modules", nargs="*", metavar="MODULE", help="the modules to prove (default: all)")
    verify.add_argument("--no-run", action="store_true", help="check the files only, do not run the apps")

    grade = add(
        "grade", "judge a folder anywhere as the result of a codelab: exit code 0 if it is finished", other.grade_folder
    )
    grade.add_argument("folder", type=Path, metavar="DIR", help="the folder with the app")
    grade.add_argument("--as", dest="track", required=True, metavar="MODULE", help=_TRACK)
    grade.add_argument("--no-run", action="store_true", help="judge the files only, do not run the app")
    grade.add_argument("--json", action="store_true", help="print the judgement as JSON")

    export = add("export", "write a codelab in the Markdown of Google's codelab tool, claat", other.export_codelab)
    export.add_argument("track", metavar="MODULE", help=_TRACK)
    export.add_argument("--repository", required=True, metavar="URL", help="the URL of this repository's files")
    export.add_argument("--output", type=Path, metavar="FILE", help="the file to write (default: standard output)")

    deploy = add("deploy", "deploy the result of a codelab with the gcloud commands of its README", other.deploy_result)
    deploy.add_argument("track", nargs="?", metavar="MODULE", help=f"{_TRACK} (default: the current one)")
    deploy.add_argument("--project", default="PROJECT_ID", metavar="PROJECT_ID", help="the Google Cloud project")
    deploy.add_argument("--region", default="us-central1", help="the region (default: us-central1)")
    deploy.add_argument("--side", metavar="FOLDER", help="deploy another folder of the same kind, such as FINISH-py2")
    deploy.add_argument("--dry-run", action="store_true", help="only print the commands")

    probe = add("probe", "visit a deployed app and check that it shows the visitor's own address", other.probe_app)
    probe.add_argument("url", metavar="URL", help="the URL of the app: https://...")

"""The `codelab` command: reads the command line, calls a command and prints what it returns."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from codelab.commands.apply import apply
from codelab.commands.check import Checked, check
from codelab.commands.current_track import find_track
from codelab.commands.diff import diff
from codelab.commands.hint import hint
from codelab.commands.list import list_tracks
from codelab.commands.next import find_next
from codelab.commands.reset import plan_reset, reset
from codelab.commands.run import plan_run
from codelab.commands.show import show
from codelab.commands.start import start
from codelab.errors import CodelabError
from codelab.invocation import called_as, find_program, spell, suggest
from codelab.readme.course import Course, TrackRef, find_course
from codelab.terminal import Terminal
from codelab.workspace import Workspace, make_command
from datastore_emulator.errors import UserError
from datastore_emulator.stopping import CLOSED_OUTPUT, Stopped, guard_output, stop_signals

if TYPE_CHECKING:
    from codelab.compare.session import Session

# The exit code that shells give to a command that Ctrl-C has ended.
INTERRUPTED = 130
# As for wrong usage, so that a script can tell a command that could not do its work from one that found something.
ERROR = 2

_TRACK = "the codelab: mod2-cloudndb, or mod2-cloudndb/FINISH for the track that starts there"
_Add = Callable[[str, str, Callable[[argparse.Namespace], bool]], argparse.ArgumentParser]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command, and return its exit code.

    0: done, and all is right; 1: done, and something is wrong or left to do; 2: an error or wrong usage, so that it was
    not done; 130: ended by Ctrl-C; 141: the reader of the output has closed it, which is no error of make.
    """
    code = guard_output("codelab", lambda: _run_command(arguments))
    return 0 if code == CLOSED_OUTPUT and find_program() is None else code


def _run_command(arguments: Sequence[str] | None) -> int:
    with called_as(find_program()):
        options = make_parser().parse_args(arguments)
    with called_as(find_program(options.course)):
        try:
            with stop_signals():
                passed: bool = options.command(options)
        except Stopped:
            return 0 if options.command in (_run, _serve, _watch) else INTERRUPTED
        except (CodelabError, UserError) as error:
            print(f"codelab: {spell(str(error))}", file=sys.stderr)
            return ERROR
    return 0 if passed else 1


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
    return parser


def _add_learners_commands(add: _Add) -> None:
    begin = add("start", "make a copy of START to work in, under work/", _start)
    check = add("check", "check which steps are done, then run the app and compare its output with START's", _check)
    show = add("show", "show the step to do now", _show)
    hint = add("hint", "show a hint for the step to do now", _hint)
    next_ = add("next", "show what to do now: the next step or the next codelab", _next)
    apply = add("apply", "do the next step for me, and keep my own edits", _apply)
    reset = add("reset", "take my copy back to START or to a step; asks first, and keeps the old copy", _reset)
    diff = add("diff", "compare two states: work (my copy), START, FINISH, another folder, or a step's number", _diff)
    run = add("run", "run START and FINISH, or my copy, on one Datastore, until Ctrl-C", _run)
    watch = add("watch", "check again after each save, until the codelab is finished", _watch)
    _add_options_of_assess(
        add("assess", "say what must change in an app of my own, and which codelabs show it", _assess)
    )
    add("list", "list all codelabs with my progress", _list)
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
    serve = add("serve", "follow the codelabs on a local web page, with the apps running next to the text", _serve)
    serve.add_argument("--port", type=int, metavar="N", help="the port (default: the first free one from 8800 up)")

    verify = add("verify", "prove that the codelabs are right, step by step", _verify)
    verify.add_argument("modules", nargs="*", metavar="MODULE", help="the modules to prove (default: all)")
    verify.add_argument("--no-run", action="store_true", help="check the files only, do not run the apps")

    grade = add("grade", "judge a folder anywhere as the result of a codelab: exit code 0 if it is finished", _grade)
    grade.add_argument("folder", type=Path, metavar="DIR", help="the folder with the app")
    grade.add_argument("--as", dest="track", required=True, metavar="MODULE", help=_TRACK)
    grade.add_argument("--no-run", action="store_true", help="judge the files only, do not run the app")
    grade.add_argument("--json", action="store_true", help="print the judgement as JSON")

    export = add("export", "write a codelab in the Markdown of Google's codelab tool, claat", _export)
    export.add_argument("track", metavar="MODULE", help=_TRACK)
    export.add_argument("--repository", required=True, metavar="URL", help="the URL of this repository's files")
    export.add_argument("--output", type=Path, metavar="FILE", help="the file to write (default: standard output)")

    deploy = add("deploy", "deploy the result of a codelab with the gcloud commands of its README", _deploy)
    deploy.add_argument("track", nargs="?", metavar="MODULE", help=f"{_TRACK} (default: the current one)")
    deploy.add_argument("--project", default="PROJECT_ID", metavar="PROJECT_ID", help="the Google Cloud project")
    deploy.add_argument("--region", default="us-central1", help="the region (default: us-central1)")
    deploy.add_argument("--side", metavar="FOLDER", help="deploy another folder of the same kind, such as FINISH-py2")
    deploy.add_argument("--dry-run", action="store_true", help="only print the commands")

    probe = add("probe", "visit a deployed app and check that it shows the visitor's own address", _probe)
    probe.add_argument("url", metavar="URL", help="the URL of the app: https://...")


@dataclass(frozen=True)
class _Context:
    """The course, the copy and the track that a learner's command works on, and where its result is printed."""

    course: Course
    workspace: Workspace
    ref: TrackRef
    terminal: Terminal


def _find_context(options: argparse.Namespace) -> _Context:
    course = _find_course(options)
    workspace = Workspace(course.root)
    ref = find_track(course, workspace, Path.cwd(), options.track)
    if ref is None:
        first = make_command("start", course.track(course.modules[0]))
        raise CodelabError(f"you have not started a codelab; begin with `{first}` (`{suggest('list')}` shows all)")
    return _Context(course, workspace, ref, Terminal())


def _find_course(options: argparse.Namespace) -> Course:
    return Course(options.course.resolve()) if options.course else find_course(Path.cwd())


def _start(options: argparse.Namespace) -> bool:
    here = _find_context(options)
    here.terminal.print_started(start(here.workspace, here.ref))
    return True


def _check(options: argparse.Namespace) -> bool:
    return _check_and_print(_find_context(options), run=not options.no_run).passed


def _check_and_print(here: _Context, *, run: bool, session: Session | None = None) -> Checked:
    try:
        checked = check(
            here.course,
            here.workspace,
            here.ref,
            run=run,
            on_progress=lambda progress, will_run: here.terminal.print_progress(here.ref, progress, will_run),
            on_scenario=here.terminal.show_activity,
            session=session,
        )
    finally:
        here.terminal.hide_activity()
    here.terminal.print_outcome(checked)
    return checked


def _watch(options: argparse.Namespace) -> bool:
    from codelab.commands.watch import watch_copy
    from codelab.compare.session import Session

    here = _find_context(options)
    here.workspace.read(here.ref)  # raises if there is nothing to watch
    with Session() as session:
        for _ in watch_copy(here.ref.copy, lambda: _check_and_print(here, run=not options.no_run, session=session)):
            pass
    return True


def _show(options: argparse.Namespace) -> bool:
    here = _find_context(options)
    here.terminal.print_step(show(here.course, here.workspace, here.ref, options.step))
    return True


def _hint(options: argparse.Namespace) -> bool:
    here = _find_context(options)
    here.terminal.print_step(hint(here.course, here.workspace, here.ref, options.step))
    return True


def _next(options: argparse.Namespace) -> bool:
    here = _find_context(options)
    here.terminal.print_step(find_next(here.course, here.workspace, here.ref))
    return True


def _apply(options: argparse.Namespace) -> bool:
    here = _find_context(options)
    here.terminal.print_applied(apply(here.workspace, here.ref, overwrite=options.overwrite))
    return True


def _reset(options: argparse.Namespace) -> bool:
    here = _find_context(options)
    plan = plan_reset(here.workspace, here.ref, options.step)
    here.terminal.print_reset_plan(plan)
    if not plan.lost:
        return True
    sure = suggest("reset", plan.ref.name, step=plan.number or "", yes=True)
    agreed = options.yes or _confirm("Reset? [y/N] ", sure=sure)
    kept = reset(here.workspace, plan).relative_to(here.course.root).as_posix() if agreed else None
    here.terminal.print_reset(plan, kept)
    return agreed


def _confirm(question: str, *, sure: str) -> bool:
    if not sys.stdin.isatty():
        raise CodelabError(
            f"reset needs confirmation, and standard input is not a terminal; `{sure}` resets without asking"
        )
    try:
        return input(question).strip().casefold() in ("y", "yes")
    except EOFError:
        return False


def _diff(options: argparse.Namespace) -> bool:
    here = _find_context(options)
    here.terminal.print_diff(diff(here.workspace, here.ref, options.old, options.new))
    return True


def _run(options: argparse.Namespace) -> bool:
    import localcloud.cli

    course = _find_course(options)
    workspace = Workspace(course.root)
    ref = find_track(course, workspace, Path.cwd(), options.track) or course.track(course.modules[0])
    plan = plan_run(workspace, ref, options.side)
    if not options.track:
        Terminal().print_track_to_run(ref, course.modules)
    words = ["run", *map(str, plan.folders), "--function", options.function or plan.function]
    words += ["--data", options.data or str(plan.data)]
    words += ["--port", str(options.port)] if options.port is not None else []
    words += ["--python27", *([options.python27] if options.python27 else [])] if options.python27 is not None else []
    words += ["--no-reload"] if options.no_reload else []
    localcloud.cli.run(words, spell)
    return True


def _assess(options: argparse.Namespace) -> bool:
    from codelab.commands.assess import as_json, assess, find_folder, write_html
    from codelab.terminal.assessment import print_assessment

    if not options.folder:
        raise CodelabError(f"no folder to read; write `{suggest('assess', dir='../my-app')}`")
    terminal = Terminal()
    try:
        assessment = assess(_find_course(options), find_folder(options.folder), options.to, terminal.show_activity)
    finally:
        terminal.hide_activity()
    if options.json:
        print(as_json(assessment), flush=True)
    elif options.html:
        write_html(assessment, options.html)
        print(f"Wrote {options.html}", flush=True)
    else:
        print_assessment(terminal.console, assessment)
    return True


def _list(options: argparse.Namespace) -> bool:
    course = _find_course(options)
    Terminal().print_listing(list_tracks(course, Workspace(course.root)))
    return True


def _serve(options: argparse.Namespace) -> bool:
    from codelab.web.server import serve

    if options.port is not None and not 0 <= options.port <= 65535:
        raise CodelabError(f"--port {options.port}: a port is a number from 0 to 65535")
    serve(_find_course(options), options.port, lambda url: print(f"Open {url} (Ctrl-C ends it)", flush=True))
    return True


def _verify(options: argparse.Namespace) -> bool:
    import localcloud.cli
    from codelab.verify.proof import verify

    course = _find_course(options)
    modules = [course.module(name) for name in options.modules] or course.modules
    parsers = {"codelab": make_parser(), "localcloud": localcloud.cli.make_parser()}
    return verify(course, modules, parsers=parsers, run=not options.no_run)


def _grade(options: argparse.Namespace) -> bool:
    from codelab.commands.grade import describe, grade

    grade_ = grade(_find_course(options).track(options.track), options.folder, run=not options.no_run)
    print(json.dumps(grade_.as_json(), indent=2) if options.json else "\n".join(describe(grade_)), flush=True)
    return grade_.finished


def _export(options: argparse.Namespace) -> bool:
    from codelab.commands.export import export

    course = _find_course(options)
    text = export(course, course.track(options.track), options.repository)
    if options.output:
        try:
            options.output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CodelabError(f"cannot write to {options.output}: {(error.strerror or str(error)).lower()}") from error
    else:
        print(text, end="")
    return True


def _deploy(options: argparse.Namespace) -> bool:
    from codelab.commands.deploy import plan_deployment, run_deployment

    here = _find_context(options)
    side = options.side or (None if here.ref.is_main else here.ref.track.finish)
    deployment = plan_deployment(
        here.course, here.ref.codelab.module, project=options.project, region=options.region, side=side
    )
    here.terminal.print_deployment(deployment)
    return options.dry_run or run_deployment(here.course, deployment)


def _probe(options: argparse.Namespace) -> bool:
    from codelab.commands.probe import probe

    result = probe(options.url)
    print(result.text, flush=True)
    return result.right

"""The `codelab` command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from codelab.commands.coach import Coach
from codelab.commands.edits import Editor
from codelab.errors import CodelabError
from codelab.readme.course import Course, TrackRef, find_course
from codelab.workspace import Workspace, make_command
from datastore_emulator.errors import UserError
from datastore_emulator.stopping import Stopped, stop_signals

# What shells say of a command that Ctrl-C has ended.
INTERRUPTED = 130

_PLACE = "which codelab: mod2-cloudndb, or mod2-cloudndb/FINISH for the track from there (default: where you are)"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0 when all is well, 1 when something is pending or wrong, 2 for wrong usage."""
    options = make_parser().parse_args(arguments)
    try:
        with stop_signals():
            well: bool = options.command(options)
    except Stopped:
        return 0 if options.command in (_serve, _watch) else INTERRUPTED
    except (CodelabError, UserError) as error:
        print(f"codelab: {error}", file=sys.stderr)
        return 1
    return 0 if well else 1


def make_parser() -> argparse.ArgumentParser:
    """Build the parser of the command line."""
    top = argparse.ArgumentParser(
        prog="codelab", description="Follow a migration codelab step by step, or prove that the course is right."
    )
    top.add_argument("--course", type=Path, metavar="DIR", help="the folder with the modules (default: this one)")
    verbs = top.add_subparsers(required=True, metavar="COMMAND")

    def verb(name: str, does: str, command: object, *, place: bool = True) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, help=does, description=does[0].upper() + does[1:] + ".")
        added.set_defaults(command=command)
        if place:
            added.add_argument("place", nargs="?", metavar="MODULE", help=_PLACE)
        return added

    verb("start", "make a copy of START to work in, below work/", _start)
    check = verb("check", "say which step is reached and what is missing, and compare the page with START's", _check)
    check.add_argument("--no-run", action="store_true", help="look at the files only")
    show = verb("show", "print the step to do now", _show)
    hint = verb("hint", "print the hint of the step to do now", _hint)
    for which in (show, hint):
        which.add_argument("--step", type=int, metavar="N", help="another step")
    apply = verb("apply", "do the next step for me, among my own edits", _apply)
    apply.add_argument("--overwrite", action="store_true", help="replace my files where both change the same lines")
    reset = verb("reset", "take my copy back to START, or to a step; says what goes and keeps it aside", _reset)
    reset.add_argument("--step", type=int, default=0, metavar="N", help="back to what it is after step N (default: 0)")
    reset.add_argument("--yes", action="store_true", help="do not ask")
    diff = verb("diff", "compare two of: work (my copy), START, FINISH, another folder, the number of a step", _diff)
    diff.add_argument("--from", dest="old", default="START", metavar="STATE", help="default: START")
    diff.add_argument("--to", dest="new", default="work", metavar="STATE", help="default: work")
    watch = verb("watch", "check again on each save, until the codelab is finished", _watch)
    watch.add_argument("--no-run", action="store_true", help="look at the files only")
    verb("list", "print all codelabs, and how far I am in each", _list, place=False)
    verb("next", "print what to do now: the next step, or the next codelab", _next)

    serve = verb(
        "serve", "follow the codelabs on a local web page, with the apps running beside the text", _serve, place=False
    )
    serve.add_argument("--port", type=int, metavar="N", help="default: the first free one from 8800 up")

    verify = verb("verify", "prove that the codelabs are right, step by step", _verify, place=False)
    verify.add_argument("modules", nargs="*", metavar="MODULE", help="only these")
    verify.add_argument("--no-run", action="store_true", help="look at the files only, start no app")
    export = verb("export", "write a codelab in the Markdown of Google's codelab tool, claat", _export, place=False)
    export.add_argument("place", metavar="MODULE", help="which codelab: mod2-cloudndb, or mod2-cloudndb/FINISH")
    export.add_argument("--repository", required=True, metavar="URL", help="where this repository's files can be read")
    export.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")
    deploy = verb("deploy", "deploy what a codelab ends with, by its README's gcloud commands", _deploy, place=False)
    deploy.add_argument("module", metavar="MODULE", help="which codelab: mod2-cloudndb")
    deploy.add_argument("--project", required=True, metavar="PROJECT_ID", help="the Google Cloud project")
    deploy.add_argument("--region", default="us-central1", help="default: us-central1")
    deploy.add_argument("--side", metavar="FOLDER", help="another folder that deploys in the same way: FINISH-py2")
    deploy.add_argument("--dry-run", action="store_true", help="print the commands, run none")
    probe = verb("probe", "visit a deployed app, and say whether it shows the visitor's address", _probe, place=False)
    probe.add_argument("url", metavar="URL", help="where the app is: https://...")
    return top


@dataclass(frozen=True)
class _Desk:
    """What the learner's commands work with."""

    coach: Coach
    editor: Editor
    place: TrackRef


def _desk(options: argparse.Namespace) -> _Desk:
    course = _course(options)
    workspace = Workspace(course.root)
    console = Console(highlight=False)
    name = options.place or workspace.current
    if name is None:
        first = make_command("start", course.track(course.modules[0]))
        raise CodelabError(f"expected a module, found none: `{first}` begins the series, `make list` shows all of it")
    return _Desk(Coach(course, workspace, console), Editor(workspace, console), course.track(name))


def _course(options: argparse.Namespace) -> Course:
    return Course(options.course.resolve()) if options.course else find_course(Path.cwd())


def _start(options: argparse.Namespace) -> bool:
    desk = _desk(options)
    return desk.coach.start(desk.place)


def _check(options: argparse.Namespace) -> bool:
    desk = _desk(options)
    return desk.coach.check(desk.place, run=not options.no_run)


def _show(options: argparse.Namespace) -> bool:
    desk = _desk(options)
    return desk.coach.show(desk.place, options.step)


def _hint(options: argparse.Namespace) -> bool:
    desk = _desk(options)
    return desk.coach.hint(desk.place, options.step)


def _apply(options: argparse.Namespace) -> bool:
    desk = _desk(options)
    return desk.editor.apply(desk.place, overwrite=options.overwrite)


def _reset(options: argparse.Namespace) -> bool:
    desk = _desk(options)
    return desk.editor.reset(desk.place, options.step, lambda: options.yes or _agreed())


def _agreed() -> bool:
    if not sys.stdin.isatty():
        raise CodelabError("expected somebody to ask, found no terminal; to reset without a question: --yes")
    try:
        return input("Reset? [y/N] ").strip().casefold() in ("y", "yes")
    except EOFError:
        return False


def _diff(options: argparse.Namespace) -> bool:
    desk = _desk(options)
    return desk.editor.diff(desk.place, options.old, options.new)


def _watch(options: argparse.Namespace) -> bool:
    from codelab.commands.watch import on_each_save

    desk = _desk(options)

    def check() -> bool:
        desk.coach.check(desk.place, run=not options.no_run)
        return desk.coach.finished

    if not desk.place.copy.is_dir():
        return check()  # says that there is nothing to watch
    on_each_save(desk.place.copy, check)
    return True


def _list(options: argparse.Namespace) -> bool:
    course = _course(options)
    return Coach(course, Workspace(course.root), Console(highlight=False)).list()


def _next(options: argparse.Namespace) -> bool:
    desk = _desk(options)
    return desk.coach.next(desk.place)


def _serve(options: argparse.Namespace) -> bool:
    from codelab.web.server import serve

    if options.port is not None and not 0 <= options.port <= 65535:
        raise CodelabError(f"--port: expected a number from 0 to 65535, found {options.port}")
    serve(_course(options), options.port, lambda line: print(line, flush=True))
    return True


def _verify(options: argparse.Namespace) -> bool:
    import localcloud.cli
    from codelab.verify.proof import verify

    course = _course(options)
    modules = [course.module(name) for name in options.modules] or course.modules
    parsers = {"codelab": make_parser(), "localcloud": localcloud.cli.make_parser()}
    return verify(course, modules, parsers=parsers, run=not options.no_run)


def _export(options: argparse.Namespace) -> bool:
    from codelab.commands.export import export

    course = _course(options)
    text = export(course, course.track(options.place), options.repository)
    if options.output:
        try:
            options.output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CodelabError(f"{options.output}: expected to write here ({error.strerror})") from error
    else:
        print(text, end="")
    return True


def _deploy(options: argparse.Namespace) -> bool:
    from codelab.commands.deploy import deploy

    return deploy(
        _course(options),
        options.module,
        project=options.project,
        region=options.region,
        side=options.side,
        dry_run=options.dry_run,
        say=lambda line: print(line, flush=True),
    )


def _probe(options: argparse.Namespace) -> bool:
    from codelab.commands.probe import probe

    return probe(options.url, lambda line: print(line, flush=True))

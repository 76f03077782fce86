"""The commands beside a learner's: for an app of one's own, for the page, and for teachers, authors and deployments.

Each returns True if all is right.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from rich.console import Console

from codelab.cli.context import choose_course, find_context
from codelab.commands.current_track import find_track
from codelab.commands.run import plan_run
from codelab.errors import CodelabError
from codelab.invocation import spell, suggest
from codelab.terminal import Terminal
from codelab.workspace import Workspace


def run_apps(options: argparse.Namespace) -> bool:
    """Run folders until Ctrl-C."""
    import localcloud.cli

    course = choose_course(options)
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


def assess_app(options: argparse.Namespace) -> bool:
    """Print or write what must change in an app."""
    from codelab.commands.assess import as_json, assess, find_folder, write_html
    from codelab.terminal.assessment import print_assessment

    if not options.folder:
        raise CodelabError(f"no folder to read; write `{suggest('assess', dir='../my-app')}`")
    activity = Terminal(Console(stderr=True))  # it is shown, too, if the output goes to a file
    try:
        assessment = assess(choose_course(options), find_folder(options.folder), options.to, activity.show_activity)
    finally:
        activity.hide_activity()
    if options.json:
        print(as_json(assessment), flush=True)
    elif options.html:
        write_html(assessment, options.html)
        counts = ", ".join(f"{count} {verdict.title}" for verdict, count in assessment.counts.items())
        print(f"Wrote {options.html}: {counts}", flush=True)
    else:
        print_assessment(Terminal().console, assessment)
    return True


def serve_page(options: argparse.Namespace) -> bool:
    """Serve the learning page until Ctrl-C."""
    from codelab.web.server import serve

    if options.port is not None and not 0 <= options.port <= 65535:
        raise CodelabError(f"--port {options.port}: a port is a number from 0 to 65535")
    serve(choose_course(options), options.port, lambda url: print(f"Open {url} (Ctrl-C ends it)", flush=True))
    return True


def verify_course(options: argparse.Namespace) -> bool:
    """Prove the codelabs."""
    import localcloud.cli
    from codelab.verify.proof import verify

    course = choose_course(options)
    modules = [course.module(name) for name in options.modules] or course.modules
    parsers = {"codelab": options.parser, "localcloud": localcloud.cli.make_parser()}
    return verify(course, modules, parsers=parsers, run=not options.no_run)


def grade_folder(options: argparse.Namespace) -> bool:
    """Judge a folder."""
    from codelab.commands.grade import describe, grade

    grade_ = grade(choose_course(options).track(options.track), options.folder, run=not options.no_run)
    print(json.dumps(grade_.as_json(), indent=2) if options.json else "\n".join(describe(grade_)), flush=True)
    return grade_.finished


def export_codelab(options: argparse.Namespace) -> bool:
    """Write a codelab for claat."""
    from codelab.commands.export import export

    course = choose_course(options)
    text = export(course, course.track(options.track), options.repository)
    if options.output:
        try:
            options.output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CodelabError(f"cannot write to {options.output}: {(error.strerror or str(error)).lower()}") from error
    else:
        print(text, end="")
    return True


def deploy_result(options: argparse.Namespace) -> bool:
    """Print the commands that deploy a result, and run them."""
    from codelab.commands.deploy import plan_deployment, run_deployment

    here = find_context(options)
    side = options.side or (None if here.ref.is_main else here.ref.track.finish)
    deployment = plan_deployment(
        here.course, here.ref.codelab.module, project=options.project, region=options.region, side=side
    )
    here.terminal.print_deployment(deployment)
    return options.dry_run or run_deployment(here.course, deployment)


def probe_app(options: argparse.Namespace) -> bool:
    """Visit a deployed app."""
    from codelab.commands.probe import probe

    result = probe(options.url)
    print(result.text, flush=True)
    return result.right

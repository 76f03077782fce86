"""The outcome of running a copy beside START, with apps that only say what they would find."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from codelab.check import Checker, Outcome, RunResult, run_and_compare
from codelab.check.cache import find_cache
from codelab.compare import comparison as comparison_module
from codelab.compare import function_calls
from codelab.compare.comparison import ComparedFolder, Difference
from codelab.compare.scenario import Scenario, select
from codelab.compare.scenarios import SCENARIOS
from codelab.compare.services import Service
from codelab.compare.visitor import Document
from codelab.readme.trees import write_tree
from datastore_emulator.errors import UserError
from tests.codelab.check.tracks import Tree, make_track

REDIS = "import redis\n\ncache = redis.Redis()\n\ndef read():\n    return cache.get('a')\n"
MEMCACHE = "from google.appengine.api import memcache\n\ndef read():\n    return memcache.get('a')\n"
PLAIN: list[Tree] = [{"app.yaml": text} for text in ("a: 1\n", "a: 1\nb: 1\n", "a: 1\nb: 1\nc: 1\n")]
CACHED: list[Tree] = [{"main.py": "import flask\n"}, {"main.py": MEMCACHE}, {"main.py": REDIS}]


class Apps:
    """What the apps of a comparison find, and what they were asked."""

    def __init__(self) -> None:
        self.finds: Difference | UserError | None = None
        self.error: str | None = None
        self.folders: list[ComparedFolder] = []
        self.scenarios: list[Scenario] = []
        self.called: frozenset[Service] = frozenset()

    def __call__(
        self, start: ComparedFolder, others: Sequence[ComparedFolder], function: str | None, **_: object
    ) -> Apps:
        self.folders = [start, *others]
        return self

    def __enter__(self) -> None:
        if isinstance(self.finds, UserError):
            raise self.finds

    def close(self) -> None:
        pass

    def first_difference(
        self, folder: ComparedFolder, scenarios: Sequence[Scenario], on_scenario: object
    ) -> Difference | None:
        assert folder is self.folders[1]
        self.scenarios = list(scenarios)
        return self.finds if isinstance(self.finds, Difference) else None

    def services_called(self, folder: ComparedFolder) -> frozenset[Service]:
        assert folder is self.folders[1]
        return self.called

    def error_of(self, folder: ComparedFolder) -> str | None:
        assert folder is self.folders[1]
        return self.error


@pytest.fixture
def apps(monkeypatch: pytest.MonkeyPatch) -> Apps:
    apps = Apps()
    monkeypatch.setattr(comparison_module, "Comparison", apps)
    return apps


def run(root: Path, states: Sequence[Tree], copy: Tree) -> Outcome:
    checker = Checker(make_track(root, *states))
    return run_and_compare(checker, checker.progress(copy))


@pytest.mark.parametrize(
    ("states", "copy", "cache", "last", "caches_differ"),
    [
        (PLAIN, PLAIN[1], None, False, False),
        (PLAIN, PLAIN[2], None, True, False),
        (CACHED, CACHED[1], "Memcache", False, True),
        (CACHED, CACHED[2], "Redis", True, True),
        ([CACHED[2], {**CACHED[2], **PLAIN[0]}], {**CACHED[2], **PLAIN[0]}, "Redis", True, False),
        ([CACHED[0], CACHED[2]], {"main.py": REDIS.replace(".get(", ".mget(")}, "Redis", True, True),
    ],
    ids=["in the middle", "at the end", "with a cache", "with Redis", "with START's cache", "in another way"],
)
def test_same_output_says_how_much_was_compared(
    states: Sequence[Tree],
    copy: Tree,
    cache: str | None,
    last: bool,
    caches_differ: bool,
    apps: Apps,
    tmp_path: Path,
) -> None:
    apps.called = frozenset({"Redis": {Service.REDIS}, "Memcache": {Service.MEMCACHE}}.get(str(cache), set()))
    outcome = run(tmp_path, states, copy)
    wanted = select(SCENARIOS, cache=cache, quick_only=not last)
    assert outcome == Outcome(
        RunResult.SAME, scenarios=len(wanted), caches_differ=caches_differ, last=last, step=outcome.step
    )
    assert apps.scenarios == list(wanted)
    assert [(folder.name, folder.cache) for folder in apps.folders] == [
        ("START", find_cache(states[0])),
        ("your copy", cache),
    ]
    assert [folder.path.relative_to(tmp_path).as_posix() for folder in apps.folders] == [
        "mod0-test/START",
        "work/mod0-test",
    ]


def test_difference_is_reported_with_scenario_and_error(apps: Apps, tmp_path: Path) -> None:
    apps.finds = Difference("twelve visitors", "found status 500", "main.py:1: KeyError")
    assert run(tmp_path, PLAIN, PLAIN[2]) == Outcome(
        RunResult.DIFFERS, "twelve visitors", "found status 500", "main.py:1: KeyError", step=2, passed=1
    )


def test_app_that_does_not_start_is_reported_with_its_error(apps: Apps, tmp_path: Path) -> None:
    apps.finds, apps.error = UserError("your copy: gunicorn is not installed"), "main.py:1: ImportError"
    assert run(tmp_path, PLAIN, PLAIN[1]) == Outcome(
        RunResult.DOES_NOT_RUN, text="your copy: gunicorn is not installed", error="main.py:1: ImportError", step=1
    )


@pytest.mark.parametrize(
    ("called", "text"),
    [
        ({Service.REDIS}, None),
        (set(), "it never calls Redis, which the codelab uses from here on"),
        (
            {Service.REDIS, Service.MEMCACHE},
            "it still calls App Engine's Memcache, which the codelab has left by step 1",
        ),
        ({Service.REDIS, Service.DATASTORE}, None),
    ],
    ids=["the new one", "none", "the old one too", "one that the codelab never calls"],
)
def test_copy_has_to_call_the_services_of_the_step(
    called: set[Service], text: str | None, apps: Apps, tmp_path: Path
) -> None:
    apps.called = frozenset(called)
    outcome = run(tmp_path, [{"main.py": MEMCACHE}, {"main.py": REDIS}], {"main.py": REDIS})
    assert outcome.finished is (text is None)
    assert (outcome.result is RunResult.OTHER_SERVICES, outcome.text) == (text is not None, text or "")


APP = "import flask\n\napp = flask.Flask(__name__)\n"
HANDLER = f"{APP}\ndef visitme(request):\n    return flask.render_template('index.html')\n"
CHECKED = HANDLER.replace("    return", "    if request.path != '/':\n        flask.abort(404)\n    return")
LOGGED = CHECKED.replace("import flask\n", "import flask\nimport structlog\n")
ANSWERED = CHECKED.replace("flask.abort(404)", "return 'Not found', 404")
FUNCTION: list[Tree] = [{"app.yaml": "a: 1\n", "main.py": text} for text in (APP, HANDLER, CHECKED, LOGGED)]
FUNCTION.append({"main.py": LOGGED})
ALL, SOME = ([Document(status, "", []) for status in (200, other, 200, 200, 200)] for other in (200, 404))


@pytest.mark.parametrize(
    ("main", "answers", "result", "step"),
    [
        (ANSWERED, SOME, RunResult.SAME, 2),
        (HANDLER + "# mine\n", ALL, RunResult.SAME, 1),
        (LOGGED.replace("flask.abort(404)", "pass"), ALL, RunResult.DIFFERS, 2),
        (LOGGED.replace("flask.abort(404)", "return '', 404"), SOME, RunResult.SAME, 3),
        (HANDLER, None, RunResult.SAME, 1),
    ],
    ids=["in an own way", "not done", "left out", "in an own way before the next", "the codelab's files"],
)
def test_function_is_called_where_an_app_hides_its_answers(
    main: str,
    answers: list[Document] | None,
    result: RunResult,
    step: int,
    apps: Apps,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def call(trees: Sequence[Tree], function: str) -> list[list[Document]]:
        assert answers is not None, "nothing is open"
        assert function == "visitme"
        *states, mine = trees
        assert mine["main.py"] == main
        return [*(SOME if "abort" in state["main.py"] else ALL for state in states), answers]

    monkeypatch.setattr(function_calls, "call_functions", call)
    checker = Checker(make_track(tmp_path, *FUNCTION, console="gcloud run deploy --function visitme"))
    copy = {"app.yaml": "a: 1\n", "main.py": main}
    write_tree(copy, checker.ref.copy)
    outcome = run_and_compare(checker, checker.progress(copy))
    assert (outcome.result, outcome.step) == (result, step)


@pytest.mark.parametrize(
    ("result", "last", "ok", "finished"),
    [
        (RunResult.SAME, True, True, True),
        (RunResult.SAME, False, True, False),
        (RunResult.NOT_WORKING_YET, False, True, False),
        (RunResult.IN_MID_STEP, False, False, False),
        (RunResult.DIFFERS, True, False, False),
        (RunResult.OTHER_SERVICES, True, False, False),
        (RunResult.NOT_DEPLOYABLE, True, False, False),
        (RunResult.DOES_NOT_RUN, True, False, False),
    ],
)
def test_outcome_is_ok_or_finished(result: RunResult, last: bool, ok: bool, finished: bool) -> None:
    outcome = Outcome(result, last=last)
    assert (outcome.ok, outcome.finished) == (ok, finished)


@pytest.mark.parametrize(
    ("main", "cache"),
    [
        (REDIS, "Redis"),
        (MEMCACHE, "Memcache"),
        ("import redis\n\nredis.Redis().set('a', 1)\n", None),
        ("cache.get('a')\n", None),
        ("import redis (\n", None),
        (None, None),
    ],
    ids=["reads Redis", "reads Memcache", "writes Redis", "reads something else", "not Python", "no main.py"],
)
def test_cache_is_what_app_reads(main: str | None, cache: str | None) -> None:
    assert find_cache({} if main is None else {"main.py": main}) == cache

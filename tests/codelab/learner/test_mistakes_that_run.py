"""The most likely mistakes that only the running app shows: reported with what visitors see, and the app's error."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from codelab.check import will_run
from codelab.compare import scenarios
from codelab.compare.scenario import Scenario
from codelab.readme.trees import read_tree, write_tree
from tests.codelab.learner.hand import Edit, Replace, Write, edit
from tests.codelab.learner.learner import Learner, checker_of
from tests.codelab.learner.running import RunningCopies, run_copies
from tests.support.course import ROOT

WITHOUT_RETURN = Replace("main.py", "return render_template", "render_template")
OTHER_METHODS = "    if request.method not in ('GET', 'HEAD'):\n        abort(405, ['GET', 'HEAD'])\n"

# The track, the steps that are done, the mistake, the scenario in which visitors see it, and words of what is reported.
MISTAKES: dict[str, tuple[str, int, list[Edit], Scenario, list[str]]] = {
    "view without return": (
        "mod1-flask",
        3,
        [WITHOUT_RETURN],
        scenarios.first_visit_to_an_empty_store,
        ["found status 500", "TypeError: The view function for 'root' did not return a valid response"],
    ),
    "fewer visits shown": (
        "mod1-flask",
        2,
        [Replace("main.py", "fetch_visits(10)", "fetch_visits(5)")],
        scenarios.twelve_visitors,
        ["expected the page to list [", "found ["],
    ),
    "Datastore call outside the context": (
        "mod2-cloudndb",
        4,
        [Replace("main.py", "        visits = fetch_visits(10)", "    visits = fetch_visits(10)")],
        scenarios.first_visit_to_an_empty_store,
        ["found status 500", "main.py:21: google.cloud.ndb.exceptions.ContextError: No current context"],
    ),
    "context of a client that has none": (
        "mod3-datastore",
        1,
        [Replace("main.py", "with ndb_client", "with client")],
        scenarios.first_visit_to_an_empty_store,
        ["found status 500", "main.py:33: AttributeError: 'Client' object has no attribute 'context'"],
    ),
    "visits of another kind": (
        "mod3-datastore",
        2,
        [Replace("main.py", "client.key('Visit')", "client.key('visit')")],
        scenarios.first_visit_to_an_empty_store,
        ['stores its visits in kind "visit", where START uses "Visit"; so it loses the old visits'],
    ),
    "first entry of X-Forwarded-For believed": (
        "mod11-functions",
        3,
        [Replace("main.py", "forwarded_for[-PROXY_HOPS]", "forwarded_for[0]")],
        scenarios.forged_addresses,
        ["203.0.113.7: Mallory 0"],
    ),
    "other methods counted as visits": (
        "mod11-functions",
        5,
        [Replace("main.py", OTHER_METHODS, "")],
        scenarios.other_methods_and_paths,
        ["expected status 405 for POST /, found 200"],
    ),
    "foreign values in Memcache forgotten": (
        "mod12-memcache",
        3,
        [Replace("main.py", "visits = cached_visits()", "visits = json.loads(memcache.get('visits') or '[]')")],
        scenarios.foreign_values_in_the_cache,
        ["found status 500", "main.py:"],
    ),
    "a call to Redis tried again after a time-out": (
        "mod13-memorystore/START-py3",
        5,
        [Replace("main.py", "NoBackoff(), 1, (redis.ConnectionError,)", "NoBackoff(), 1")],
        scenarios.redis_never_answering,
        ["a call that timed out must not be tried again"],
    ),
    "visitor compared by address alone": (
        "mod12-memcache",
        3,
        [
            Replace(
                "main.py",
                "visits[0]['visitor'] != '%s: %s' % (remote_addr, user_agent)",
                "not visits[0]['visitor'].startswith(remote_addr)",
            )
        ],
        scenarios.two_visitors_alternating,
        ["expected the page to list [", "found ["],
    ),
    "only a refused connection caught": (
        "mod13-memorystore",
        4,
        [
            Replace("main.py", f"{line}\n    except redis.RedisError", f"{line}\n    except redis.ConnectionError")
            for line in ("return cache.get(key)", "ex=seconds)")
        ],
        scenarios.redis_never_answering,
        ["redis.exceptions.TimeoutError: "],
    ),
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCopies]:
    copies = {name: (place, done, edits) for name, (place, done, edits, *_) in MISTAKES.items()}
    with run_copies(tmp_path_factory.mktemp("copies"), copies) as running:
        yield running


@pytest.mark.app
@pytest.mark.xdist_group("mistakes")
@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_is_found_in_scenario(running: RunningCopies, name: str) -> None:
    *_, scenario, words = MISTAKES[name]
    difference = running.first_difference(name, [scenario])
    assert difference
    for word in words:
        assert word in str(difference)


@pytest.mark.parametrize("name", MISTAKES)
def test_copy_with_mistake_will_run(name: str, tmp_path: Path) -> None:
    place, done, edits, scenario, _ = MISTAKES[name]
    checker = checker_of(ROOT, place)
    write_tree(checker.trees[done], tmp_path)
    edit(tmp_path, edits)
    assert will_run(checker.ref, checker.progress(read_tree(tmp_path)))
    # In the middle of a track only quick scenarios run.
    assert scenario.quick or done == len(checker.trees) - 1


@pytest.mark.app
def test_check_prints_scenario_and_error_of_app(learner: Learner) -> None:
    learner.makes("mod1-flask", WITHOUT_RETURN, after=3)
    answer = learner.codelab("check")
    answer.says("output is wrong in the scenario “first visit to an empty store”", "found status 500", "TypeError: ")
    assert answer.code == 1
    assert "Well done" not in answer.text


@pytest.mark.app
def test_check_prints_that_app_does_not_start(learner: Learner) -> None:
    # Written in another way, so that the files alone do not show the mistake.
    mistake = Write("Procfile", "web: uwsgi --http :$PORT --threads 8 main:app\n")
    learner.makes("mod5-buildpacks", mistake, after=3)
    answer = learner.codelab("check")
    answer.says("Your app does not start: ", "uwsgi")
    assert answer.code == 1


@pytest.mark.app
def test_check_prints_error_of_app_that_ends_at_its_start(learner: Learner) -> None:
    # gunicorn listens before it imports main.py, so the app may end before its first visitor or after.
    learner.makes("mod5-buildpacks", Write("main.py", ""), after=1)
    answer = learner.codelab("check")
    answer.says("Failed to find attribute 'app' in 'main'")
    assert answer.code == 1

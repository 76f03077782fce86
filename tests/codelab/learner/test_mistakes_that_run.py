"""The most likely mistakes that only the running app shows: reported with what visitors see, and the app's error."""

from __future__ import annotations

from tests.codelab.learner.hand import Replace, Write
from tests.codelab.learner.terminal import Answer, Learner


def run(learner: Learner, place: str, *mistake: Replace | Write, after: int) -> Answer:
    """Check a copy whose files look complete but have a mistake; return the answer."""
    learner.makes(place, *mistake, after=after)
    answer = learner.codelab("check", place)
    answer.is_no_traceback()
    assert answer.code == 1, answer.text
    assert "Well done" not in answer.text
    return answer


def test_view_without_return(learner: Learner) -> None:
    answer = run(learner, "mod1-flask", Replace("main.py", "return render_template", "render_template"), after=3)
    answer.says("found status 500", "TypeError: The view function for 'root' did not return a valid response")


def test_fewer_visits_shown(learner: Learner) -> None:
    answer = run(learner, "mod1-flask", Replace("main.py", "fetch_visits(10)", "fetch_visits(5)"), after=2)
    answer.says("in the scenario “twelve visitors”", "expected the page to list [", "found [")


def test_datastore_call_outside_the_context(learner: Learner) -> None:
    outside = Replace("main.py", "        visits = fetch_visits(10)", "    visits = fetch_visits(10)")
    answer = run(learner, "mod2-cloudndb", outside, after=4)
    answer.says("found status 500", "main.py:21: google.cloud.ndb.exceptions.ContextError: No current context")


def test_first_entry_of_x_forwarded_for_believed(learner: Learner) -> None:
    answer = run(
        learner, "mod11-functions", Replace("main.py", "forwarded_for[-PROXY_HOPS]", "forwarded_for[0]"), after=3
    )
    answer.says("in the scenario “forged addresses”", "203.0.113.7: Mallory 0")


def test_other_methods_counted_as_visits(learner: Learner) -> None:
    lines = "    if request.method not in ('GET', 'HEAD'):\n        abort(405, ['GET', 'HEAD'])\n"
    answer = run(learner, "mod11-functions", Replace("main.py", lines, ""), after=5)
    answer.says("in the scenario “other methods and paths”", "expected status 405 for POST /, found 200")


def test_foreign_values_in_memcache_forgotten(learner: Learner) -> None:
    careless = Replace("main.py", "visits = cached_visits()", "visits = json.loads(memcache.get('visits') or '[]')")
    answer = run(learner, "mod12-memcache", careless, after=3)
    answer.says("in the scenario “foreign values in the cache”", "found status 500", "main.py:")


def test_a_call_to_redis_tried_again_after_a_time_out(learner: Learner) -> None:
    careless = Replace("main.py", "NoBackoff(), 1, (redis.ConnectionError,)", "NoBackoff(), 1")
    answer = run(learner, "mod13-memorystore/START-py3", careless, after=5)
    answer.says("in the scenario “redis never answering”", "a call that timed out must not be tried again")


def test_visitor_compared_by_address_alone(learner: Learner) -> None:
    alone = Replace(
        "main.py",
        "visits[0]['visitor'] != '%s: %s' % (remote_addr, user_agent)",
        "not visits[0]['visitor'].startswith(remote_addr)",
    )
    answer = run(learner, "mod12-memcache", alone, after=3)
    answer.says("in the scenario “", "expected the page to list [", "found [")


def test_only_a_refused_connection_caught(learner: Learner) -> None:
    answer = run(
        learner,
        "mod13-memorystore",
        Replace(
            "main.py",
            "return cache.get(key)\n    except redis.RedisError",
            "return cache.get(key)\n    except redis.ConnectionError",
        ),
        Replace("main.py", "ex=seconds)\n    except redis.RedisError", "ex=seconds)\n    except redis.ConnectionError"),
        after=4,
    )
    answer.says("in the scenario “redis never answering”", "redis.exceptions.TimeoutError: ")


def test_gunicorn_not_installed(learner: Learner) -> None:
    # Written in another way, so that the files alone do not show the mistake.
    answer = run(
        learner, "mod5-buildpacks", Write("Procfile", "web: uwsgi --http :$PORT --threads 8 main:app\n"), after=3
    )
    answer.says("Your app does not start: ", "uwsgi")

"""Mutants: a FINISH with one line broken fails the scenario that is there to find it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from codelab.compare import scenarios
from codelab.compare.app_under_test import AppUnderTest
from tests.support.apps import fresh, run_folders
from tests.support.course import ROOT, module_names


@dataclass(frozen=True)
class Mutant:
    """A folder in which `found` becomes `put`, and the scenario that must fail for it."""

    name: str
    folder: str
    found: str
    put: str
    scenario: Callable[[AppUnderTest], None]
    file: str = "main.py"

    def copy_to(self, directory: Path) -> Path:
        """Write the broken folder below a directory, and return its path."""
        broken = shutil.copytree(ROOT / self.folder, directory / "FINISH")
        file = broken / self.file
        text = file.read_text()
        assert self.found in text, f"{self.folder}/{self.file} has changed: adapt this mutant"
        file.write_text(text.replace(self.found, self.put))
        return broken


MUTANTS = [
    Mutant("oldest first", "mod2-cloudndb/FINISH-py3", "order(-", "order(", scenarios.twelve_visitors),
    Mutant("nine shown", "mod2-cloudndb/FINISH-py3", "fetch_visits(10)", "fetch_visits(9)", scenarios.twelve_visitors),
    Mutant(
        "no visit stored",
        "mod1-flask/FINISH",
        "    store_visit(request.remote_addr, request.headers.get('User-Agent', ''))\n",
        "",
        scenarios.first_visit_to_an_empty_store,
    ),
    Mutant(
        "local time",
        "mod3-datastore/FINISH",
        "datetime.now(timezone.utc)",
        "datetime.now()",
        scenarios.first_visit_to_an_empty_store,
    ),
    Mutant(
        "no property left out of the indexes",
        "mod3-datastore/FINISH",
        ", exclude_from_indexes=['visitor']",
        "",
        scenarios.user_agents_around_the_limit_of_an_indexed_string,
    ),
    Mutant(
        "entities of another kind",
        "mod3-datastore/FINISH",
        "'Visit'",
        "'visit'",
        scenarios.visits_of_an_older_version,
    ),
    Mutant("no limit", "mod3-datastore/FINISH", "fetch(limit, ", "fetch(", scenarios.twelve_visitors),
    Mutant(
        "order by a name with a typing error", "mod3-datastore/FINISH", "-timestamp", "-time", scenarios.twelve_visitors
    ),
    Mutant(
        "the proxy's address",
        "mod5-buildpacks/FINISH",
        "x_for=int(os.environ.get('PROXY_HOPS', 1))",
        "x_for=0",
        scenarios.visitors_on_other_addresses,
    ),
    Mutant(
        "the first X-Forwarded-For entry",
        "mod11-functions/FINISH",
        "forwarded_for[-PROXY_HOPS]",
        "forwarded_for[0]",
        scenarios.forged_addresses,
    ),
    Mutant(
        "Cloud Run's count on App Engine",
        "mod2-cloudndb/FINISH-py3",
        "PROXY_HOPS: '2'",
        "PROXY_HOPS: '1'",
        scenarios.visitors_on_other_addresses,
        file="app.yaml",
    ),
    Mutant(
        "App Engine's count on Cloud Run",
        "mod5-buildpacks/FINISH",
        "'PROXY_HOPS', 1",
        "'PROXY_HOPS', 2",
        scenarios.forged_addresses,
    ),
    Mutant(
        "any path",
        "mod11-functions/FINISH",
        "    if request.path != '/':\n        abort(404)\n",
        "",
        scenarios.other_methods_and_paths,
    ),
    Mutant(
        "no User-Agent expected",
        "mod1-flask/FINISH-py3",
        "request.headers.get('User-Agent', '')",
        "request.headers['User-Agent']",
        scenarios.user_agents_of_every_kind,
    ),
    Mutant(
        "markup not escaped",
        "mod1-flask/FINISH-py3",
        "{{ visit.visitor }}",
        "{{ visit.visitor|safe }}",
        scenarios.user_agents_of_every_kind,
        file="templates/index.html",
    ),
    Mutant(
        "an indexed visitor",
        "mod2-cloudndb/FINISH",
        "ndb.TextProperty()",
        "ndb.StringProperty()",
        scenarios.user_agents_around_the_limit_of_an_indexed_string,
    ),
    Mutant(
        "visits of this process only",
        "mod2-cloudndb/FINISH-py3",
        """def fetch_visits(limit):
    \"\"\"Return the most recent visits, newest first.\"\"\"
    return Visit.query()""",
        """def fetch_visits(limit, since=__import__('datetime').datetime.utcnow()):
    return Visit.query(Visit.timestamp > since)""",
        scenarios.restart_between_visits,
    ),
    Mutant(
        "another kind",
        "mod2-cloudndb/FINISH-py3",
        "class Visit(ndb.Model):\n",
        "class Visit(ndb.Model):\n    _get_kind = classmethod(lambda cls: 'Visitor')\n",
        scenarios.visits_of_an_older_version,
    ),
    Mutant(
        "each visit stored twice",
        "mod3-datastore/FINISH",
        "    client.put(visit, timeout=10)\n",
        "    client.put(visit)\n    visit.key = client.key('Visit')\n    client.put(visit)\n",
        scenarios.twenty_visitors_at_once,
    ),
    Mutant(
        "an error page that says all is well",
        "mod4-cloudrun/FINISH",
        "client = datastore.Client()\n",
        "client = datastore.Client()\napp.register_error_handler(500, lambda error: 'Come back later')\n",
        scenarios.datastore_outage,
    ),
    Mutant("no expiry in Memcache", "mod12-memcache/FINISH-py3", ", time=HOUR", "", scenarios.an_hour_passing),
    Mutant("no expiry in Redis", "mod13-memorystore/FINISH-py3", ", ex=seconds", "", scenarios.an_hour_passing),
    Mutant(
        "add() for set()",
        "mod12-memcache/FINISH",
        "memcache.set(",
        "memcache.add(",
        scenarios.two_visitors_alternating,
    ),
    Mutant(
        "a cache that is down breaks the page",
        "mod13-memorystore/FINISH",
        "except redis.RedisError as error:",
        "except redis.AuthenticationError as error:",
        scenarios.restart_without_the_cache,
    ),
    Mutant("nothing is cached", "mod13-memorystore/FINISH", "ex=seconds", "px=1", scenarios.the_same_visitor_thrice),
    Mutant(
        "any cached JSON is a list of visits",
        "mod12-memcache/FINISH",
        "    visits = cached_visits()\n",
        "    visits = json.loads(memcache.get('visits') or '[]')\n",
        scenarios.foreign_values_in_the_cache,
    ),
    Mutant(
        "a foreign pickle breaks the page",
        "mod12-memcache/FINISH-py3",
        "except Exception as error:",
        "except (KeyError, TypeError, ValueError) as error:",
        scenarios.foreign_values_in_the_cache,
    ),
    Mutant(
        "a foreign shape breaks the page",
        "mod13-memorystore/FINISH-py3",
        "except Exception as error:",
        "except ValueError as error:",
        scenarios.foreign_values_in_the_cache,
    ),
    Mutant(
        "a foreign value stays",
        "mod13-memorystore/FINISH",
        "cache.set(key, value, ex=seconds)",
        "cache.set(key, value, ex=seconds, nx=True)",
        scenarios.foreign_values_in_the_cache,
    ),
    Mutant(
        "a call that timed out is tried again",
        "mod13-memorystore/FINISH-py3",
        "Retry(NoBackoff(), 1, (redis.ConnectionError,))",
        "Retry(NoBackoff(), 1)",
        scenarios.redis_never_answering,
    ),
    Mutant(
        "a connection that is used without a look",
        "mod13-memorystore/FINISH",
        "socket_timeout=1)",
        "socket_timeout=1, single_connection_client=True)",
        scenarios.redis_closing_idle_connections,
    ),
    Mutant(
        "Cloud Run's number of proxies on App Engine",
        "mod13-memorystore/FINISH-py3",
        "PROXY_HOPS: '2'",
        "PROXY_HOPS: '1'",
        scenarios.first_visit_to_an_empty_store,
        file="app.yaml",
    ),
]


@pytest.mark.app
@pytest.mark.parametrize("mutant", [pytest.param(mutant, id=mutant.name) for mutant in MUTANTS])
def test_scenario_finds_mutant(mutant: Mutant, tmp_path: Path) -> None:
    with (
        run_folders({mutant.folder: mutant.copy_to(tmp_path)}) as backends,
        fresh(backends[mutant.folder]) as app,
        pytest.raises(AssertionError),
    ):
        mutant.scenario(app)


@pytest.mark.parametrize("module", module_names())
def test_module_has_a_mutant(module: str) -> None:
    mutants = [mutant for mutant in MUTANTS if mutant.folder.partition("/")[0] == module]
    assert mutants, f"{module}: no mutant; break a line of FINISH and add it to MUTANTS"

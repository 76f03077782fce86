"""Uses of the old db that ndb has in another form have findings of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.appengine.ext import db, ndb
from google.appengine.ext.ndb import polymodel
from google.cloud import ndb as cloud_ndb

from codelab.assess import Area, Destination, Verdict
from codelab.assess.ext_db import NAMES
from tests.codelab.assess.apps import assess_app, places
from tests.docs.porting.tables import code, read_page, rows

ROWS = [code(row[0])[0] for row in rows(read_page("assess"), "### What ndb has in another form")]
LINES = {
    "db.UserProperty(auto_current_user_add=True)": "auto_current_user",
    "db.run_in_transaction(f)": "functions in a transaction",
    "db.GqlQuery('SELECT * FROM Wish')": "queries in GQL",
    "Wish.gql('WHERE done = TRUE')": "queries in GQL",
    "db.ReferenceProperty(Wish)": "references",
    "db.StringListProperty()": "lists",
    "db.EmailProperty()": "properties without a class",
    "db.put([])": "functions for entities",
    "db.polymodel.PolyModel": "polymodel",
}


@pytest.mark.parametrize("line", LINES)
def test_use_has_a_finding_of_its_own(tmp_path: Path, line: str) -> None:
    files = {"main.py": f"from google.appengine.ext import db\n{line}\n"}

    assessment = assess_app(tmp_path, files, Destination.CLOUD_RUN)

    own = [each for each in assessment.of(Area.SERVICE) if each.name.startswith("ext.db: ")]
    assert [(each.name, str(each.places[0])) for each in own] == [(f"ext.db: {LINES[line]}", "main.py:2")]
    assert own[0].advice.verdict(Destination.CLOUD_RUN) is Verdict.CHANGE
    assert not [stop.title for stop in assessment.route if stop.title.startswith("Replace")]


def test_same_names_of_other_modules_are_no_finding(tmp_path: Path) -> None:
    text = "from google.appengine.ext import ndb\nimport db\ndb.GqlQuery('')\nndb.UserProperty()\nWish.gql('')\n"

    assert set(places(assess_app(tmp_path, {"main.py": text}), Area.SERVICE)) == {"ext.ndb"}


def test_each_row_is_found_by_a_line() -> None:
    assert set(ROWS) == set(LINES.values())


@pytest.mark.parametrize("name", [name for name in NAMES if name != "polymodel"])
def test_name_is_in_db_and_in_no_ndb(name: str) -> None:
    assert [hasattr(module, name) for module in (db, ndb, cloud_ndb)] == [True, False, False]


@pytest.mark.parametrize(
    "name", ["transaction", "transactional", "gql", "KeyProperty", "put_multi", "get_multi", "delete_multi"]
)
def test_successor_is_in_both_ndbs(name: str) -> None:
    assert hasattr(ndb, name)
    assert hasattr(cloud_ndb, name)


def test_polymodel_is_in_both_ndbs() -> None:
    assert hasattr(polymodel, "PolyModel")
    assert hasattr(cloud_ndb.polymodel, "PolyModel")

"""Entities in the console: lists, GQL, the form of an entity."""

from __future__ import annotations

import datetime
import html
import re
from collections.abc import Iterator

import pytest
from google.cloud import datastore
from google.cloud.datastore.helpers import GeoPoint

from localcloud import Cloud
from tests.localcloud.console.pages import SCRIPT, Form, Pages, notes

NOW = datetime.datetime(2026, 11, 27, 15, 0, 0, 123456, tzinfo=datetime.timezone.utc)


@pytest.fixture(autouse=True)
def _empty(cloud: Cloud) -> Iterator[None]:
    yield
    cloud.datastore.empty()  # type: ignore[attr-defined]


def put(client: datastore.Client, key: datastore.Key, unindexed: tuple[str, ...] = (), **values: object) -> None:
    entity = datastore.Entity(key, exclude_from_indexes=unindexed)
    entity.update(values)
    client.put(entity)


def form_of(pages: Pages, page: str, pattern: str) -> Form:
    return pages.form(pages.link(page, pattern))


def names_of(page: str) -> list[str]:
    """Return the names in the keys of a list."""
    return re.findall(r"Visit:&#34;(.*?)&#34;</a>", page)


def test_kinds_are_listed_by_database_and_namespace(pages: Pages, client: datastore.Client) -> None:
    assert "The Datastore is empty" in pages.get("entities/")
    put(client, client.key("Visit", "a"))
    put(client, client.key("Visit", "b", namespace="n1"))
    put(client, client.key(SCRIPT, "c"))
    page = pages.get("entities/")
    rows = re.findall(r"<td>(?:<a [^>]*>)?([^<]*)(?:</a>)?</td>", page)
    assert [rows[place : place + 3] for place in range(0, len(rows), 3)] == [
        [html.escape(SCRIPT), "(default)", "(default)"],
        ["Visit", "(default)", "(default)"],
        ["Visit", "n1", "(default)"],
    ]


def test_list_has_pages(pages: Pages, client: datastore.Client) -> None:
    for start in range(0, 60, 20):
        client.put_multi([datastore.Entity(client.key("Visit", f"{n:02}")) for n in range(start, start + 20)])
    page, seen = pages.get("entities/kind", kind="Visit"), []
    for _ in range(2):
        seen += names_of(page)
        page = pages.get(pages.link(page, "Next page"))
    assert "51 to 60" in page
    assert "Next page" not in page
    assert [*seen, *names_of(page)] == [f"{n:02}" for n in range(60)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT * FROM Visit ORDER BY __key__ DESC LIMIT 40", [f"{n:02}" for n in range(59, 19, -1)]),
        ("SELECT __key__ FROM Visit LIMIT 30 OFFSET 10", [f"{n:02}" for n in range(10, 40)]),
        ("SELECT * FROM Visit LIMIT 25", [f"{n:02}" for n in range(25)]),
        ("SELECT * FROM Visit WHERE n > 57", ["58", "59"]),
        ("SELECT n FROM Visit WHERE n < 2", ["00", "01"]),
    ],
)
def test_gql_has_pages_within_its_limit(
    pages: Pages, client: datastore.Client, query: str, expected: list[str]
) -> None:
    for start in range(0, 60, 20):
        entities = [datastore.Entity(client.key("Visit", f"{n:02}")) for n in range(start, start + 20)]
        for n, entity in enumerate(entities, start):
            entity["n"] = n
        client.put_multi(entities)
    page = pages.get("entities/gql", q=query)
    seen = names_of(page)
    while "Next page" in page:
        page = pages.get(pages.link(page, "Next page"))
        seen += names_of(page)
    assert seen == expected


def test_gql_counts(pages: Pages, client: datastore.Client) -> None:
    put(client, client.key("Visit", "a"), n=2)
    assert '<th scope="row">c</th><td>1</td>' in pages.get("entities/gql", q="select count(*) as c from Visit")


@pytest.mark.parametrize("query", ["SELEKT *", "SELECT * FROM", f"SELECT * FROM Visit WHERE {SCRIPT}", "SELECT COUNT("])
def test_error_in_gql_is_one_line_under_the_query(pages: Pages, query: str) -> None:
    page = pages.get("entities/gql", 400, q=query)
    (note,) = notes(page)
    assert note
    assert "\n" not in note
    assert f"\n{html.escape(query, quote=False)}</textarea>" in page.replace("&#39;", "'").replace("&#34;", '"')


def test_saving_changes_one_value_and_keeps_types_and_flags(pages: Pages, client: datastore.Client) -> None:
    key = client.key("Visit", "a")
    inner = datastore.Entity()
    inner["zip"] = 10115
    values = {
        "text": "a\nb" * 1000,
        "integer": 5,
        "double": 5.0,
        "yes": True,
        "time": NOW,
        "blob": b"\xff\0",
        "place": GeoPoint(52.5, 13.4),
        "other": client.key("Other", 7),
        "items": [1, "two", None],
        "inner": inner,
        "nothing": None,
        "odd\0": "a\0b",
    }
    put(client, key, ("text", "integer"), **values)
    form = form_of(pages, pages.get("entities/kind", kind="Visit"), "Visit:.*")
    assert len([name for name, _ in form.fields if name.startswith("value")]) == len(values) - 2
    number = sorted(values).index("integer")
    assert "Saved." in notes(pages.send(form.set(f"value{number}", "6")))
    entity = client.get(key)
    assert dict(entity) == {**values, "integer": 6}
    assert type(entity["double"]) is float
    assert entity.exclude_from_indexes == {"text", "integer"}


def test_wrong_value_is_explained_beside_its_field_and_nothing_is_saved(pages: Pages, client: datastore.Client) -> None:
    put(client, client.key("Visit", "a"), age=5, name="Ann")
    form = form_of(pages, pages.get("entities/kind", kind="Visit"), "Visit:.*")
    page = pages.send(form.set("value0", "many").set("value1", "Bob"), 400)
    assert '<p class="problem" id="value0-problem">&#39;many&#39; is not an integer of 64 bits</p>' in page
    assert "\nBob</textarea>" in page
    assert dict(client.get(client.key("Visit", "a"))) == {"age": 5, "name": "Ann"}


def test_value_that_the_datastore_refuses_is_explained(pages: Pages, client: datastore.Client) -> None:
    put(client, client.key("Visit", "a"), name="Ann")
    form = form_of(pages, pages.get("entities/kind", kind="Visit"), "Visit:.*")
    (note,) = notes(pages.send(form.set("value0", "x" * 1501), 400))
    assert note.startswith("Nothing is saved. The Datastore refuses this: ")


def test_entity_that_was_written_meanwhile_is_not_overwritten(pages: Pages, client: datastore.Client) -> None:
    put(client, client.key("Visit", "a"), name="Ann")
    form = form_of(pages, pages.get("entities/kind", kind="Visit"), "Visit:.*")
    put(client, client.key("Visit", "a"), name="Bob")
    (note,) = notes(pages.send(form.set("value0", "Eve"), 400))
    assert note == "the entity was written meanwhile; open it again, and repeat your change"
    assert client.get(client.key("Visit", "a"))["name"] == "Bob"


def test_only_selected_entities_are_deleted(pages: Pages, client: datastore.Client) -> None:
    for name in "abc":
        put(client, client.key("Visit", name))
    page = pages.get("entities/kind", kind="Visit")
    form = pages.form("entities/kind", "/delete", kind="Visit")
    form.fields += [("key", key) for key in re.findall(r'type="checkbox" name="key" value="([^"]+)"', page)[:2]]
    answer = pages.send(form)
    assert (notes(answer), names_of(answer)) == (["2 entities are deleted."], ["c"])


def test_deleted_entity_leads_back_to_its_kind(pages: Pages, client: datastore.Client) -> None:
    put(client, client.key("Visit", "a"))
    address = pages.link(pages.get("entities/kind", kind="Visit"), "Visit:.*")
    page = pages.send(pages.form(address, "/delete"))
    assert notes(page) == ["1 entity is deleted."]
    assert "<h1>Visit</h1>" in page
    (note,) = notes(pages.get(address, 404))
    assert note == 'there is no entity Visit:"a"; it may have been deleted'


def test_no_name_or_value_becomes_markup(pages: Pages, client: datastore.Client) -> None:
    key = client.key(SCRIPT, SCRIPT, namespace="n")
    inner = datastore.Entity()
    inner[SCRIPT] = SCRIPT
    put(client, key, **{SCRIPT: SCRIPT, "items": [SCRIPT], "inner": inner, "text": f"</textarea>{SCRIPT}"})
    listed = pages.get("entities/kind", kind=SCRIPT, namespace="n")
    entity = pages.get(pages.link(listed, ".*alert.*"))
    for page in (listed, entity, pages.get("entities/"), pages.get("entities/kind", 200, kind=f'"{SCRIPT}')):
        assert "<script" not in page
    assert entity.count("alert(1)") > 6


@pytest.mark.parametrize(
    "path",
    ["entities/entity/x", "entities/entity/AAAA", "entities/entity/é", "entities/kind?cursor=*", "entities/nothing"],
)
def test_wrong_address_is_404_in_one_line(pages: Pages, path: str) -> None:
    assert notes(pages.get(path, 404))


def test_console_makes_no_calls_of_an_app(cloud: Cloud, pages: Pages, client: datastore.Client) -> None:
    put(client, client.key("Visit", "a"))
    before = cloud.requests.outside.copy()
    pages.get("entities/kind", kind="Visit")
    assert cloud.requests.outside == before

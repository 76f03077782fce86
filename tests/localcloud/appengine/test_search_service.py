"""The search service: documents are found by Google's own stub."""

import pytest

from tests.localcloud.appengine.bundled_app import datetime, search


def test_document_is_found_by_words_and_fields(app):
    def found():
        index = search.Index("visits")
        for name, visitor, number in (("a", "Ada Lovelace", 1), ("b", "Grace Hopper", 2), ("c", "Ada Yonath", 3)):
            fields = [search.TextField("visitor", visitor), search.NumberField("number", number)]
            index.put(search.Document(name, fields))
        return [
            sorted(document.doc_id for document in index.search(query))
            for query in ("ada", "visitor:grace", "number > 1", "ada number < 2", "nobody")
        ]

    assert app.run(found) == [["a", "c"], ["b"], ["b", "c"], ["a"], []]


def test_documents_are_listed_and_deleted(app):
    def listed():
        index = search.Index("listed")
        index.put([search.Document(name, [search.DateField("day", datetime(2026, 11, 27))]) for name in "ab"])
        before = [document.doc_id for document in index.get_range(ids_only=True)]
        index.delete("a")
        return before, [document.doc_id for document in index.get_range()], index.get("a")

    assert app.run(listed) == (["a", "b"], ["b"], None)


def test_results_are_sorted(app):
    def ranked():
        index = search.Index("sorted")
        for name, number in (("a", 2), ("b", 3), ("c", 1)):
            index.put(search.Document(name, [search.NumberField("number", number)]))
        order = search.SortOptions([search.SortExpression("number", search.SortExpression.DESCENDING, 0)])
        query = search.Query("", search.QueryOptions(limit=2, sort_options=order))
        return [document.doc_id for document in index.search(query)]

    assert app.run(ranked) == ["b", "a"]


def test_query_that_cannot_be_read_is_an_error(app, app_error):
    def find():
        search.Index("visits").search("((")

    with pytest.raises(app_error) as raised:
        app.run(find)
    assert raised.value.kind == "QueryError"

"""What a copy has in the place of a missing line: tables of facts."""

from __future__ import annotations

import pytest

from codelab.check.counterparts import find_counterpart, find_similar_file
from codelab.check.facts import Fact, Kind

FILE = "main.py"


def fact(kind: Kind, name: str, words: str = "words", line: int = 1, file: str = FILE) -> Fact:
    return Fact(file, kind, name, words, line)


# The missing fact, what the copy has, and the name of what is in its place.
CASES: dict[str, tuple[Fact, list[Fact], str | None]] = {
    "a package in another version": (
        fact(Kind.VERSION, "redis 8.0"),
        [fact(Kind.PACKAGE, "six"), fact(Kind.PACKAGE, "redis")],
        "redis",
    ),
    "a misspelled package": (
        fact(Kind.PACKAGE, "google-cloud-ndb"),
        [fact(Kind.PACKAGE, "google-cloud-nbd")],
        "google-cloud-nbd",
    ),
    "another package": (fact(Kind.PACKAGE, "google-cloud-ndb"), [fact(Kind.PACKAGE, "six")], None),
    "another value of a key": (
        fact(Kind.VALUE, "service new"),
        [fact(Kind.VALUE, "runtime new"), fact(Kind.VALUE, "service old")],
        "service old",
    ),
    "an item of the same list": (
        fact(Kind.ITEM, "list 2"),
        [fact(Kind.VALUE, "list 1"), fact(Kind.ITEM, "list 1")],
        "list 1",
    ),
    "a call with other arguments": (
        fact(Kind.ARGUMENT, "ndb.Client() project"),
        [fact(Kind.NAME, "ndb.Client"), fact(Kind.CALL, "ndb.Client")],
        "ndb.Client",
    ),
    "a name that ends alike": (
        fact(Kind.NAME, "google.cloud.ndb"),
        [fact(Kind.NAME, "google.appengine.ext.ndb")],
        "google.appengine.ext.ndb",
    ),
    "a name of the same package": (
        fact(Kind.NAME, "google.cloud.ndb"),
        [fact(Kind.NAME, "google.cloud.nbd")],
        "google.cloud.nbd",
    ),
    "a class of the same module": (fact(Kind.NAME, "flask.Flask"), [fact(Kind.NAME, "flask.Flaks")], "flask.Flaks"),
    "a function of the same module": (fact(Kind.NAME, "flask.Flask"), [fact(Kind.NAME, "flask.request")], None),
    "a class in the place of a function": (fact(Kind.NAME, "flask.request"), [fact(Kind.NAME, "flask.Flaks")], None),
    "an import from the same module": (
        fact(Kind.NAME, "flask.request", "from flask import request"),
        [fact(Kind.NAME, "flask.Flask", "from flask import Flask")],
        "flask.Flask",
    ),
    "another call of the same service": (
        fact(Kind.CALL, "appengine.memcache.set", "memcache.set('a', b, 60)"),
        [
            fact(Kind.NAME, "appengine.memcache.get", "found = memcache.get('a')"),
            fact(Kind.NAME, "appengine.memcache.add", "memcache.add('a', b)"),
        ],
        "appengine.memcache.add",
    ),
    "an unrelated call of the same package": (
        fact(Kind.CALL, "appengine.memcache.set", "memcache.set('a', b, 60)"),
        [fact(Kind.NAME, "appengine.memcache.Client", "self.client = memcache.Client()")],
        None,
    ),
    "an unrelated line of a list": (fact(Kind.LINE, "README.md", "README.md"), [fact(Kind.LINE, "*", "*")], None),
    "another version of Python": (
        fact(Kind.LINE, "3.14", "3.14", file=".python-version"),
        [fact(Kind.LINE, "2.7", "2.7", file=".python-version")],
        "2.7",
    ),
    "another part of a command": (fact(Kind.PORT, "$PORT"), [fact(Kind.PROGRAM, "flask")], "flask"),
    "requirements that are not first": (
        fact(Kind.REQUIREMENTS_FIRST, ""),
        [fact(Kind.REQUIREMENTS_NOT_FIRST, "")],
        "",
    ),
    "another base image": (fact(Kind.BASE_IMAGE, "python:3.14"), [fact(Kind.BASE_IMAGE, "python:2.7")], "python:2.7"),
    "another process": (fact(Kind.PROCESS, "web"), [fact(Kind.PROCESS, "wbe")], "wbe"),
    "another output": (fact(Kind.OUTPUT, ".visitor"), [fact(Kind.OUTPUT, ".vistor")], ".vistor"),
    "a header": (fact(Kind.HEADER, "cache-control"), [fact(Kind.HEADER, "expires")], None),
    "another file": (fact(Kind.PACKAGE, "redis"), [fact(Kind.PACKAGE, "redis", file="lib/main.py")], None),
}


@pytest.mark.parametrize(("missing", "copy", "name"), CASES.values(), ids=CASES)
def test_counterpart_is_what_is_about_the_same(missing: Fact, copy: list[Fact], name: str | None) -> None:
    found = find_counterpart([missing], set(copy), {missing})
    assert (found.name if found else None) == name


def test_first_of_several_counterparts_is_by_line() -> None:
    copy = {fact(Kind.LINE, f"line {at}", line=at) for at in (3, 1, 2)}
    found = find_counterpart([fact(Kind.LINE, "wanted")], copy, set())
    assert found
    assert found.line == 1


def test_line_that_the_codelab_has_too_is_no_counterpart() -> None:
    kept = fact(Kind.LINE, "kept")
    assert find_counterpart([fact(Kind.LINE, "wanted")], {kept}, {kept}) is None


def test_second_fact_of_a_line_may_have_the_counterpart() -> None:
    line = [fact(Kind.HEADER, "cache-control"), fact(Kind.LINE, "wanted")]
    found = find_counterpart(line, {fact(Kind.LINE, "mine")}, set(line))
    assert found
    assert found.name == "mine"


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (["procfile"], "procfile"),
        (["Procfile.txt"], "Procfile.txt"),
        (["web/Procfile"], "web/Procfile"),
        ([".Procfile"], ".Procfile"),
        (["Profile"], None),
        (["Procfile.txt.bak"], None),
        (["z/Procfile", "a/Procfile"], "a/Procfile"),
    ],
)
def test_similar_file_has_the_same_name_in_another_folder_or_spelling(files: list[str], found: str | None) -> None:
    extra = [fact(Kind.FILE, "", file=file) for file in files] + [fact(Kind.KEY, "", file="Procfile")]
    assert find_similar_file("Procfile", set(extra)) == found

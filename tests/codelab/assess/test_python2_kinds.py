"""Each kind of Python 2 code is found by its row in docs/porting-python2.md, and what replaces it there is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from codelab.assess import Area, Verdict
from tests.codelab.assess.apps import PYTHON27, assess_app, places
from tests.docs.porting.tables import code, read_page, rows

PAGE = read_page("porting-python2")
HEADINGS = ("Python 3 cannot read the file", "The line fails when it runs", "The line runs, and gives something else")
# The types of values decide these, and they are not in the text.
BY_TYPE = {
    "sort different types",
    "JSON",
    "JSON of bytes",
    "bytes in Datastore",
    "bytes and text compared",
    "one byte",
    "length",
}
# The line that replaces these is still one to read.
STILL_THERE = {
    "print",
    "keys of Datastore in URLs",
    "text and bytes together",
    "rounding, of positive numbers",
    "bytes in a text",
    "pickles of Python 2",
    "hashes",
}


def read_rows() -> list[tuple[str, str, str]]:
    found, kind = [], ""
    for heading in HEADINGS:
        for row in rows(PAGE, f"## {heading}"):
            kind = row[0] or kind
            found.append((kind, "\n".join(code(row[1])) + "\n", "\n".join(code(row[2])) + "\n"))
    return found


FOUND = [row for row in read_rows() if row[0] not in BY_TYPE]


@pytest.mark.parametrize(("kind", "old", "new"), FOUND, ids=[old for _, old, _ in FOUND])
def test_kind_of_a_row_is_found(tmp_path: Path, kind: str, old: str, new: str) -> None:
    files = {"app.yaml": PYTHON27, "shop/__init__.py": "", "shop/prices.py": "VAT = 19\n"}

    before = places(assess_app(tmp_path / "old", {**files, "shop/old.py": old}), Area.PYTHON2)
    after = places(assess_app(tmp_path / "new", {**files, "shop/new.py": new}), Area.PYTHON2)

    assert kind in before
    assert kind not in after or kind in STILL_THERE


@pytest.mark.parametrize("row", rows(PAGE, "## Modules with a new name"), ids=lambda row: row[0])
def test_module_with_a_new_name_is_found(tmp_path: Path, row: list[str]) -> None:
    (old,), (new,) = code(row[0]), code(row[1])

    found = places(assess_app(tmp_path, {"main.py": f"{old}\n"}), Area.PYTHON2)

    assert found == {
        "modules with a new name": [f"main.py:1 {old.removeprefix('import ')}: {new.removeprefix('import ')}"]
    }


FOR_BOTH = {
    "import that is tried": "try:\n    import urllib2\nexcept ImportError:\n    import urllib.request as urllib2\n",
    "name that the module defines": "try:\n    unicode\nexcept NameError:\n    unicode = str\nx = unicode('a')\n",
    "name that is tried": "try:\n    text = unicode\nexcept NameError:\n    text = str\n",
    "list of a range": "days = list(range(3))\ndays.reverse()\n",
    "variable that is a list by then": "days = range(3)\ndays = list(days)\ndays.append(1)\n",
    "name of six": "from six.moves import xrange, reduce\nx = reduce(max, xrange(3))\n",
    "division of the future": "from __future__ import division\nx = 7 / 2\n",
    "fraction": "x = 7 / 2.0\n",
    "function of the future": "from __future__ import print_function\nprint('a', 1)\n",
    "text of one value": "print('a')\n",
    "comment": "# print 'a'; x.iteritems()\n",
}


@pytest.mark.parametrize("case", FOR_BOTH)
def test_code_for_both_is_no_finding(tmp_path: Path, case: str) -> None:
    assert not places(assess_app(tmp_path, {"app.yaml": PYTHON27, "main.py": FOR_BOTH[case]}), Area.PYTHON2)


def test_a_python3_app_divides_as_it_means_to(tmp_path: Path) -> None:
    files = {"app.yaml": "runtime: python314\n", "main.py": "x = 7 / 2\ny = round(x)\nz = 'a'.encode()\n"}

    assert not places(assess_app(tmp_path, files), Area.PYTHON2)


LISTS = {
    "variable": "def f():\n    days = range(3)\n    days.reverse()\n",
    "attribute": "self.keys = filter(None, x)\nself.keys.sort()\n",
    "sum": "range(3) + [3]\n",
    "iterator of a base class": "class A(B):\n    def next(self): raise StopIteration\n",
}


@pytest.mark.parametrize("case", LISTS)
def test_a_list_that_is_none_any_more_is_found(tmp_path: Path, case: str) -> None:
    found = places(assess_app(tmp_path, {"main.py": LISTS[case]}), Area.PYTHON2)

    assert "lists that are iterators now" in found


def test_a_name_of_python2_proves_the_version_of_an_app_without_app_yaml(tmp_path: Path) -> None:
    old, new = "import hashlib\nhashlib.md5(name)\n", "x = unicode(y)\n"

    alone = places(assess_app(tmp_path / "alone", {"main.py": old}), Area.PYTHON2)
    with_proof = places(assess_app(tmp_path / "proof", {"main.py": old, "other.py": new}), Area.PYTHON2)

    assert (set(alone), set(with_proof)) == (set(), {"hashes", "names of types"})


def test_a_module_of_the_app_may_have_the_name_of_an_old_one(tmp_path: Path) -> None:
    files = {"main.py": "import parser, user, sets\n", "parser.py": "", "src/user.py": ""}

    found = places(assess_app(tmp_path, files), Area.PYTHON2)

    assert found == {"modules that Python 3 has not": ["main.py:1 sets: set"]}


@pytest.mark.parametrize(
    "line",
    ["y = x.encode('utf-8')", "import hashlib; y = hashlib.md5(x)", "import pickle; y = pickle.loads(x)"],
)
def test_line_that_may_be_right_on_python3_is_to_decide(tmp_path: Path, line: str) -> None:
    assessment = assess_app(tmp_path, {"app.yaml": PYTHON27, "main.py": f"{line}\n"})

    (finding,) = assessment.of(Area.PYTHON2)
    assert finding.advice.verdict(assessment.destination) is Verdict.DECIDE

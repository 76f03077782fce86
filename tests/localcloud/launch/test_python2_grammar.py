"""Text that Python 3 cannot read: whether it is Python 2, or a mistake in both."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pytest

from datastore_emulator.errors import UserError
from localcloud.launch import read_plan
from localcloud.launch.python2_grammar import is_python2
from localcloud.runtimes.python27_on_3.source_check import check_source

PYTHON_2 = {
    "print": "print 'x'",
    "exec": "exec 'a' in {}",
    "an exception and its text": "raise ValueError, 'x'",
    "an exception's name after a comma": "try:\n    pass\nexcept ValueError, error:\n    pass",
    "unequal": "a <> b",
    "backticks": "`a`",
    "an octal number": "x = 0777",
    "a long number": "x = 10L",
    "a tuple as parameter": "def f(a, (b, c)):\n    pass",
    "a tab for eight spaces": "def f():\n        a = 1\n\tb = 2",
}
NO_PYTHON = {
    "a bracket that is not closed": "def root(:\n    pass",
    "a call that is not closed": "x = f(1,\n",
    "a text that is not closed": "x = 'abc",
    "a block that is not indented": "if x:\npass",
    "an indentation of its own": "def f():\n    a = 1\n      b = 2",
    "a tab after four spaces": "def f():\n    a = 1\n\tb = 2",
    "no colon": "def f()\n    pass",
}


@pytest.mark.parametrize("case", PYTHON_2)
def test_python_2_is_taken_for_python_2(case: str) -> None:
    assert is_python2(PYTHON_2[case])


@pytest.mark.parametrize("case", NO_PYTHON)
def test_mistake_is_not_taken_for_python_2(case: str) -> None:
    assert not is_python2(NO_PYTHON[case])


@pytest.mark.parametrize(
    ("line", "advice"),
    [(PYTHON_2["print"], "only Python 2 can read this line"), (NO_PYTHON["no colon"], "no Python can read this line")],
)
def test_advice_depends_on_the_grammar(line: str, advice: str, tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text(
        "runtime: python27\nthreadsafe: true\nhandlers:\n- url: .*\n  script: main.app\n"
    )
    (tmp_path / "main.py").write_text(f"\n{line}\n")
    with pytest.raises(UserError, match=f"main.py:[23]: {advice}"):
        check_source(read_plan(tmp_path, staging=tmp_path / "image"))


PYTHON27 = "runtime: python27\nthreadsafe: true\nhandlers:\n- url: /a\n  script: a.app\n- url: /b\n  script: b.app\n"
PRINT = "print 'hello'\n"
FOUND = {
    "in a folder that appengine_config adds by vendor.add": {
        "appengine_config.py": "from google.appengine.ext import vendor\nvendor.add('lib')\nimport old\n",
        "lib/old.py": PRINT,
    },
    "in a folder that a module adds by sys.path": {
        "a.py": "import os, sys\nsys.path.insert(0, os.path.join(HERE, 'third', 'party'))\nimport old\n",
        "b.py": "from old import x\n",
        "third/party/old/__init__.py": PRINT,
    },
    "in the package of the module that imports it": {
        "a.py": "import pages.home\n",
        "b.py": "import pages.home\n",
        "pages/__init__.py": "",
        "pages/home.py": "import old\n",
        "pages/old.py": PRINT,
    },
    "by a relative import": {
        "a.py": "import pages\n",
        "b.py": "import pages\n",
        "pages/__init__.py": "from . import old\n",
        "pages/old.py": PRINT,
    },
}
NOT_FOUND = {
    "one of two scripts": {"a.py": "import old\n", "old.py": PRINT},
    "a module that a function imports": {"a.py": "def f():\n    import old\n", "old.py": PRINT},
}


def check(files: dict[str, str], directory: Path, packages: Collection[str] = ()) -> frozenset[str]:
    for name, text in {"app.yaml": PYTHON27, "a.py": "", "b.py": "", **files}.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
    return check_source(read_plan(directory, staging=directory / "image"), packages)


@pytest.mark.parametrize("case", FOUND)
def test_line_for_python_2_alone_is_found_before_the_start(case: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"old.*:1: only Python 2 can read this line .* with --python27"):
        check(FOUND[case], tmp_path)


@pytest.mark.parametrize("case", NOT_FOUND)
def test_line_that_the_app_can_do_without_is_left_to_its_pages(case: str, tmp_path: Path) -> None:
    check(NOT_FOUND[case], tmp_path)


@pytest.mark.parametrize(("packages", "replaced"), [((), {"old-lib"}), (("Old_Lib",), set())])
def test_package_that_pip_has_installed_for_python_2_alone_is_to_be_replaced(
    tmp_path: Path, packages: Collection[str], replaced: set[str]
) -> None:
    files = {
        "appengine_config.py": "from google.appengine.ext import vendor\nvendor.add('lib')\nimport old, fine\n",
        "lib/old/__init__.py": PRINT,
        "lib/old_lib-1.dist-info/RECORD": "old/__init__.py,,\n",
        "lib/fine.py": "",
        "lib/fine-1.dist-info/RECORD": "fine.py,,\n",
    }
    assert check(files, tmp_path, packages) == replaced

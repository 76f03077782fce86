"""Names and modules that a later Python 3 lost are found, in apps of both versions."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from codelab.assess import Area
from codelab.assess.removed import _NAMES, _TESTS, KIND
from tests.codelab.assess.apps import PYTHON27, assess_app, places

PYTHON3 = "runtime: python37\n"
FOUND = {
    "import inspect\ninspect.getargspec(f)\n": KIND,
    "from collections import Mapping\n": KIND,
    "from email.MIMEText import MIMEText\n": KIND,
    "import configparser\nconfigparser.SafeConfigParser()\n": KIND,
    "import email\nemail.Utils.formatdate()\n": KIND,
    "class Test:\n    def test(self): self.assertEquals(1, 1)\n": KIND,
    "import distutils.spawn\n": "modules that Python 3 has not",
    "from pipes import quote\n": "modules that Python 3 has not",
}


@pytest.mark.parametrize("app_yaml", [PYTHON27, PYTHON3])
@pytest.mark.parametrize("text", FOUND)
def test_what_a_later_python_lost_is_found(tmp_path: Path, text: str, app_yaml: str) -> None:
    assert set(places(assess_app(tmp_path, {"app.yaml": app_yaml, "main.py": text}), Area.PYTHON2)) == {FOUND[text]}


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    from collections.abc import Mapping\nexcept ImportError:\n    from collections import Mapping\n",
        "import collections\ncollections.OrderedDict()\n",
        "def check(client): client.assert_(1)\n",
    ],
)
def test_what_is_still_there_is_no_finding(tmp_path: Path, text: str) -> None:
    assert not places(assess_app(tmp_path, {"main.py": text}), Area.PYTHON2)


def test_this_python_has_none_of_the_names_that_it_lost() -> None:
    """The table says so for each version; the versions after this one are not asked."""
    lost = {name.rpartition(".")[::2] for name, (minor, _) in _NAMES.items() if sys.version_info >= (3, minor)}

    assert [f"{module}.{name}" for module, name in sorted(lost) if _has(module, name)] == []


def _has(module: str, name: str) -> bool:
    try:
        return hasattr(importlib.import_module(module), name)
    except ModuleNotFoundError:
        return False


def test_the_methods_that_take_their_place_exist() -> None:
    import unittest

    assert [name for name in _TESTS.values() if not hasattr(unittest.TestCase, name)] == []

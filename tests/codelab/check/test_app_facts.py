"""Facts over all modules of an app."""

from __future__ import annotations

import pytest

from codelab.check.facts.app import app_facts


@pytest.mark.parametrize(
    "settings",
    ["LIMIT = 10\n", "import main\n", "def limit():\n    return 10\n"],
    ids=["constants", "a circle", "a function"],
)
def test_own_module_is_no_package(settings: str) -> None:
    files = {"main.py": "import settings\n\nprint(settings.LIMIT)\n", "settings.py": settings}
    assert [fact.name for fact in app_facts(files, frozenset()).facts if "settings" in fact.name] == []

"""docs/platform-facts.md shows the records of what apps receive."""

from __future__ import annotations

import pytest

from localcloud.platforms.record import _entry
from tests.platforms import page

PAGE = page.PAGE.read_text()


def test_section_on_what_apps_receive_is_that_of_the_records() -> None:
    assert page.written(PAGE) == PAGE, "python -m tests.platforms.page writes it"


def test_section_is_written_into_a_page_without_it() -> None:
    assert page.written("# Facts\n") == "# Facts\n\n" + page.section()


def test_what_follows_the_section_stays() -> None:
    old = f"# Facts\n\n{page.HEADING}\nold\n\n## Costs\n\nmuch\n"
    assert page.written(old) == f"# Facts\n\n{page.section()}\n## Costs\n\nmuch\n"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": "A", "value": "1"}, "A: a platform's value needs either `seen` or `assumed`"),
        ({"name": "A", "value": "1", "seen": [], "assumed": "so"}, "A: a platform's value needs either"),
        ({"name": "A", "here": "1"}, "A: a value of the local cloud's own needs a `why`"),
        ({"name": "A", "value": "1", "assumed": "so", "note": "n"}, "A: unknown keys note"),
    ],
)
def test_entry_that_breaks_the_form_is_refused(given: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        _entry(given, {})

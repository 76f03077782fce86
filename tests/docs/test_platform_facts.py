"""docs/platform-facts.md shows the records of what apps receive."""

from __future__ import annotations

import pytest

from localcloud.platforms.record import _entry
from tests.platforms import page

PAGE = page.PAGE.read_text()


def test_page_shows_the_records() -> None:
    assert page.with_section(PAGE) == PAGE, "run `python -m tests.platforms.page`"


def test_page_without_the_section_gets_it_at_its_end() -> None:
    assert page.with_section("# Facts\n") == "# Facts\n\n" + page.section()


def test_text_after_the_section_stays() -> None:
    old = f"# Facts\n\n{page.HEADING}\nold\n\n## Costs\n\nmuch\n"
    assert page.with_section(old) == f"# Facts\n\n{page.section()}\n## Costs\n\nmuch\n"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": "A", "value": "1"}, "A: a platform's value needs either `seen` or `assumed`"),
        ({"name": "A", "value": "1", "seen": [], "assumed": "so"}, "A: a platform's value needs either"),
        ({"name": "A", "here": "1"}, "A: a value of the local cloud's own needs a `why`"),
        ({"name": "A", "value": "1", "assumed": "so", "note": "n"}, "A: unknown keys note"),
    ],
)
def test_invalid_entry_of_a_record_is_refused(given: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        _entry(given, {})

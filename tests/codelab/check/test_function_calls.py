"""The answers of a function that is called by itself, compared with those before and after a step."""

from __future__ import annotations

import pytest

from codelab.compare.function_calls import find_undone_answer
from codelab.compare.visitor import Document

PAGE, OTHER = [("text", "Ann")], [("text", "Bob")]


def answers(*statuses: int, nodes: list[tuple[str, ...]] = PAGE) -> list[Document]:
    return [Document(status, "", nodes if status == 200 else []) for status in statuses]


ALL = answers(200, 200, 200, 200, 200)
CHECKED = answers(200, 404, 405, 200, 200)


@pytest.mark.parametrize(
    ("mine", "before", "after", "found"),
    [
        (CHECKED, ALL, CHECKED, ""),
        (ALL, ALL, CHECKED, "called by itself, the function answers GET /nowhere with status 200, not 404"),
        (answers(200, 404, 500, 200, 200), ALL, CHECKED, "the function answers POST / with status 500, not 405"),
        (answers(200, 404, 405, 200, 200, nodes=OTHER), ALL, CHECKED, ""),
        (answers(200, 404, 405, 200, 200, nodes=OTHER), CHECKED, CHECKED, None),
        (CHECKED, answers(200, 404, 405, 200, 200, nodes=OTHER), CHECKED, ""),
        (
            answers(200, 404, 405, 200, 200, nodes=OTHER),
            answers(200, 404, 405, 200, 200, nodes=OTHER),
            CHECKED,
            "another page for GET / than the codelab's",
        ),
    ],
    ids=[
        "as after the step",
        "as before it",
        "half of it",
        "with another page",
        "no change",
        "the page of the step",
        "the page before it",
    ],
)
def test_step_is_done_if_its_answers_are_there(
    mine: list[Document], before: list[Document], after: list[Document], found: str | None
) -> None:
    undone = find_undone_answer(mine, before, after)
    assert (undone and found and found in undone) or undone == found

"""The comparison on the page: blocks, moved lines and renamed files, each change with its step."""

from __future__ import annotations

from codelab.readme.model import Fence, Step, Track
from codelab.web.step_changes import group_by_step


def step(number: int, diff: str) -> Step:
    fences = (Fence(1, "diff", diff),)
    return Step(number, f"step {number}", 1, 0, True, "", "", fences)


ONE = step(1, "--- a/main.py\n+++ b/main.py\n@@ -1 +1,2 @@\n+import json\n")
TWO = step(2, "--- a/main.py\n+++ b/main.py\n@@ -1 +1,2 @@\n+import redis\n")
TRACK = Track("START", "FINISH", "", 1, 0, "", (ONE, TWO))


def texts(old: str, new: str) -> list[str]:
    [changes] = group_by_step(TRACK, {"main.py": old}, {"main.py": new})
    return [f"{sign}{line[1]}" for hunk in changes.hunks for sign, line, _ in hunk.unified if sign != " "]


def test_lines_that_replace_others_come_after_all_of_them() -> None:
    assert texts("a\nb\nc\n", "x\ny\nz\n") == ["-a", "-b", "-c", "+x", "+y", "+z"]


def test_neighbouring_lines_of_two_steps_are_two_hunks() -> None:
    found = group_by_step(TRACK, {"main.py": "x\n"}, {"main.py": "import json\nimport redis\nx\n"})
    assert [[line[1] for hunk in one.hunks for sign, line, _ in hunk.unified if sign == "+"] for one in found] == [
        ["import json"],
        ["import redis"],
    ]


def test_change_that_no_step_makes_is_the_learners_own() -> None:
    [changes] = group_by_step(TRACK, {"main.py": "x\n"}, {"main.py": "y\n"})
    assert changes.step is None


def test_block_that_moves_says_where_to() -> None:
    block = "one\ntwo\nthree\n"
    rest = "".join(f"line {number}\n" for number in range(20))
    [changes] = group_by_step(TRACK, {"main.py": block + rest}, {"main.py": rest + block})
    moved = [(sign, line[0], other) for hunk in changes.hunks for sign, line, other in hunk.unified if other]
    assert moved == [("-", 1, 21), ("-", 2, 22), ("-", 3, 23), ("+", 21, 1), ("+", 22, 2), ("+", 23, 3)]


def test_two_equal_lines_are_not_a_move() -> None:
    rest = "".join(f"line {number}\n" for number in range(20))
    [changes] = group_by_step(TRACK, {"main.py": "one\ntwo\n" + rest}, {"main.py": rest + "one\ntwo\n"})
    assert not any(other for hunk in changes.hunks for _, _, other in hunk.unified)


def test_renamed_file_shows_what_differs() -> None:
    old, new = {"index.html": "a\nb\nc\nd\n"}, {"templates/index.html": "a\nb\nC\nd\n"}
    [changes] = group_by_step(TRACK, old, new)
    [hunk] = changes.hunks
    assert (hunk.was, hunk.file) == ("index.html", "templates/index.html")
    assert [line[1] for sign, line, _ in hunk.unified if sign != " "] == ["c", "C"]


def test_file_with_other_content_is_not_renamed() -> None:
    [changes] = group_by_step(TRACK, {"app.yaml": "a\nb\n"}, {"Dockerfile": "x\ny\n"})
    assert [(hunk.file, hunk.was) for hunk in changes.hunks] == [("Dockerfile", ""), ("app.yaml", "")]

"""`codelab verify` proves that the steps lead to FINISH, one after the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.codelab.conftest import Run
from tests.codelab.verify.verifying import VerifyTexts, line_of, replace


def test_course_has_no_problem(codelab: Run) -> None:
    verified = codelab("verify", "--no-run")
    assert verified.code == 0, verified.text
    assert "8 codelabs, 14 tracks" in verified.text


def test_changed_byte_of_finish_is_named_with_its_line(verify_texts: VerifyTexts, course: Path) -> None:
    main = course / "mod12-memcache" / "FINISH" / "main.py"
    replace(main, "HOUR = 3600\n", "HOUR = 3600 \n")
    verified = verify_texts("mod12-memcache")
    assert not verified.ok
    line = f"mod12-memcache/FINISH/main.py:{line_of(main, 'HOUR = 3600 ')}: expected 'HOUR = 3600\\n', as README.md's"
    assert line in verified.output


def test_line_that_only_the_readme_has_is_named_in_finish(verify_texts: VerifyTexts, course: Path) -> None:
    replace(course / "mod12-memcache" / "README.md", "\n+HOUR = 3600\n", "\n+HOUR = 3601\n")
    verified = verify_texts("mod12-memcache")
    assert "mod12-memcache/FINISH/main.py:7: expected 'HOUR = 3601\\n'" in verified.output


@pytest.mark.parametrize("file", ["notes.txt", "templates/other.html"])
def test_file_of_finish_that_no_step_creates_is_unexpected(verify_texts: VerifyTexts, course: Path, file: str) -> None:
    (course / "mod12-memcache" / "FINISH" / file).write_text("more\n")
    verified = verify_texts("mod12-memcache")
    assert (
        f"mod12-memcache/FINISH/{file}: unexpected file: no step of README.md from START creates it" in verified.output
    )


def test_steps_in_another_order_do_not_apply(verify_texts: VerifyTexts, course: Path) -> None:
    readme = course / "mod12-memcache" / "README.md"
    text = readme.read_text()
    second, third, end = (text.index(f"## {title}") for title in ("Step 2: ", "Step 3: ", "Track START-py3"))
    steps = text[third:end].replace("## Step 3", "## Step 2") + text[second:third].replace("## Step 2", "## Step 3")
    readme.write_text(text[:second] + steps + text[end:])
    verified = verify_texts("mod12-memcache")
    assert not verified.ok
    hunk = line_of(readme, "@@ -26,10 +26,26 @@ def fetch_visits(limit):")
    assert f"mod12-memcache/README.md:{hunk + 1}: expected line 26 of main.py to be " in verified.output


def test_step_without_a_fact_counts_as_done_already(verify_texts: VerifyTexts, course: Path) -> None:
    readme = course / "mod5-buildpacks" / "README.md"
    # A step that only writes a comment changes nothing that a check could see.
    replace(readme, "+3.14\n", "+# 3.14\n")
    (course / "mod5-buildpacks" / "FINISH" / ".python-version").write_text("# 3.14\n")
    procfile = (course / "mod5-buildpacks" / "FINISH" / "Procfile").read_text()
    replace(readme, "@@ -0,0 +1 @@\n+# 3.14", f"@@ -1 +1,2 @@\n {procfile}+# 3.14")
    text = readme.read_text()
    new = "diff --git a/.python-version b/.python-version\nnew file mode 100644\n--- /dev/null\n+++ b/.python-version\n"
    assert new in text
    readme.write_text(text.replace(new, "--- a/Procfile\n+++ b/Procfile\n"))
    verified = verify_texts("mod5-buildpacks")
    line = line_of(readme, "## Step 2")
    assert (
        f"mod5-buildpacks/README.md:{line}: step 2 counts as done already after step 1; it has to change a fact"
        in verified.output
    )


@pytest.mark.app
def test_step_that_shows_another_page_or_fails_is_named_with_reason(codelab: Run, course: Path) -> None:
    readme = course / "mod2-cloudndb" / "README.md"
    text = readme.read_text()
    second_track, next_section = (text.index(f"\n## {title}") for title in ("Track FINISH to", "If it fails"))
    assert second_track < next_section
    one_track = text[:second_track] + text[next_section:]  # one track is enough
    readme.write_text(one_track.replace("```tree\nmod2-cloudndb/FINISH-py3", "```text\nmod2-cloudndb/FINISH-py3"))
    # Both in the diff of step 4 and in FINISH: the texts agree, and only running the app shows it.
    for path in (readme, course / "mod2-cloudndb" / "FINISH" / "main.py"):
        path.write_text(path.read_text().replace("visits = fetch_visits(10)", "visits = fetch_visits(9)"))
    replace(readme, "-    visits = fetch_visits(9)", "-    visits = fetch_visits(10)")
    for _ in range(2):  # what works already need not run here
        replace(readme, "Works: yes\n", "Works: not yet\n")
    replace(readme, "Works: not yet\n\nThe bundled ndb", "Works: yes\n\nThe bundled ndb")
    verified = codelab("verify", "mod2-cloudndb")
    assert verified.code == 1
    verified.says(
        f"mod2-cloudndb/README.md:{line_of(readme, '## Step 3')}: ", "main.py:", "ContextError: No current context"
    )
    verified.says(f"mod2-cloudndb/README.md:{line_of(readme, '## Step 4')}: in the scenario “twelve visitors”")

"""Reading a README: what a codelab has, and the line and the message of each mistake in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from codelab.errors import CodelabError, ReadmeError
from codelab.readme import read_codelab, read_page

DIFF = """```diff
--- a/main.py
+++ b/main.py
@@ -1 +1 @@
-old
+new
```"""

README = f"""# Module 7: From old to new
Duration: 3:00

Why you do this.

## What you will have

The new line.

## What you will learn

- Something.

## What you need

Nothing.

## START and FINISH

```mermaid
flowchart LR
```

## Step 1: Replace the line
Duration: 2:00
Works: yes

The old line is old.

{DIFF}

You should see the new line.

<details><summary>Hint</summary>

Look again.

</details>

## Track FINISH to FINISH-py3: On Python 3
Duration: 1:00

Another way on.

### Step 1: Do it again
Duration: 1:00
Works: not yet

Once more.

{DIFF}

You should see nothing.

<details><summary>Hint</summary>

Wait.

</details>

## If it fails

It does not.

## Differences

None.

## What you learned

- Something.

## Try it yourself

Once more.

## What a reviewer would ask

**Why?**

### Deeper

```console
$ make test
```

## What it costs

Little.

## Deploy to Google Cloud

```console
$ gcloud run deploy visitme --function=visitme
$ gcloud run services list
```

## Clean up

```console
$ gcloud run services delete visitme
```

## Where to go next

- Next: [one more](../mod8-more/README.md)
"""


@pytest.fixture
def readme(tmp_path: Path) -> Path:
    path = tmp_path / "mod7-new" / "README.md"
    path.parent.mkdir()
    path.write_text(README)
    return path


def line_of(text: str, words: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if words in line)


def test_codelab_has_its_title_duration_and_introduction(readme: Path) -> None:
    codelab = read_codelab(readme)
    assert (codelab.module, codelab.number, codelab.title) == ("mod7-new", 7, "From old to new")
    assert (codelab.seconds, codelab.introduction) == (180, "Why you do this.")


def test_step_has_its_text_hint_and_diff(readme: Path) -> None:
    (step,) = read_codelab(readme).tracks[0].steps
    assert (step.number, step.title, step.seconds, step.works) == (1, "Replace the line", 120, True)
    assert step.line == line_of(README, "## Step 1")
    assert step.text.startswith("The old line is old.")
    assert step.text.endswith("You should see the new line.")
    assert step.hint == "Look again."
    (diff,) = step.diffs
    assert (diff.line, diff.text.splitlines()[-1]) == (line_of(README, "```diff"), "+new")


def test_second_track_has_steps_of_its_own(readme: Path) -> None:
    _, track = read_codelab(readme).tracks
    assert (track.start, track.finish, track.title, track.seconds) == ("FINISH", "FINISH-py3", "On Python 3", 60)
    assert track.text == "Another way on."
    assert [(step.title, step.works) for step in track.steps] == [("Do it again", False)]


def test_section_has_its_fences_and_those_below_its_headings(readme: Path) -> None:
    codelab = read_codelab(readme)
    assert codelab.section("What a reviewer would ask").commands == ["make test"]
    assert codelab.section("Clean up").commands == ["gcloud run services delete visitme"]
    assert codelab.section("Differences").fences == ()


def test_command_has_the_number_of_its_line(readme: Path) -> None:
    (fence,) = read_codelab(readme).section("Deploy to Google Cloud").consoles
    first = line_of(README, "$ gcloud run deploy")
    assert list(fence.commands()) == [
        (first, "gcloud run deploy visitme --function=visitme"),
        (first + 1, "gcloud run services list"),
    ]


def test_sections_before_and_after_the_steps(readme: Path) -> None:
    codelab = read_codelab(readme)
    assert [section.title for section in codelab.sections_before_steps] == [
        "What you will have",
        "What you will learn",
        "What you need",
        "START and FINISH",
    ]
    assert codelab.sections_after_steps[0].title == "If it fails"


def test_function_is_the_one_that_the_commands_serve(readme: Path) -> None:
    assert read_codelab(readme).function == "visitme"
    readme.write_text(README.replace(" --function=visitme", ""))
    assert read_codelab(readme).function is None


def test_page_has_its_links_with_their_lines(readme: Path) -> None:
    page = read_page(readme, readme.parent.parent)
    assert page.name == "mod7-new/README.md"
    assert [(link.line, link.target) for link in page.links] == [(line_of(README, "Next:"), "../mod8-more/README.md")]


# What is changed, the text of the line that is named, and the message.
MISTAKES = {
    "no heading": (README, "Nothing here.\n", "Nothing here.", "no heading; begin with a title such as"),
    "another title": ("# Module 7: ", "# Chapter 7: ", "# Chapter", 'expected a title such as "# Module 2: '),
    "two titles": ("## Differences", "# Differences", "# Differences", '"# Differences" is a second title'),
    "no duration": ("Duration: 3:00", "Time: 3:00", "Time:", 'expected "Duration: M:SS" right below the heading'),
    "no works": ("Works: yes", "Works: maybe", "maybe", 'expected "Works: yes (or: not yet)" below the duration'),
    "no empty line": ("Works: yes\n", "Works: yes\nSoon.\n", "Soon.", "put an empty line below the duration"),
    "another section": ("## Clean up", "## Tidy up", "## Tidy up", 'unknown section "Tidy up"; the sections are'),
    "a missing section": ("## Clean up", "### Clean up", "Next:", 'the section "## Clean up" is missing'),
    "another number": ("## Step 1", "## Step 2", "## Step 2", 'expected "Step 1: …", found "Step 2: Replace'),
    "no steps": ("## Step 1", "### Step 1", "# Module", "no steps; add headings such as"),
    "no diff": ("```diff", "```text", "## Step 1", "this step has no ```diff fence"),
    "no reason": ("The old line is old.\n\n", "", "## Step 1", "this step needs a paragraph that says why, before"),
    "nothing to see": ("You should see the", "See the", "## Step 1", "needs a paragraph that begins with"),
    "no hint": ("<details>", "<details open>", "## Step 1", "this step needs one hint, from a line <details>"),
    "an empty hint": ("Look again.\n", "", "<details>", "this hint is empty"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake_is_named_with_its_line(mistake: str, readme: Path) -> None:
    old, new, named, message = MISTAKES[mistake]
    text = README.replace(old, new, 1)
    readme.write_text(text)
    with pytest.raises(ReadmeError) as raised:
        read_codelab(readme)
    found = [problem for problem in raised.value.problems if message in problem.text]
    assert found, raised.value.problems
    assert (found[0].file, found[0].line) == ("mod7-new/README.md", line_of(text, named))


def test_sections_in_another_order_are_named(readme: Path) -> None:
    one, two = "## Clean up", "## What it costs"
    readme.write_text(README.replace(one, "## X").replace(two, one).replace("## X", two))
    with pytest.raises(ReadmeError, match="expected the sections in the order What you will have, What"):
        read_codelab(readme)


def test_page_that_is_missing_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(CodelabError, match="this Markdown page cannot be read"):
        read_page(tmp_path / "none.md", tmp_path)

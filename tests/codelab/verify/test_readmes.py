"""`codelab verify` names each mistake in a README by its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.codelab.verify.verifying import VerifyTexts, line_of, replace

# What is changed in a README, the text of the line that must be named, and what must be said of it.
CHANGES = {
    "a line of a diff that is not in the file": (
        "mod2-cloudndb",
        "\n-from google.appengine.ext import ndb\n",
        "\n-from google.appengine.ext import db\n",
        "-from google.appengine.ext import db",
        'expected line 2 of main.py to be "from google.appengine.ext import db", found "from google.',
    ),
    "a hunk one line off": (
        "mod2-cloudndb",
        "@@ -1,7 +1,8 @@",
        "@@ -2,7 +2,8 @@",
        " from flask import Flask, render_template, request",
        'expected line 2 of main.py to be "from flask import',
    ),
    "a hunk that is miscounted": (
        "mod5-buildpacks",
        "@@ -0,0 +1 @@",
        "@@ -0,0 +2 @@",
        "@@ -0,0 +2 @@",
        "expected +1 in @@, found +2",
    ),
    "a diff without a/ and b/": (
        "mod12-memcache",
        "--- a/templates/index.html\n+++ b/templates/index.html",
        "--- templates/index.html\n+++ templates/index.html",
        "--- templates/index.html",
        'expected a diff that begins with "--- a/FILE" and "+++ b/FILE"',
    ),
    "durations that do not add up": (
        "mod12-memcache",
        "Duration: 16:00",
        "Duration: 14:00",
        "Duration: 14:00",
        "expected Duration: 16:00, the sum of its steps, found 14:00",
    ),
    "a misnumbered step": ("mod12-memcache", "## Step 2: Write", "## Step 3: Write", "## Step 3: Write", '"Step 2: …"'),
    "a target that make does not have": (
        "mod12-memcache",
        "$ make start MOD=mod12-memcache\n",
        "$ make begin MOD=mod12-memcache\n",
        "$ make begin",
        'the Makefile has no target "begin"',
    ),
    "a module that is not there": (
        "mod12-memcache",
        "$ make run MOD=mod12-memcache\n",
        "$ make run MOD=mod12-memcached\n",
        "MOD=mod12-memcached",
        "MOD=mod12-memcached is not a module",
    ),
    "a variable that the Makefile does not read": (
        "mod12-memcache",
        "$ make start MOD=mod12-memcache\n",
        "$ make start MODULE=mod12-memcache\n",
        "$ make start MODULE=",
        "the Makefile has no variable MODULE",
    ),
    "a track that is not there": (
        "mod12-memcache",
        "$ make start MOD=mod12-memcache/START-py3\n",
        "$ make start MOD=mod12-memcache/START-py4\n",
        "$ make start MOD=mod12-memcache/START-py4",
        'MOD="mod12-memcache/START-py4": no codelab starts from this folder',
    ),
    "a track in place of a state": (
        "mod12-memcache",
        "$ make start MOD=mod12-memcache/START-py3\n",
        "$ make start MOD=mod12-memcache FROM=START-py3\n",
        "$ make start MOD=mod12-memcache FROM=START-py3",
        "FROM is for make diff alone; write MOD=mod12-memcache/START-py3",
    ),
    "the old name of a copy": (
        "mod12-memcache",
        "MOD=mod12-memcache/START-py3 SIDE=work\n",
        "MOD=mod12-memcache SIDE=work-START-py3\n",
        "SIDE=work-START-py3",
        "mod12-memcache has no folder work-START-py3",
    ),
    "an option that localcloud does not have": (
        "mod2-cloudndb",
        "--env PROXY_HOPS=1",
        "--variable PROXY_HOPS=1",
        "--variable PROXY_HOPS=1",
        "unrecognized arguments: --variable",
    ),
    "a flag that gcloud does not have": (
        "mod5-buildpacks",
        "--concurrency=8 --no-invoker-iam-check",
        "--concurrency=8 --allow-everybody",
        "--allow-everybody",
        "gcloud run deploy has no flag --allow-everybody",
    ),
    "a command that gcloud does not have": (
        "mod5-buildpacks",
        "$ gcloud run deploy visitme",
        "$ gcloud run launch visitme",
        "$ gcloud run launch",
        'gcloud has no command "run launch visitme"',
    ),
    "a folder that is not there": (
        "mod5-buildpacks",
        "--source=mod5-buildpacks/FINISH",
        "--source=mod5-buildpacks/FINAL",
        "--source=mod5-buildpacks/FINAL",
        "mod5-buildpacks/FINAL does not exist",
    ),
    "a program that codelabs do not use": (
        "mod12-memcache",
        "$ curl -A",
        "$ wget -A",
        "$ wget -A",
        "codelabs do not use wget",
    ),
    "a command without its prompt": (
        "mod12-memcache",
        "$ curl -A 'another browser' ",
        "curl -A 'another browser' ",
        "curl -A",
        'begin each command with "$ "',
    ),
    "a link to no file": (
        "mod12-memcache",
        "(../docs/platform-facts.md)",
        "(../docs/platform-fact.md)",
        "(../docs/platform-fact.md)",
        "../docs/platform-fact.md does not exist",
    ),
    "a link to no heading": (
        "mod5-buildpacks",
        "[prices and free amounts](../docs/platform-facts.md#what-it-costs)",
        "[prices and free amounts](../docs/platform-facts.md#what-it-cost)",
        "#what-it-cost)",
        "platform-facts.md has no heading #what-it-cost",
    ),
    "a step that does not say what to see": (
        "mod12-memcache",
        "\nYou should see the page as before, in the same words",
        "\nThe page is as before, in the same words",
        "## Step 1",
        'this step needs a paragraph that begins with "You should see"',
    ),
    "a step without a hint": (
        "mod12-memcache",
        "<details><summary>Hint</summary>",
        "<details><summary>Help</summary>",
        "## Step 1",
        "this step needs one hint",
    ),
    "a section of another name": (
        "mod12-memcache",
        "## What it costs\n",
        "## Costs\n",
        "## Costs",
        'unknown section "Costs"; the sections are What you will have',
    ),
    "text right below the durations": (
        "mod12-memcache",
        "Works: yes\n\nWhat is cached",
        "Works: yes\nWhat is cached",
        "What is cached outlives",
        "put an empty line below the duration",
    ),
    "a last step that does not work": (
        "mod5-buildpacks",
        "Works: yes\n\nThe start command and",
        "Works: not yet\n\nThe start command and",
        "Works: not yet",
        'the app has to work after the last step; write "Works: yes"',
    ),
    "no picture of the architecture": (
        "mod5-buildpacks",
        "```mermaid",
        "```text",
        "## START and FINISH",
        "this section needs a picture of the architecture",
    ),
    "no link to what a reader needs": (
        "mod5-buildpacks",
        "](../docs/before-you-begin.md)",
        "](../docs/deploying.md)",
        "## What you need",
        "this section needs a link to ../docs/before-you-begin.md",
    ),
    "no picture of the result": (
        "mod5-buildpacks",
        "![",
        "[",
        "## What you will have",
        "this section needs a picture, as an image or",
    ),
    "no table of failures": (
        "mod5-buildpacks",
        "| what you see |",
        "| what happens |",
        "## If it fails",
        "this section needs a table that begins with",
    ),
    "an exercise without a solution": (
        "mod5-buildpacks",
        "<details><summary>Solution</summary>",
        "<details><summary>Answer</summary>",
        "## Try it yourself",
        "this section needs a line <details><summary>Solution</summary>",
    ),
    "no tree": (
        "mod5-buildpacks",
        "```tree",
        "```text",
        "## What you will have",
        'this section needs a ```tree fence that begins with "mod5-buildpacks/FINISH"',
    ),
    "a tree of another folder": (
        "mod5-buildpacks",
        "```tree\nmod5-buildpacks/FINISH",
        "```tree\nmod4-cloudrun/FINISH",
        "mod4-cloudrun/FINISH",
        "a tree begins with a folder of this module, not with",
    ),
    "a tree without a file": (
        "mod5-buildpacks",
        "├── Procfile  ",
        "├── Process  ",
        "```tree",
        "this tree lacks Procfile",
    ),
    "a file in a tree that is not there": (
        "mod5-buildpacks",
        "├── Procfile  ",
        "├── Process  ",
        "├── Process  ",
        "mod5-buildpacks/FINISH has no file Process",
    ),
    "a folder in a tree that is not there": (
        "mod5-buildpacks",
        "└── templates/",
        "└── pages/",
        "└── pages/",
        "mod5-buildpacks/FINISH has no folder pages/",
    ),
    "dots in a tree": ("mod5-buildpacks", "├── Procfile  ", "...       ", "...       ", "write a line of a tree as"),
    "a file in a tree without a remark": (
        "mod5-buildpacks",
        "    └── index.html        # the page; it does not change",
        "    └── index.html",
        "    └── index.html",
        "templates/index.html is for",
    ),
    "a tree that is drawn wrong": (
        "mod5-buildpacks",
        "├── Procfile  ",
        "└── Procfile  ",
        "└── Procfile  ",
        'draw this line as "├── Procfile"',
    ),
    "no way on": (
        "mod5-buildpacks",
        " Next: [Module 11",
        " Then: [Module 11",
        "## Where to go next",
        'this section needs the next module behind "Next:"',
    ),
    "a title of another module": (
        "mod5-buildpacks",
        "# Module 5:",
        "# Module 6:",
        "# Module 6:",
        'expected "Module 5: …", found "Module 6: …"',
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_mistake_in_a_readme_is_named_with_its_line(verify_texts: VerifyTexts, course: Path, change: str) -> None:
    module, found, put, named, expected = CHANGES[change]
    readme = course / module / "README.md"
    replace(readme, found, put)
    verified = verify_texts(module)
    assert not verified.ok
    lines = [line for line in verified.output.splitlines() if expected in line]
    assert lines, verified.output
    assert lines[0].startswith(f"{module}/README.md:{line_of(readme, named)}: "), lines[0]


def test_need_without_output_is_named_with_its_line(verify_texts: VerifyTexts, course: Path) -> None:
    readme = course / "mod5-buildpacks" / "README.md"
    readme.write_text(readme.read_text().replace("```output", "```text"))
    line = f"mod5-buildpacks/README.md:{line_of(readme, '## What you need')}: this section needs what a command prints"
    assert line in verify_texts("mod5-buildpacks").output

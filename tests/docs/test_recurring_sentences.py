"""The codelabs' READMEs say what recurs in the same words."""

from __future__ import annotations

import re

import pytest

from tests.support.course import COURSE, ROOT

ALL = tuple(COURSE.modules)
ON_APP_ENGINE = ("mod1-flask", "mod2-cloudndb", "mod3-datastore", "mod12-memcache", "mod13-memorystore")
ON_CLOUD_RUN = ("mod4-cloudrun", "mod5-buildpacks", "mod11-functions")
FROM_PYTHON2 = ("mod1-flask", "mod2-cloudndb", "mod12-memcache", "mod13-memorystore")
WITH_SECOND_TRACK = (*FROM_PYTHON2, "mod4-cloudrun")
NEW_LIBRARY = (*FROM_PYTHON2, "mod3-datastore")

# Which codelabs say it, and what; "..." stands for what differs.
SENTENCES = (
    (
        ALL,
        "This repository, Python 3.10 or newer, and `make`. [Before you begin](../docs/before-you-begin.md) says how",
    ),
    (ALL, "You need no Google account until you deploy."),
    (ALL, "First run START and FINISH side by side. They share one Datastore, so a visit to one shows in the other."),
    (ALL, "Open both addresses, and stop the apps with Ctrl-C. Then make your copy of START and check it."),
    (
        ALL,
        "`make check` says which step you have reached and what is missing. When a step is complete, it also runs",
    ),
    (ALL, "`make hint` prints a hint, and `make apply` does the first step that is not done yet. This runs your copy:"),
    (ALL, "Type the changes by hand. You need not use our names and our layout. Or [apply the diffs]"),
    (ALL, "If you have typed this step, leave out `make apply`, because it does the first step that is not done yet. "),
    (ALL, "o difference between your copy and FINISH:"),
    (ALL, "Our tests do not run them."),
    (ALL, "It is right if "),
    (
        ALL,
        "You need a project with billing. [Before you begin](../docs/before-you-begin.md#get-gcloud) says how to get ",
    ),
    (
        ALL,
        "[Deploying](../docs/deploying.md) says which release of `gcloud` we checked these commands with. Our tests",
    ),
    (
        ALL,
        "It visits the app with forged addresses, and says whether ... If the page is an error, read the log with",
    ),
    (ALL, "If the project was made for this, `gcloud projects delete PROJECT_ID` removes all of it"),
    (
        FROM_PYTHON2,
        "You need no Python 2 either. The Python 2 folders run on your Python 3, unchanged, and their log says so. ",
    ),
    (FROM_PYTHON2, "Two things are different on a real Python 2.7. It mixes text and bytes freely."),
    (FROM_PYTHON2, "Nobody can deploy Python 2.7 any more, so deploy `FINISH-py3`."),
    (WITH_SECOND_TRACK, "Make a copy for this track, and run it:"),
    (NEW_LIBRARY, "**How do we test this on our own data?** Deploy the new version without traffic, as below."),
    (ON_APP_ENGINE, "Leave out the last two commands if your project has an app and a Datastore already."),
    (
        ON_APP_ENGINE,
        "Does your organization give the default service accounts no Editor role? Then give App Engine's account ",
    ),
    (ON_APP_ENGINE, "Deploy a version without traffic and look at it:"),
    (ON_APP_ENGINE, "Then give the version the traffic:"),
    (ON_APP_ENGINE, "You cannot delete a version that serves all traffic, and you cannot delete an App Engine app."),
    (
        ON_APP_ENGINE,
        "The other commands delete images, uploaded sources and entities. `bulk-delete` removes every `Visit` of ",
    ),
    (ON_APP_ENGINE, "If you gave the roles, `remove-iam-policy-binding` with the same arguments takes them back."),
    (ON_CLOUD_RUN, "Leave out the last command if the project has a Datastore already."),
    (ON_CLOUD_RUN, "The service gets an account of its own, which may use Datastore and nothing else."),
    (ON_CLOUD_RUN, "Check it with the address that the last command printed:"),
    (
        ON_CLOUD_RUN,
        "These commands delete the service, the account, the roles that you gave, and every `Visit` of the project.",
    ),
    (ON_CLOUD_RUN, "**How do we move without an outage, and back?**"),
)


def words(module: str) -> str:
    return " ".join((ROOT / module / "README.md").read_text(encoding="utf-8").split())


@pytest.mark.parametrize(("modules", "sentence"), SENTENCES)
def test_sentence_is_alike_in_its_codelabs(modules: tuple[str, ...], sentence: str) -> None:
    pattern = re.escape(sentence.strip()).replace(r"\.\.\.", ".{1,200}?")
    assert [module for module in modules if not re.search(pattern, words(module))] == []


@pytest.mark.parametrize("module", ALL)
def test_last_section_begins_with_the_previous_codelab(module: str) -> None:
    section = words(module).partition(" ## Where to go next ")[2]
    assert section.startswith("Previous: [Module " if module != ALL[0] else "This is the first module.")

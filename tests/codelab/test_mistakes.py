"""The mistakes that learners make most often are named: by file, what was expected and what was found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.codelab.conftest import Run


@dataclass(frozen=True)
class Mistake:
    """After so many steps of a codelab, done right, a file is changed (`put` None: deleted); what check must say.

    `runs` says that only the running app shows it.
    """

    place: str
    steps: int
    file: str
    found: str
    put: str | None
    says: tuple[str, ...]
    runs: bool = False


MISTAKES = {
    "add() for set()": Mistake(
        "mod12", 2, "main.py", "memcache.set(", "memcache.add(",
        ("main.py:34: expected \"memcache.set('visits', json.dumps(visits), time=HOUR)\", found \"memcache.add(",),
    ),
    "ctime without its parentheses": Mistake(
        "mod1", 3, "templates/index.html", ".ctime()", ".ctime",
        ("templates/index.html:13: expected", "visit.timestamp.ctime() }}", 'found "<li>{{ visit.timestamp.ctime }}'),
    ),
    "the old import left in": Mistake(
        "mod1", 2, "main.py", "import ndb\n", "import ndb\nimport webapp2\n",
        ('main.py:5: expected no webapp2 any more, found "import webapp2"',),
    ),
    "an unpinned package": Mistake(
        "mod2", 1, "requirements.txt", "google-cloud-ndb==1.11.2", "google-cloud-ndb",
        ('requirements.txt:2: expected "google-cloud-ndb==1.11.2", found "google-cloud-ndb"',),
    ),
    "a package that is not yet known by its name": Mistake(
        "mod2", 1, "requirements.txt", "google-cloud-ndb==1.11.2", "google.cloud.ndb=1.11.2",
        ("requirements.txt:2: expected a requirement such as Flask==3.1.3, found google.cloud.ndb=1.11.2",),
    ),
    "pip install before the requirements are copied": Mistake(
        "mod4", 2, "Dockerfile", "COPY requirements.txt ./\n", "",
        ('Dockerfile:5: expected "COPY requirements.txt, then RUN pip install, then COPY the source"',),
    ),
    "a port of one's own instead of $PORT": Mistake(
        "mod5", 1, "Procfile", ":$PORT", ":8080",
        ('Procfile:1: expected "web: gunicorn -b :$PORT --threads 8 main:app", found "web: gunicorn -b :8080',),
    ),
    "a Procfile without web": Mistake(
        "mod5", 1, "Procfile", "web: ", "http: ",
        ('expected "web: gunicorn -b :$PORT --threads 8 main:app", found "http: gunicorn',),
    ),
    "PROXY_HOPS forgotten in app.yaml": Mistake(
        "mod2", 5, "app.yaml", "  PROXY_HOPS: '0'", "  # PROXY_HOPS: '0'",
        ("app.yaml: expected \"PROXY_HOPS: '0'\", found none",),
    ),
    "a syntax error": Mistake(
        "mod2", 4, "main.py", "with client.context():", "with client.context()",
        ("main.py:27: expected Python, found expected ':'",),
    ),
    "YAML that cannot be read": Mistake(
        "mod2", 2, "app.yaml", "- name: grpcio", "- name: grpcio: x",
        ("app.yaml:10: expected YAML, found mapping values are not allowed",),
    ),
    "a Datastore call outside the context": Mistake(
        "mod2", 4, "main.py", "        visits = fetch_visits(10)\n", "    visits = fetch_visits(10)\n",
        ("main.py:21: google.cloud.ndb.exceptions.ContextError: No current context.",), runs=True,
    ),
    "a view that returns nothing": Mistake(
        "mod1", 4, "main.py", "return render_template", "render_template",
        ("TypeError: The view function for 'root' did not return a valid response",), runs=True,
    ),
    "the first entry of X-Forwarded-For": Mistake(
        "mod11", 5, "main.py", "[-PROXY_HOPS:][0]", "[0]",
        ("In the scenario “forged addresses”", "found ['203.0.113.7: Mallory 0']"), runs=True,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_likely_mistake_is_named(codelab: Run, course: Path, name: str) -> None:
    mistake = MISTAKES[name]
    assert codelab("start", mistake.place).returncode == 0
    for _ in range(mistake.steps):
        assert codelab("apply").returncode == 0
    (copy,) = (path for path in (course / "work").iterdir() if path.is_dir())
    text = (copy / mistake.file).read_text()
    assert mistake.found in text, f"{mistake.file} has changed: adapt this mistake"
    (copy / mistake.file).write_text(text.replace(mistake.found, mistake.put or "", 1))
    checked = codelab("check", *([] if mistake.runs else ["--no-run"]))
    assert "Traceback" not in checked.stdout
    assert [said for said in mistake.says if said not in checked.stdout] == [], checked.stdout


@pytest.mark.parametrize(
    ("place", "steps", "old", "new", "says"),
    [
        pytest.param(
            "mod1",
            2,
            "index.html",
            "index.htm",
            "templates/index.html: expected this file, found none",
            id="no template",
        ),
        pytest.param(
            "mod5", 1, "Procfile", "procfile", "Procfile: expected this file, found procfile", id="lower case"
        ),
    ],
)
def test_a_file_in_the_wrong_place_is_named(
    codelab: Run, course: Path, place: str, steps: int, old: str, new: str, says: str
) -> None:
    codelab("start", place)
    for _ in range(steps):
        codelab("apply")
    (copy,) = (path for path in (course / "work").iterdir() if path.is_dir())
    (copy / old).rename(copy / new)
    assert says in codelab("check", "--no-run").stdout


def test_a_file_that_should_have_gone_is_named(codelab: Run) -> None:
    codelab("start", "mod5")
    codelab("apply")
    codelab("apply")
    assert "app.yaml: expected no such file any more, found it" in codelab("check", "--no-run").stdout


def test_steps_in_another_order_are_told(codelab: Run, course: Path) -> None:
    codelab("start", "mod5")
    (course / "work" / "mod5-buildpacks" / ".python-version").write_text("3.14\n")
    said = codelab("check", "--no-run").stdout
    assert "mod5-buildpacks: 0 of 3 steps are done." in said
    assert "Step 2, Name the Python version, is done already, before an earlier one." in said


def test_start_does_not_overwrite_a_copy(codelab: Run, course: Path) -> None:
    codelab("start", "mod5")
    (course / "work" / "mod5-buildpacks" / "main.py").write_text("mine\n")
    again = codelab("start", "mod5")
    assert again.returncode == 1
    assert again.stdout.startswith("codelab: work/mod5-buildpacks: is there already; ")
    assert (course / "work" / "mod5-buildpacks" / "main.py").read_text() == "mine\n"


def test_reset_says_what_goes_and_keeps_it(codelab: Run, course: Path) -> None:
    codelab("start", "mod5")
    (course / "work" / "mod5-buildpacks" / "notes.txt").write_text("mine\n")
    assert "found no terminal" in codelab("reset").stdout
    reset = codelab("reset", "--yes")
    assert "notes.txt: a new file of 1 lines" in reset.stdout
    (kept,) = (course / "work" / ".kept").iterdir()
    assert (kept / "notes.txt").read_text() == "mine\n"
    assert not (course / "work" / "mod5-buildpacks" / "notes.txt").exists()


def test_who_has_started_nothing_is_told_where_to_begin(codelab: Run) -> None:
    said = codelab("check")
    assert said.returncode == 1
    begins = "`make start MOD=mod1-flask` begins the series, `make list` shows all of it"
    assert said.stdout.splitlines() == [f"codelab: expected a module, found none: {begins}"]

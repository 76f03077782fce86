"""The crawl of an app: small apps in this process, visited without a network."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from flask import Flask, abort, redirect, request, session
from flask.typing import ResponseReturnValue
from PIL import Image
from werkzeug.test import Client
from werkzeug.wrappers import Response

from localcloud.compare.visiting.crawl import crawl, find_starts
from localcloud.compare.visiting.mentions import find_mentions
from localcloud.launch.plan import Handler
from localcloud.traffic import Answer, RecordedRequest, Recording


@dataclass
class Browsers:
    """Sends requests to an app, with the cookies of each session; `statuses` are those of the answers."""

    app: Flask
    clients: dict[str, Client] = field(default_factory=dict)
    statuses: list[int] = field(default_factory=list)

    def send(self, wanted: RecordedRequest) -> Answer:
        client = self.clients.setdefault(wanted.session, Client(self.app))
        response = client.open(wanted.target, method=wanted.method, headers=list(wanted.headers), data=wanted.body)
        self.statuses.append(response.status_code)
        return Answer(response.status_code, tuple(response.headers), response.get_data())


def make_app(pages: dict[str, str]) -> Flask:
    """Make an app that shows these pages at their paths, and answers any POST by its first page."""
    app = Flask(__name__)
    for number, (path, html) in enumerate(pages.items()):
        app.add_url_rule(path, str(number), lambda html=html: html)
    app.add_url_rule("/<path:any>", "post", lambda any: redirect("/"), methods=["POST"])
    return app


def visit(pages: dict[str, str], limit: int = 60) -> Recording:
    return crawl(Browsers(make_app(pages)).send, limit)


def gets(recording: Recording, session: str = "visitor") -> list[str]:
    return [one.target for one in recording.requests if one.method == "GET" and one.session == session]


def posts(recording: Recording, session: str = "visitor") -> list[dict[str, str]]:
    bodies = [one.body.decode() for one in recording.requests if one.method == "POST" and one.session == session]
    return [dict(parse_qsl(body, keep_blank_values=True)) for body in bodies]


@pytest.mark.parametrize(
    ("html", "target"),
    [
        ("<a href=other?a=b&amp;c=d#e>", "/other?a=b&c=d"),
        ("<map><area href=/other></map>", "/other"),
        ("<link rel=stylesheet href=/other>", "/other"),
        ("<img src=/other>", "/other"),
        ("<script src=/other></script>", "/other"),
        ("<iframe src=/other></iframe>", "/other"),
        ("<script>$.getJSON('/other?n=1', show)</script>", "/other?n=1"),
        ("<meta http-equiv=refresh content='5; url=/other'>", "/other"),
        ("<base href=/folder/><a href=other>", "/folder/other"),
        ("<a href=' http://127.0.0.1/other\n'>", "/other"),
        ("<a href=/ö/ü>", "/%C3%B6/%C3%BC"),
        ("<form action=/other?gone=1><input type=hidden name=a value='b c'></form>", "/other?a=b+c"),
    ],
)
def test_crawl_follows_link(html: str, target: str) -> None:
    assert target in gets(visit({"/": html}))


@pytest.mark.parametrize(
    "href",
    [
        "https://example.com/other",
        "//example.com/other",
        "mailto:other@example.com",
        "javascript:other()",
        "http://localhost:81/other",
        "http://[other",
        "#other",
    ],
)
def test_crawl_does_not_follow_link_out_of_app(href: str) -> None:
    assert not [target for target in gets(visit({"/": f"<a href='{href}'>"})) if "other" in target]


def test_crawl_follows_redirect_once() -> None:
    app = make_app({"/": "<a href=/old><a href=/older>", "/new": "here"})
    app.add_url_rule("/old", "old", lambda: redirect("/new"))
    app.add_url_rule("/older", "older", lambda: redirect("/new"))

    assert gets(crawl(Browsers(app).send))[:5] == ["/", "/old", "/new", "/older", "/no-such-page"]


def test_calendar_takes_few_of_the_requests() -> None:
    calendar = "".join(f"<a href=/day/2026-11-{day}><a href=/list?page={day}>" for day in range(1, 31))

    visited = gets(visit({"/": f"{calendar}<a href=/about>"}))

    assert Counter(target.partition("/list")[1] or target.rpartition("/")[0] for target in visited)["/list"] == 5
    assert sum(target.startswith("/day/") for target in visited) == 6  # one of them with a slash added
    assert "/about" in visited


def test_hundred_pages_of_a_folder_leave_room_for_others_and_for_forms() -> None:
    tags = "".join(f"<a href=/tag/{first}{second}>" for first in "abcdefghij" for second in "abcdefghij")
    pages = {
        "/": f"{tags}<a href=/write>",
        "/write": "<form method=post action=/save><textarea name=content></textarea></form>",
    }

    recording = visit(pages)

    assert len(recording.requests) == 60
    assert len(posts(recording)) >= 5
    assert "links and forms were left out" in recording.origin


def test_forms_that_are_alike_are_submitted_once_each_after_the_first_two() -> None:
    names = ("Ant", "Bee", "Cat", "Dog")
    form = "<form method=post action=/wiki/{0}/save><textarea name=text></textarea></form>"
    pages = {"/": "".join(f"<a href=/wiki/{name}>" for name in names), **{f"/wiki/{n}": form.format(n) for n in names}}

    recording = visit(pages, 200)

    sent = Counter(one.target.split("/")[2] for one in recording.requests if one.method == "POST")
    assert sent == {"Ant": 15, "Bee": 15, "Cat": 1, "Dog": 1}


def test_crawl_is_the_same_twice() -> None:
    pages = {"/": "<a href=/a><a href=/b?c=1><form method=post action=/x><input name=y></form>", "/a": "<a href=/d>"}
    assert visit(pages) == visit(pages)


@pytest.mark.parametrize("limit", [0, 1, 2, 7, 30])
def test_crawl_keeps_to_its_limit(limit: int) -> None:
    pages = {
        "/": "<a href=/_ah/login>" + "".join(f"<a href=/{letter}>" for letter in "abcdefghijklmnopqrstuvwxyz1234567890")
    }
    assert len(visit(pages, limit).requests) == limit


def test_app_that_does_not_answer_is_visited_all_the_same() -> None:
    recording = crawl(lambda request: None)
    assert [one.method for one in recording.requests] == ["GET", "GET", "HEAD", "PUT"]


def test_form_is_submitted_with_valid_and_with_odd_values() -> None:
    form = (
        "<form method=post action=/save><input name=author maxlength=20><input type=email name=mail>"
        "<textarea name=content></textarea><input type=hidden name=book value=main>"
        "<button name=do value=save>Save</button></form>"
    )  # fmt: skip
    sent = posts(visit({"/": form}))

    assert [(one["author"], one["mail"], one["content"]) for one in sent[:2]] == [
        ("Alice", "alice@example.com", "content 1\r\nand a second line"),
        ("Bruno", "bruno@example.com", "content 2\r\nand a second line"),
    ]
    assert {(one["book"], one["do"]) for one in sent} == {("main", "save")}
    odd = [(one["author"], one["content"]) for one in sent[2:5]]
    assert odd == [("<b>&\"' Käthe 訪問者", "<b>&\"' Käthe 訪問者"), ("x" * 20, "x" * 1600), ("", "")]
    # Enough entries to fill more than a page of ten.
    assert len(sent) == 3 + 12


def test_page_is_visited_again_after_it_was_written_to() -> None:
    recording = visit({"/": "<a href=/list>", "/list": "<form method=post action=/save><input name=a></form>"})

    sent = [(one.method, one.target) for one in recording.requests]
    position = sent.index(("POST", "/save"))
    assert sent[position + 1 : position + 3] == [("GET", "/"), ("GET", "/list")]


def test_page_that_answers_its_own_form_is_visited_again() -> None:
    app = Flask(__name__)
    form = "<form method=post><input name=a></form>"
    app.add_url_rule("/", "root", lambda: form if request.method == "GET" else "Thanks", methods=["GET", "POST"])

    methods = "".join(one.method[0] for one in crawl(Browsers(app).send).requests)

    assert methods.startswith("G" + "PG" * 15)


def test_form_that_is_gone_is_not_submitted_again() -> None:
    app = Flask(__name__)
    votes: list[str] = []

    @app.route("/", methods=["GET", "POST"])
    def root() -> ResponseReturnValue:
        if request.method == "POST":
            votes.append(request.form["vote"])
            return redirect("/")
        return "Thanks" if votes else "<form method=post><input name=vote></form>"

    crawl(Browsers(app).send)

    assert len(votes) == 1


def test_form_is_sent_with_the_token_of_the_page_as_it_is_now() -> None:
    app = Flask(__name__)
    tokens: list[str] = []

    @app.route("/", methods=["GET", "POST"])
    def root() -> ResponseReturnValue:
        if request.method == "POST":
            return redirect("/") if request.form["token"] == tokens[-1] else abort(400)
        tokens.append(f"4f1d9c0{len(tokens)}")
        return f"<form method=post><input type=hidden name=token value={tokens[-1]}><input name=text></form>"

    browsers = Browsers(app)
    recording = crawl(browsers.send)

    assert 400 not in browsers.statuses
    first = next(one for one in recording.requests if one.method == "POST")
    assert [(one.value, one.source.kind, one.source.request) for one in first.taken] == [("4f1d9c00", "field", 1)]


def test_each_option_radio_and_button_is_chosen() -> None:
    form = (
        "<form method=post action=/save><select name=color><option value=''>choose<option>red<option>green"
        "<option disabled>blue<option value=4>violet</select>"
        "<input type=radio name=size value=s><input type=radio name=size value=m>"
        "<button name=do value=keep>Keep</button><button name=do value=send>Send</button></form>"
    )  # fmt: skip
    sent = posts(visit({"/": form}))

    assert {one["color"] for one in sent} == {"red", "green", "4"}
    assert {one["size"] for one in sent} == {"s", "m"}
    assert {one["do"] for one in sent} == {"keep", "send"}


def test_files_are_uploaded() -> None:
    form = (
        "<form method=post action=/save enctype=multipart/form-data>"
        "<input type=file name=photo accept='image/*'><input type=file name=any></form>"
    )  # fmt: skip
    app = make_app({"/": form})
    seen: list[tuple[str, str | None, str, bytes]] = []

    @app.post("/save")
    def save() -> Response:
        seen.extend((name, file.filename, file.mimetype, file.read()) for name, file in request.files.items())
        return redirect("/")

    crawl(Browsers(app).send)

    assert seen[1] == ("any", "file1.txt", "text/plain", b"file 1\n")
    assert seen[0][:3] == ("photo", "picture1.png", "image/png")
    with Image.open(BytesIO(seen[0][3])) as picture:
        picture.load()
        assert picture.size == (40, 30)


@pytest.mark.parametrize(
    ("control", "values"),
    [
        ("<input type=number name=x min=3 max=4>", ["3", "4"]),
        ("<input type=number name=x min=0 step=0.5>", ["0", "0.5"]),
        ("<input type=range name=x>", ["0", "1"]),
        ("<input type=date name=x min=2030-02-01>", ["2030-02-01", "2030-02-02"]),
        ("<input type=date name=x max=2020-02-20>", ["2020-02-09", "2020-02-10"]),
        ("<input type=checkbox name=x>", ["on", None]),
        ("<input type=checkbox name=x value=1 required>", ["1", "1"]),
        ("<input name=x pattern='[0-9]{5}'>", ["11111", "11111"]),
        ("<input name=x minlength=8 maxlength=9>", ["x 1xxxxx", "x 2xxxxx"]),
        ("<input name=x readonly value=fixed>", ["fixed", "fixed"]),
        ("<input name=due_date>", ["2035-01-01", "2035-01-02"]),
        ("<input name=message>", ["message 1", "message 2"]),
        ("<input name=userEmail>", ["alice@example.com", "bruno@example.com"]),
        ("<input type=password name=x><input type=password name=y>", ["Right-password-1", "Right-password-2"]),
    ],
)
def test_value_fits_its_field(control: str, values: list[str | None]) -> None:
    sent = posts(visit({"/": f"<form method=post action=/save>{control}</form>"}))
    assert [one.get("x", one.get("due_date", one.get("message", one.get("userEmail")))) for one in sent[:2]] == values


def test_control_that_is_disabled_without_name_or_of_another_form_is_not_sent() -> None:
    form = (
        "<form id=f method=post action=/save><input name=a><input value=nameless><input name=b disabled>"
        "<fieldset disabled><legend><input name=c></legend><input name=d></fieldset><input name=e form=other>"
        "<button type=button name=g value=h>No</button></form><input name=i form=f>"
    )  # fmt: skip
    assert posts(visit({"/": form}))[0].keys() == {"a", "c", "i"}


def test_form_between_the_rows_of_a_table_has_their_controls() -> None:
    table = (
        "<table><form method=post action=/save><tr><td><input name=a></td></tr><tr><td><input name=b></td></tr></form>"
        "</table><input name=c>"
    )  # fmt: skip
    assert posts(visit({"/": table}))[0].keys() == {"a", "b"}


def test_form_is_encoded_as_its_page_is() -> None:
    app = Flask(__name__)
    html = "<form action=/find><input name=q value='é'></form>"
    app.add_url_rule("/", "root", lambda: (html.encode("latin-1"), {"Content-Type": "text/html; charset=iso-8859-1"}))

    visited = gets(crawl(Browsers(app).send))

    assert "/find?q=%3Cb%3E%26%22%27+K%E4the+%26%2335370%3B%26%2321839%3B%26%2332773%3B" in visited


def test_things_are_deleted_before_lists_are_filled_and_sessions_are_ended_last() -> None:
    pages = {
        "/": "<a href=/logout>Bye</a><a href=/x>Sign out</a><a href=/about>About</a>"
        "<form method=post action=/items/1/delete><button>X</button></form>"
        "<form method=post action=/save><input name=a></form>"
    }
    sent = [
        one.target for one in visit(pages).requests if one.target not in ("/", "/about", "/about/", "/no-such-page")
    ]

    assert sent == [*["/save"] * 5, "/items/1/delete", *["/save"] * 10, "/logout", "/x"]


def make_app_with_accounts() -> Flask:
    """Make an app with a page for members, and forms to sign in and to register."""
    app = Flask(__name__)
    app.secret_key = "of a test"
    accounts: dict[str, str] = {}
    form = "<form method=post><input name=username><input type=password name=password><button>Go</button></form>"

    @app.route("/")
    def root() -> ResponseReturnValue:
        return "<a href=/login>Sign in</a><a href=/register>Register</a><a href=/members>Members</a>"

    @app.route("/login", methods=["GET", "POST"])
    def login() -> ResponseReturnValue:
        if request.method == "POST" and accounts.get(request.form["username"]) == request.form["password"]:
            session["user"] = request.form["username"]
            return redirect("/")
        return form

    @app.route("/register", methods=["GET", "POST"])
    def register() -> ResponseReturnValue:
        if request.method == "POST":
            accounts.setdefault(request.form["username"], request.form["password"])
        return form

    @app.route("/members")
    def members() -> ResponseReturnValue:
        return "<a href=/members/secret>" if "user" in session else redirect("/login")

    return app


def test_visitor_registers_signs_in_and_sees_what_was_refused() -> None:
    assert "/members/secret" in gets(crawl(Browsers(make_app_with_accounts()).send))


def make_app_with_google_accounts() -> Flask:
    """Make an app as App Engine's front end shows it: with a sign-in page, and pages for some only."""
    app = Flask(__name__)

    def check(admin: bool) -> None:
        user = request.cookies.get("dev_appserver_login", "")
        if not user:
            abort(redirect(f"/_ah/login?continue={request.path}"))
        if admin and ":True:" not in user:
            abort(401)

    @app.route("/")
    def root() -> ResponseReturnValue:
        return "<img src=/logo><a href=/mine>Mine</a><a href=/admin>Admin</a><a href=/public>Public</a>"

    @app.route("/_ah/login")
    def login() -> ResponseReturnValue:
        answer = redirect(request.args["continue"])
        answer.set_cookie("dev_appserver_login", f"{request.args['email']}:{request.args.get('admin')}:1")
        return answer

    @app.route("/mine")
    def mine() -> ResponseReturnValue:
        check(admin=False)
        return "<form method=post action=/save><input name=a></form><a href=/mine/more><a href=/_ah/logout>Sign out</a>"

    @app.route("/admin")
    def admin() -> ResponseReturnValue:
        check(admin=True)
        return "<a href=/admin/more>"

    return app


def test_user_and_administrator_see_what_was_refused() -> None:
    recording = crawl(Browsers(make_app_with_google_accounts()).send)

    assert list(dict.fromkeys(one.session for one in recording.requests)) == ["visitor", "user", "administrator"]
    assert gets(recording, "user")[:4] == [
        "/_ah/login?email=test%40example.com&action=Login&continue=%2Fmine", "/", "/mine", "/admin",
    ]  # fmt: skip
    assert [one.target for one in recording.requests].count("/logo") == 1
    assert posts(recording, "user")
    assert "/mine/more" in gets(recording, "user")
    assert gets(recording, "user")[-1] == "/_ah/logout"
    assert gets(recording, "administrator")[:4] == [
        "/_ah/login?email=admin%40example.com&admin=True&action=Login&continue=%2Fadmin", "/", "/admin", "/admin/more",
    ]  # fmt: skip


def test_app_that_refuses_without_sign_in_page_is_visited_to_the_end() -> None:
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJ"
    app = make_app({"/": "<a href=/closed>" + "".join(f"<a href=/{letter}>" for letter in letters)})
    app.add_url_rule("/closed", "closed", lambda: ("no", 403))

    assert {f"/{letter}" for letter in letters} < set(gets(crawl(Browsers(app).send)))


def test_what_nobody_links_is_requested() -> None:
    recording = visit({"/": "<a href=/about>"})

    sent = [(one.method, one.target) for one in recording.requests]
    assert sent[2:] == [("GET", "/no-such-page"), ("HEAD", "/"), ("PUT", "/"), ("GET", "/about/")]


def test_starts_are_visited_first() -> None:
    browsers = Browsers(make_app({"/": "<a href=/linked>"}))
    assert gets(crawl(browsers.send, starts=["/admin/"]))[:3] == ["/", "/admin/", "/linked"]


def test_mentioned_path_is_visited_after_links() -> None:
    browsers = Browsers(make_app({"/": "<a href=/linked>", "/feed.json": "{}"}))
    assert gets(crawl(browsers.send, mentions=["/feed.json"]))[:3] == ["/", "/linked", "/feed.json"]


def test_find_mentions_reads_quoted_paths_of_the_app_itself(tmp_path: Path) -> None:
    routes = """app.route('/feed.json'); ("/admin", Admin); '/entry/<id>'; '/list/(\\d+)'; "/"; """
    others = """open('/etc/hosts'); '//x'; 'a/b'"""
    for name in ("main.py", "views/more.py", "lib/other.py", "tests/test_main.py", "static/app.js"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text((routes + others).replace("feed", Path(name).stem))

    assert find_mentions(tmp_path) == ["/main.json", "/admin", "/more.json"]


def test_find_starts_reads_handlers() -> None:
    urls = ["/", "/robots.txt", r"/favicon\.ico", "/admin/.*", "/(a|b)", "/_ah/mail/.+", "/.*"]
    handlers = [*(Handler(url, script="main.app") for url in urls), Handler("/static", static_dir="static")]

    assert find_starts(handlers) == ["/robots.txt", "/favicon.ico", "/admin/"]

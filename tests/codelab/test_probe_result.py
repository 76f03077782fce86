"""The explanation of a visit to a deployed app, without a network."""

from __future__ import annotations

import re
import shlex
from ipaddress import ip_address

import pytest

from codelab.commands.probe_result import FORGED_ENTRIES, FORGED_HEADERS, AppAnswer, NoAnswer, explain
from codelab.verify.gcloud import find_mistake, read_record

USER_AGENT = "codelab-probe/1234"
TIME = "Mon Nov  2 09:05:07 2026"
APP_ENGINE = "demo.uc.r.appspot.com"
RUN = "visitme-1234567890.europe-west1.run.app"
OLD_RUN = "visitme-abcdefghij-uc.a.run.app"
DOMAIN = "visits.example.com"
VALUES = "PROXY_HOPS is 2 on App Engine with Python 3, 1 on Cloud Run and for functions, and 2 for these behind"
UPDATE = "`gcloud run services update visitme --region=europe-west1 --update-env-vars=PROXY_HOPS=1`"


def page(*visitors: str, title: str = "VisitMe Example") -> str:
    items = "".join(f"<li>{TIME} from {visitor}</li>\n" for visitor in visitors)
    return f"<!doctype html>\n<title>{title}</title>\n<ul>\n{items}</ul>\n"


def shows(address: str, own: str | None = None, host: str = "198.51.100.9") -> AppAnswer:
    """Return the answer of an app that lists the visitor with this address, between others."""
    html = page("8.8.4.4: another browser", f"{address}: {USER_AGENT}.1", "8.8.4.4: Mozilla/5.0 (X11; a: b)")
    return AppAnswer(200, html, own=ip_address(own) if own else None, host=frozenset({ip_address(host)}))


# The host, what a visit got, if that is right, how the line begins, and words that it has.
CASES: dict[str, tuple[str, AppAnswer | NoAnswer, bool, str, str]] = {
    "a public address": (
        APP_ENGINE,
        shows("8.8.8.8"),
        True,
        "right: the page shows 8.8.8.8,",
        "neither forged nor a known proxy's",
    ),
    "a public address of IPv6": (RUN, shows("2001:4860:4860::8888"), True, "right: ", "2001:4860:4860::8888"),
    "the visit's own address, on this machine": (
        "localhost",
        shows("127.0.0.77", own="127.0.0.77"),
        True,
        "right: ",
        "the address that this visit came from",
    ),
    "the visit's own address, in one private network": (
        DOMAIN,
        shows("::ffff:10.1.2.3", own="10.1.2.3"),
        True,
        "right: the page shows 10.1.2.3,",
        "",
    ),
    "the last forged entry": (
        RUN,
        shows(FORGED_ENTRIES[-1]),
        False,
        f"PROXY_HOPS is 1 too high: the page shows {FORGED_ENTRIES[-1]}",
        f"Lower it by 1. On Cloud Run PROXY_HOPS is 1: {UPDATE}",
    ),
    "the third forged entry from the end": (
        APP_ENGINE,
        shows(FORGED_ENTRIES[-3]),
        False,
        "PROXY_HOPS is 3 too high: ",
        "Lower it by 3. On App Engine with Python 3 PROXY_HOPS is '2', under env_variables in app.yaml; then deploy",
    ),
    "a forged entry behind a domain": (
        DOMAIN,
        shows(FORGED_ENTRIES[-2]),
        False,
        "PROXY_HOPS is 2 too high: ",
        f"Lower it by 2. {VALUES}",
    ),
    "the first forged entry": (
        RUN,
        shows(FORGED_ENTRIES[0]),
        False,
        "forgeable: the app takes the first entry of X-Forwarded-For",
        "the number may be 0, or at least 8 too high",
    ),
    "App Engine's own entry": (
        APP_ENGINE,
        shows("169.254.1.1"),
        False,
        "PROXY_HOPS is too low: the page shows 169.254.1.1, a link-local address, so it is a proxy's",
        "Raise it. On App Engine with Python 3 PROXY_HOPS is '2'",
    ),
    "App Engine's proxy on the instance": (
        APP_ENGINE,
        shows("127.0.0.1"),
        False,
        "PROXY_HOPS is too low: ",
        "loopback",
    ),
    "a proxy's address on Cloud Run": (
        OLD_RUN,
        shows("169.254.8.129"),
        False,
        "PROXY_HOPS is too low: ",
        "PROXY_HOPS is 1: `gcloud run services update SERVICE --region=REGION --update-env-vars=PROXY_HOPS=1`",
    ),
    "the load balancer's address": (
        DOMAIN,
        shows("34.1.2.3", host="34.1.2.3"),
        False,
        "PROXY_HOPS is too low: the page shows 34.1.2.3, an address of visits.example.com itself, so it is a proxy's",
        f"Raise it by 1 and probe again. {VALUES}",
    ),
    "another address than the load balancer's": (DOMAIN, shows("34.1.2.4", host="34.1.2.3"), True, "right: ", ""),
    "a private address": (DOMAIN, shows("10.1.2.3"), False, "PROXY_HOPS is too low: ", "not a public address"),
    "a shared address of a provider": (
        DOMAIN,
        shows("100.64.0.9"),
        False,
        "PROXY_HOPS is too low: ",
        "not a public address",
    ),
    "the local cloud's proxy": (
        "localhost",
        shows("127.0.0.254", own="127.0.0.77"),
        False,
        "PROXY_HOPS is too low: the page shows 127.0.0.254",
        "Raise it by 1 and probe again",
    ),
    "App Engine's header, trusted elsewhere": (
        RUN,
        shows(FORGED_HEADERS["X-Appengine-User-Ip"]),
        False,
        "forgeable: the app trusts X-Appengine-User-Ip: ",
        "Only App Engine sets it: take the address from X-Forwarded-For by PROXY_HOPS",
    ),
    "Forwarded, trusted": (DOMAIN, shows(FORGED_HEADERS["Forwarded"]), False, "forgeable: the app trusts Forw", ""),
    "X-Real-Ip, trusted": (DOMAIN, shows(FORGED_HEADERS["X-Real-Ip"]), False, "forgeable: the app trusts X-Re", ""),
    "a whole header": (
        DOMAIN,
        shows("192.0.2.1, 192.0.2.2\x1b[2J"),
        False,
        'no address: the page shows "192.0.2.1, 192.0.2.2?[2J"',
        "main.py",
    ),
    "no address": (DOMAIN, shows("None"), False, 'no address: the page shows "None"', ""),
    "a list without the visit": (
        DOMAIN,
        AppAnswer(200, page("8.8.8.8: another", "8.8.8.8: codelab-probe/5678.1")),
        False,
        "the page lists 2 other visits and not this one",
        "cache",
    ),
    "another page": (
        DOMAIN,
        AppAnswer(200, "<title>Under\nconstruction</title><ul><li>Home</li><li>News from here</li></ul>"),
        False,
        "this is not VisitMe's page: it has no list of visits",
        'its title is "Under construction"',
    ),
    "an empty page": (DOMAIN, AppAnswer(200), False, "this is not VisitMe's page", "visits. Is the URL right?"),
    "an error on App Engine": (
        APP_ENGINE,
        AppAnswer(500),
        False,
        "error: the app answers 500 Internal Server Error",
        "`gcloud app logs read --service=default`",
    ),
    "an error of a version or service": ("mod2-dot-" + APP_ENGINE, AppAnswer(503), False, "error: ", "logs read`"),
    "an error on Cloud Run": (
        RUN,
        AppAnswer(503),
        False,
        "error: the app answers 503",
        "`gcloud run services logs read visitme --region=europe-west1`",
    ),
    "an error of a tagged revision": (
        f"next---{RUN}",
        AppAnswer(500),
        False,
        "error: ",
        " read visitme --region=europe-",
    ),
    "an error of a function": (
        "us-central1-demo.cloudfunctions.net",
        AppAnswer(500),
        False,
        "error: ",
        "`gcloud run services logs read SERVICE --region=REGION`",
    ),
    "no invoker": (
        RUN,
        AppAnswer(403),
        False,
        "not public: the app answers 403 Forbidden",
        "`gcloud run services update visitme --region=europe-west1 --no-invoker-iam-check`",
    ),
    "a firewall": (APP_ENGINE, AppAnswer(401), False, "not public: the app answers 401", "Identity-Aware Proxy"),
    "a sign-in page": (
        APP_ENGINE,
        AppAnswer(302, location="https://accounts.google.com/o/oauth2/v2/auth?client_id=1"),
        False,
        "not public: the app answers 302 Found, to Google's sign-in",
        "Identity-Aware Proxy",
    ),
    "a redirect": (
        DOMAIN,
        AppAnswer(301, location="https://www.example.com/\x1b"),
        False,
        "redirect: the app answers 301 Moved Permanently, to https://www.example.com/?.",
        "probe that URL",
    ),
    "no version": (APP_ENGINE, AppAnswer(404), False, "not found: the answer is 404", "no such version or service"),
    "no function": (RUN, AppAnswer(404), False, "not found: ", "no such service or function"),
    "no app": (DOMAIN, AppAnswer(404), False, "not found: ", "no such app"),
    "a status without a name": (DOMAIN, AppAnswer(429), False, "no page: the app answers 429 Too Many Requests", "log"),
    "no such status": (DOMAIN, AppAnswer(299), False, "no page: the app answers 299, not 200", ""),
    "no answer, and a log": (
        APP_ENGINE,
        NoAnswer("it hangs", in_log=True),
        False,
        "no answer: it hangs. Its log: `gcloud app logs read --service=default`",
        "",
    ),
    "no answer, with a server's own words": (
        DOMAIN,
        NoAnswer("it said\x1b[2J\nA"),
        False,
        "no answer: it said?[2J?A",
        "",
    ),
    "no answer, and no log": (APP_ENGINE, NoAnswer("no host"), False, "no answer: no host", "no host"),
}


@pytest.mark.parametrize("case", CASES)
def test_state_is_explained_in_one_line(case: str) -> None:
    host, seen, right, beginning, words = CASES[case]
    result = explain(host, seen, USER_AGENT)
    assert result.right is right
    assert result.text.startswith(beginning)
    assert words in result.text
    assert result.text.isprintable()


@pytest.mark.parametrize("case", CASES)
def test_commands_in_explanation_exist(case: str) -> None:
    host, seen, *_ = CASES[case]
    _, known = read_record()
    for command in re.findall("`(gcloud [^`]+)`", explain(host, seen, USER_AGENT).text):
        assert find_mistake(shlex.split(command)[1:], known) is None


def test_newest_of_several_visits_counts() -> None:
    html = page(f"169.254.1.1: {USER_AGENT}.2", f"8.8.8.8: {USER_AGENT}.1")
    assert not explain(RUN, AppAnswer(200, html), USER_AGENT).right


@pytest.mark.parametrize(
    ("seen", "may_pass"),
    [
        (AppAnswer(500), True),
        (AppAnswer(503), True),
        (AppAnswer(200, page("8.8.8.8: another")), True),
        (AppAnswer(200, "<title>Another</title>"), False),
        (AppAnswer(403), False),
        (NoAnswer("refused"), False),
        (shows("169.254.1.1"), False),
        (shows("8.8.8.8"), False),
    ],
)
def test_only_error_and_old_list_may_pass(seen: AppAnswer | NoAnswer, may_pass: bool) -> None:
    assert explain(RUN, seen, USER_AGENT).may_pass is may_pass


def test_forged_addresses_are_distinct_and_not_public() -> None:
    forged = [*FORGED_ENTRIES, *FORGED_HEADERS.values()]
    assert len(set(forged)) == len(forged)
    assert not any(ip_address(address).is_global for address in forged)

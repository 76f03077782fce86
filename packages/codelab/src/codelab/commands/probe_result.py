"""The result of a probe: which address an app shows for a visitor with forged headers, and what to do about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import IPv4Address, IPv6Address, ip_address

from codelab.compare.page import CTIME, WHITE_SPACE, parse

Address = IPv4Address | IPv6Address

# The addresses that a visit forges. All are from the ranges for documentation (RFC 5737), so no visitor has them. Each
# is different, so that the page shows which of them the app trusts. There are more entries than any app has proxies.
FORGED_ENTRIES = tuple(f"192.0.2.{number}" for number in range(1, 9))
FORGED_HEADERS = {
    "X-Appengine-User-Ip": "203.0.113.1",
    "Forwarded": "203.0.113.2",
    "X-Real-Ip": "203.0.113.3",
}
# https://cloud.google.com/run/docs/triggering/https-request: [TAG---]SERVICE-PROJECT_NUMBER.REGION.run.app
_RUN_HOST = re.compile(r"(?:[a-z0-9-]+---)?([a-z][a-z0-9-]*)-\d+\.([a-z0-9-]+)\.run\.app")
_RUN = (".run.app", ".cloudfunctions.net")


@dataclass(frozen=True)
class AppAnswer:
    """An app's answer to a visit.

    `own` is the address that the visit came from, if the app may have to show it. `host` are the addresses of the
    URL's host. `location` is where a redirect leads.
    """

    status: int
    html: str = ""
    location: str | None = None
    own: Address | None = None
    host: frozenset[Address] = frozenset()


@dataclass(frozen=True)
class NoAnswer:
    """The reason why a visit got no answer; `in_log` if the app's log may say more."""

    reason: str
    in_log: bool = False


@dataclass(frozen=True)
class ProbeResult:
    """One line about the app. `may_pass` means that the next visit may find another state."""

    right: bool
    text: str
    may_pass: bool = False


def explain(host: str, seen: AppAnswer | NoAnswer, user_agent: str) -> ProbeResult:
    """Explain what a visit to this host got; `user_agent` begins the visitor's name in the page's list."""
    platform = _platform(host)
    if isinstance(seen, NoAnswer):
        more = f". {platform.log}" if seen.in_log else ""
        return ProbeResult(False, f"no answer: {_plain(seen.reason, 300)}{more}")
    if seen.status != HTTPStatus.OK:
        return _explain_status(platform, seen)
    shown, lines = _find(seen.html, user_agent)
    if shown is not None:
        return _explain_address(platform, host, shown, seen)
    if lines:
        return ProbeResult(
            False,
            f"the page lists {lines} other visits and not this one. A cache in front of the app may answer; the newest "
            "visit should be the first line",
            may_pass=True,
        )
    return ProbeResult(
        False, f"this is not VisitMe's page: it has no list of visits{_title(seen.html)}. Is the URL right?"
    )


@dataclass(frozen=True)
class _Platform:
    """Advice for apps on one platform: PROXY_HOPS, the log, and reasons for an app that is not public or missing."""

    hops: str
    log: str
    closed: str
    missing: str
    known: bool = True  # false where the right value of PROXY_HOPS depends on things a probe cannot see


def _platform(host: str) -> _Platform:
    if host.endswith(".appspot.com"):
        # The part before "-dot-" may be a service, or a version of the default one. Then show the log of all services.
        service = "" if "-dot-" in host else " --service=default"
        return _Platform(
            hops="On App Engine with Python 3 PROXY_HOPS is '2', under env_variables in app.yaml; then deploy again",
            log=f"Its log: `gcloud app logs read{service}`",
            closed="Identity-Aware Proxy, a firewall rule or `login` in app.yaml keeps visitors out",
            missing="There is no such version or service, or the app has no page at this path",
        )
    if host.endswith(_RUN):
        named = _RUN_HOST.fullmatch(host)
        service, region = named.groups() if named else ("SERVICE", "REGION")
        update = f"gcloud run services update {service} --region={region}"
        return _Platform(
            hops=f"On Cloud Run PROXY_HOPS is 1: `{update} --update-env-vars=PROXY_HOPS=1`. If visitors come through a "
            "load balancer, leave it at 2, probe the load balancer's URL, and close this one: "
            "--ingress=internal-and-cloud-load-balancing",
            log=f"Its log: `gcloud run services logs read {service} --region={region}`",
            closed=f"To let everyone in: `{update} --no-invoker-iam-check`; Identity-Aware Proxy must be off",
            missing="There is no such service or function, it has no page at this path, or its ingress setting keeps "
            "the internet out",
        )
    return _Platform(
        hops="PROXY_HOPS is 2 on App Engine with Python 3, 1 on Cloud Run and for functions, and 2 for these behind an "
        "external load balancer",
        log="Its log: `gcloud app logs read`, `gcloud run services logs read SERVICE --region=REGION`, or where you "
        "started it on this machine",
        closed="Identity-Aware Proxy, Cloud Run's check for an invoker or a rule of the load balancer keeps visitors "
        "out",
        missing="There is no such app, or it has no page at this path",
        known=False,
    )


def _explain_status(platform: _Platform, seen: AppAnswer) -> ProbeResult:
    said = f"{seen.status} {_phrase(seen.status)}".rstrip()
    if seen.location is not None and 300 <= seen.status < 400:
        to = _plain(seen.location, 200)
        if re.match(r"https://accounts\.google\.com[/?]", to):
            return ProbeResult(False, f"not public: the app answers {said}, to Google's sign-in. {platform.closed}")
        return ProbeResult(False, f"redirect: the app answers {said}, to {to}. If that is your app, probe that URL")
    if seen.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return ProbeResult(False, f"not public: the app answers {said}. {platform.closed}")
    if seen.status == HTTPStatus.NOT_FOUND:
        return ProbeResult(False, f"not found: the answer is {said}. {platform.missing}")
    if seen.status >= 500:
        return ProbeResult(False, f"error: the app answers {said}. {platform.log}", may_pass=True)
    return ProbeResult(False, f"no page: the app answers {said}, not 200. {platform.log}")


def _explain_address(platform: _Platform, host: str, shown: str, seen: AppAnswer) -> ProbeResult:
    address = read_address(shown)
    if address is None:
        return ProbeResult(
            False,
            f'no address: the page shows "{_plain(shown)}" where the visitor\'s address should be. Check where main.py '
            "gets it from",
        )
    if str(address) in FORGED_ENTRIES:
        return _explain_too_high(platform, str(address))
    for name, forged in FORGED_HEADERS.items():
        if str(address) == forged:
            return ProbeResult(
                False,
                f"forgeable: the app trusts {name}: the page shows {forged}, which this visit forged there. "
                f"{'Only App Engine sets it' if 'Appengine' in name else 'Any visitor can send it'}: take the address "
                "from X-Forwarded-For by PROXY_HOPS",
            )
    if address == seen.own:
        return ProbeResult(True, f"right: the page shows {address}, the address that this visit came from")
    if whose := _proxy(address, host, seen):
        change = "Raise it." if platform.known else "Raise it by 1 and probe again."
        return ProbeResult(
            False,
            f"PROXY_HOPS is too low: the page shows {address}, {whose}, so it is a proxy's. {change} {platform.hops}",
        )
    return ProbeResult(
        True,
        f"right: the page shows {address}, neither forged nor a known proxy's. Compare it with the public address of "
        "your network; if they differ, PROXY_HOPS is too low",
    )


def _explain_too_high(platform: _Platform, forged: str) -> ProbeResult:
    by = len(FORGED_ENTRIES) - FORGED_ENTRIES.index(forged)
    if by == len(FORGED_ENTRIES):
        # split(',')[0] does the same as a far too high number.
        return ProbeResult(
            False,
            f"forgeable: the app takes the first entry of X-Forwarded-For: the page shows {forged}, which this "
            "visit forged there. Count PROXY_HOPS entries from the end; the number may be 0, or at least "
            f"{by} too high. {platform.hops}",
        )
    return ProbeResult(
        False,
        f"PROXY_HOPS is {by} too high: the page shows {forged}, which this visit forged in X-Forwarded-For. "
        f"Lower it by {by}. {platform.hops}",
    )


def _proxy(address: Address, host: str, seen: AppAnswer) -> str | None:
    """Return the sign that a proxy has this address, None if there is none."""
    if address.is_link_local:
        return "a link-local address"
    if address.is_loopback:
        return "a loopback address"
    if not address.is_global:
        return "not a public address"
    # A load balancer adds its own address: https://cloud.google.com/load-balancing/docs/https#x-forwarded-for_header
    return f"an address of {host} itself" if address in seen.host else None


def read_address(text: str) -> Address | None:
    """Read an address, and turn IPv4 in IPv6 into IPv4; None if the text is something else."""
    try:
        address = ip_address(text.partition("%")[0].strip())
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _find(html: str, user_agent: str) -> tuple[str | None, int]:
    """Return what the first line with this user agent shows as its address, and how many lines of visits there are."""
    lines = 0
    for item in parse(html).tree.iter("li"):
        time, separator, visitor = "".join(item.itertext()).strip("\n\t ").partition(" from ")
        if separator and CTIME.fullmatch(time):
            lines += 1
            shown, found, _ = visitor.partition(f": {user_agent}")
            if found:
                return shown, lines
    return None, lines


def _title(html: str) -> str:
    title = parse(html).tree.find(".//title")
    text = _plain(WHITE_SPACE.sub(" ", title.text or "").strip(" ")) if title is not None else ""
    return f', and its title is "{text}"' if text else ""


def _plain(text: str, length: int = 80) -> str:
    """Return foreign text as one short line without control characters, which a terminal would obey."""
    shown = "".join(sign if sign.isprintable() else "?" for sign in text)
    return shown if len(shown) <= length else f"{shown[:length]}…"


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""

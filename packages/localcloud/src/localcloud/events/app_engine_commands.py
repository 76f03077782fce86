"""The options of `localcloud cron` and `localcloud mail`, and what they do."""

from __future__ import annotations

import argparse
import json
import sys
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from datastore_emulator.errors import UserError

_DEFAULT_ADDRESS = "http://localhost:8080"


def add_cron_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `localcloud cron`."""
    verbs = parser.add_subparsers(required=True, metavar="COMMAND")
    run = verbs.add_parser("run", help="run a job of cron.yaml now", description="Run a job of cron.yaml now.")
    run.set_defaults(command=run_cron)
    run.add_argument(
        "url",
        metavar="PATH",
        help=f"the job's url in cron.yaml, for an app at {_DEFAULT_ADDRESS}, or with the app's address before it",
    )


def run_cron(options: argparse.Namespace) -> None:
    """Send the request of a cron job, and print what came of it; raises UserError if it failed."""
    from localcloud.events.app_engine import make_cron_request
    from localcloud.events.delivery import exchange, read_url

    url = _DEFAULT_ADDRESS + options.url if options.url.startswith("/") else options.url
    read_url(url)
    status, said = exchange(url, make_cron_request(), what="the cron job")
    if status >= 300:
        raise UserError(f"{url}: answered {status}{said}; a cron job succeeds with a status from 200 to 299")
    print(f"{url}: answered {status}")


def add_mail_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `localcloud mail`."""
    parser.add_argument("address", metavar="ADDRESS", help="the app's address, as in http://localhost:8080")
    parser.add_argument("--to", required=True, metavar="EMAIL", help="an address of the app, before @ any name")
    parser.add_argument("--from", dest="sender", metavar="EMAIL", help="the sender (default: visitor@example.com)")
    parser.add_argument("--subject", metavar="TEXT", help="the subject (default: none)")
    parser.add_argument("--text", metavar="TEXT", help="the text (default: none)")
    parser.add_argument("--html", metavar="TEXT", help="the text as HTML, besides")
    parser.add_argument("--attach", action="append", type=Path, metavar="FILE", help="a file to attach (repeatable)")
    parser.add_argument(
        "--message", metavar="FILE", help="send this whole mail (RFC 5322) in place of the options above; - is stdin"
    )


def send_mail(options: argparse.Namespace) -> None:
    """Send a mail to an app, and print what came of it; raises UserError if it failed."""
    from localcloud.events.app_engine import mail_path, make_mail, make_mail_request
    from localcloud.events.delivery import exchange, read_url

    read_url(options.address)
    if "@" not in options.to or not options.to.isprintable():
        shown = json.dumps(options.to, ensure_ascii=False)
        raise UserError(f"--to {shown}: this is no address; write one such as support@demo.appspotmail.com")
    if options.message is None:
        sender = options.sender or "visitor@example.com"
        message = make_mail(
            sender, options.to, options.subject or "", options.text or "", options.html, options.attach or []
        )
    else:
        _refuse_parts(options)
        message = _read_message(options.message)
    parts = urlsplit(options.address if "://" in options.address else f"http://{options.address}")
    url = f"{parts.scheme}://{parts.netloc}{mail_path(options.to)}"
    status, said = exchange(url, make_mail_request(message), what="the mail")
    if status == HTTPStatus.NOT_FOUND:
        raise UserError(f"{url}: answered 404: the app has no handler for mails; add one for /_ah/mail/.+")
    if status >= 300:
        raise UserError(f"{url}: answered {status}{said}; App Engine would send the mail again")
    print(f"{url}: answered {status}")


def _refuse_parts(options: argparse.Namespace) -> None:
    for name in ("sender", "subject", "text", "html", "attach"):
        if getattr(options, name) is not None:
            option = "--from" if name == "sender" else f"--{name}"
            raise UserError(f"{option}: --message has the whole mail; leave one of them out")


def _read_message(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise UserError(f"--message {name}: cannot be read ({error.strerror})") from error

"""The same with google-cloud-ndb."""

from __future__ import annotations

from google.cloud import ndb


class Line(ndb.Model):
    """A line of the guest book."""

    guest = ndb.StringProperty()
    signed = ndb.DateTimeProperty(auto_now_add=True)


def sign(guest: str) -> None:
    """Add a line to the guest book, inside an NDB context."""
    Line(guest=guest).put()


def newest(limit: int) -> list[str]:
    """Return the guests of the newest lines, inside an NDB context."""
    return [line.guest for line in Line.query().order(-Line.signed).fetch(limit)]


def handle_request(guest: str) -> list[str]:
    """Sign and return the newest lines, in a context of its own as a web app has it."""
    with ndb.Client().context():
        sign(guest)
        return newest(10)

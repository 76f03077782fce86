"""Mails: those that the mail service has taken."""

from __future__ import annotations

from google.appengine.api import mail_service_pb2 as pb
from google.appengine.api.api_base_pb2 import VoidProto

from localcloud.effects import MailSent
from tests.localcloud.effects.watched import Watched


def test_mail_is_read_whole(watched: Watched) -> None:
    message = pb.MailMessage(
        Sender="ada@example.com",
        To=["Bob <bob@example.com>", "cy@example.com"],
        Bcc=["hidden@example.com"],
        Subject="Visits",
        TextBody="There are 10.\n",
        HtmlBody="<b>10</b>",
    )
    message.Attachment.add(FileName="visits.txt", Data=b"1\n2\n")
    message.Header.add(name="References", value="<1@example.com>")
    watched.call("mail", "Send", message, VoidProto())
    watched.call("mail", "SendToAdmins", pb.MailMessage(Sender="ada@example.com", Subject="Full", TextBody="!"))
    effects = watched.watch.read()
    assert effects.mails == (
        MailSent(
            {
                "From": "ada@example.com",
                "To": "Bob <bob@example.com>, cy@example.com",
                "Bcc": "hidden@example.com",
                "Subject": "Visits",
                "References": "<1@example.com>",
            },
            "There are 10.\n",
            "<b>10</b>",
            ("visits.txt (4 bytes, sha256 a6e2b7a040683432)",),
        ),
        MailSent({"From": "ada@example.com", "To": "the administrators", "Subject": "Full"}, "!"),
    )
    assert effects.calls == {"mail Send": 1, "mail SendToAdmins": 1}

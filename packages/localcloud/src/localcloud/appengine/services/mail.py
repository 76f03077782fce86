"""The `mail` service: mails are kept and shown in the app's log, and nobody receives them."""

from __future__ import annotations

from google.appengine.api import mail_service_pb2 as pb
from google.appengine.api.api_base_pb2 import VoidProto
from google.appengine.api.mail_stub import MailServiceStub

from localcloud.appengine.callers import Caller
from localcloud.appengine.services.stub_service import Messages, Surroundings

MESSAGES: Messages = {
    "Send": (pb.MailMessage, VoidProto),
    "SendToAdmins": (pb.MailMessage, VoidProto),
}


def make_stub(caller: Caller, surroundings: Surroundings) -> MailServiceStub:
    """Make the stub of an app. It has no SMTP server, so it sends nothing; `get_sent_messages()` has all mails."""

    def show(text: str) -> None:
        caller.log("mail, kept here and not sent:")
        for line in text.splitlines()[1:]:
            caller.log(line)

    stub = MailServiceStub(show_mail_body=True)
    stub._log_fn = show
    return stub

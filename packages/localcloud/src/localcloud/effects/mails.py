"""Mails as a person reads them."""

from __future__ import annotations

from typing import Any

from localcloud.effects.effects import MailSent
from localcloud.effects.values import describe_bytes

_ADDRESSES = (("To", "To"), ("Cc", "Cc"), ("Bcc", "Bcc"))


def read_mail(method: str, payload: bytes) -> MailSent:
    """Return the mail in a call of App Engine's mail service, Send or SendToAdmins."""
    # Imported here: few apps send mails.
    from google.appengine.api import mail_service_pb2 as pb

    message: Any = pb.MailMessage.FromString(payload)
    headers = {"From": message.Sender}
    headers |= {name: ", ".join(getattr(message, field)) for name, field in _ADDRESSES}
    if method == "SendToAdmins":
        headers["To"] = "the administrators"
    headers["Reply-To"] = message.ReplyTo
    headers["Subject"] = message.Subject
    headers |= {header.name: header.value for header in message.Header}
    attachments = [f"{one.FileName} ({describe_bytes(one.Data)})" for one in message.Attachment]
    if message.AmpHtmlBody:
        attachments.append(f"AMP HTML ({describe_bytes(message.AmpHtmlBody.encode())})")
    return MailSent(
        {name: text for name, text in headers.items() if text},
        message.TextBody,
        message.HtmlBody,
        tuple(attachments),
    )

"""The mail service: mails are kept and shown in the app's log."""

import pytest

from tests.localcloud.appengine.bundled_app import mail


def test_mail_is_shown_in_the_log(app, log):
    def send():
        mail.send_mail("ada@example.com", "Bob <bob@example.com>", "Visits", "There are 10 visits.\nGoodbye")

    app.run(send)
    assert log[0] == "mail, kept here and not sent:"
    assert {"  From: ada@example.com", "  To: Bob <bob@example.com>", "  Subject: Visits"} < set(log)
    assert log[log.index("There are 10 visits.") + 1] == "Goodbye"


@pytest.mark.usefixtures("log")
def test_mail_is_kept(app, server):
    def send():
        message = mail.EmailMessage(sender="ada@example.com", to="kept@example.com", subject="Visits", html="<b>10</b>")
        message.attachments = [("visits.txt", b"1\n2\n")]
        message.send()
        mail.send_mail_to_admins("ada@example.com", "To admins", "Hello")

    app.run(send)
    stub = server.stub("mail", server.ticket("demo"))
    (kept,) = stub.get_sent_messages(to="kept@example.com")
    assert (kept.subject, kept.html.decode(), kept.attachments[0].filename) == ("Visits", "<b>10</b>", "visits.txt")
    assert stub.get_sent_messages(subject="To admins")


def test_mail_that_the_cloud_would_refuse_is_refused(app, app_error):
    def send():
        mail.EmailMessage(
            sender="a@example.com", to="b@example.com", subject="x", body="y", attachments=[("run.exe", b"z")]
        ).send()

    with pytest.raises(app_error) as raised:
        app.run(send)
    assert raised.value.kind == "InvalidAttachmentTypeError"

"""What the API server does not have: the app gets an error that names it, and the app's log has the same line."""

import pytest

from tests.localcloud.appengine.bundled_app import apiproxy_stub_map, mail_service_pb2


@pytest.mark.parametrize(
    ("service", "method", "message"),
    [
        ("xmpp", "SendMessage", "localcloud does not have the bundled service 'xmpp' (called for SendMessage())"),
        ("user", "SetOAuthUser", "localcloud's user does not serve SetOAuthUser()"),
    ],
)
def test_refusal_is_in_the_log_even_if_the_app_hides_it(app, log, service, method, message):
    def refused(service, method):
        message = mail_service_pb2.MailMessage(Sender="a", Subject="b")
        try:
            apiproxy_stub_map.MakeSyncCall(service, method, message, message)
        except Exception as error:
            return str(error)

    assert app.run(refused, service=service, method=method).endswith(log[0])
    assert len(log) == 1
    assert message in log[0]

"""The users service: addresses of the front end's sign-in page, and the user in a request's headers."""

import pytest

from tests.localcloud.appengine.bundled_app import users


@pytest.mark.usefixtures("log")
def test_login_url_is_the_sign_in_page_of_the_front_end(app):
    def urls():
        return users.create_login_url("/page?a=1"), users.create_logout_url("/")

    assert app.run(urls) == (
        "/_ah/login?continue=http%3A//localhost%3A8080/page%3Fa%3D1",
        "/_ah/logout?continue=http%3A//localhost%3A8080/",
    )


def test_nobody_has_signed_in_without_headers(app):
    def user():
        return users.get_current_user(), users.is_current_user_admin()

    assert app.run(user) == (None, False)


def test_headers_of_the_front_end_name_the_user(app):
    def user():
        user = users.get_current_user()
        return user.email(), user.user_id(), user.nickname(), users.is_current_user_admin()

    values = {"Email": "ada@example.com", "Id": "1", "Is-Admin": "1"}
    headers = {f"X-Appengine-User-{name}": value for name, value in values.items()}
    assert app.run(user, headers=headers) == ("ada@example.com", "1", "ada@example.com", True)

"""The `user` service: the addresses of the front end's own sign-in page."""

from __future__ import annotations

from google.appengine.api import user_service_pb2 as pb
from google.appengine.api.user_service_stub import UserServiceStub

from localcloud.appengine.callers import Caller
from localcloud.appengine.services.request_info import CallerInfo
from localcloud.appengine.services.stub_service import Messages, Surroundings

MESSAGES: Messages = {
    "CreateLoginURL": (pb.CreateLoginURLRequest, pb.CreateLoginURLResponse),
    "CreateLogoutURL": (pb.CreateLogoutURLRequest, pb.CreateLogoutURLResponse),
}


def make_stub(caller: Caller, surroundings: Surroundings) -> UserServiceStub:
    """Make the stub of an app. Who has signed in is in the headers of a request, which the front end writes."""
    # The pages of localcloud.frontend.sign_in.
    return UserServiceStub(
        login_url="/_ah/login?continue=%s",
        logout_url="/_ah/logout?continue=%s",
        request_data=CallerInfo(),
    )

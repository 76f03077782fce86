"""The `app_identity_service` service: names that follow from the project, and a signature by a key that all know."""

from __future__ import annotations

from google.appengine.api.app_identity import app_identity_service_pb2 as pb
from google.appengine.api.app_identity.app_identity_stub_base import AppIdentityServiceStubBase

from localcloud.appengine.callers import Caller
from localcloud.appengine.services.stub_service import Messages, Surroundings

MESSAGES: Messages = {
    "SignForApp": (pb.SignForAppRequest, pb.SignForAppResponse),
    "GetPublicCertificatesForApp": (pb.GetPublicCertificateForAppRequest, pb.GetPublicCertificateForAppResponse),
    "GetServiceAccountName": (pb.GetServiceAccountNameRequest, pb.GetServiceAccountNameResponse),
    "GetDefaultGcsBucketName": (pb.GetDefaultGcsBucketNameRequest, pb.GetDefaultGcsBucketNameResponse),
}


def make_stub(caller: Caller, surroundings: Surroundings) -> AppIdentityServiceStubBase:
    """Make the stub of an app."""
    stub = _Stub()
    stub.project = caller.project
    stub.SetDefaultGcsBucketName(f"{caller.project}.appspot.com")
    return stub


class _Stub(AppIdentityServiceStubBase):  # type: ignore[misc]  # the SDK ships no types
    """Google's stub, with the project's own account."""

    project: str

    def get_service_account_name(self) -> str:
        return f"{self.project}@appspot.gserviceaccount.com"

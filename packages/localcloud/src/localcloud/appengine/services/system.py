"""The `system` service: the app's use of processor and memory, which nobody measures here."""

from __future__ import annotations

from google.appengine.api.system import system_service_pb2 as pb
from google.appengine.api.system.system_stub import SystemServiceStub

from localcloud.appengine.callers import Caller
from localcloud.appengine.services.request_info import CallerInfo
from localcloud.appengine.services.stub_service import Messages, Surroundings

# Without StartBackgroundRequest, which needs an instance of manual or basic scaling.
MESSAGES: Messages = {"GetSystemStats": (pb.GetSystemStatsRequest, pb.GetSystemStatsResponse)}


def make_stub(caller: Caller, surroundings: Surroundings) -> SystemServiceStub:
    """Make the stub of an app, whose figures are all zero."""
    return SystemServiceStub(default_cpu=pb.SystemStat(), default_memory=pb.SystemStat(), request_data=CallerInfo())

"""Starts the legacy SDK's dev_appserver, in Python 2.7, with the local cloud's caches and addresses.

The SDK's files stay as Google released them. Each change is made in memory, with its reason beside it.
"""

import httplib
import os
import sys

SDK = os.environ["LOCALCLOUD_LEGACY_SDK"]
SCRIPT = "dev_appserver.py"
# The SDK finds the programs that it starts by this, when it is imported.
sys.argv[0] = os.path.join(SDK, SCRIPT)

sys.path.insert(0, SDK)
import wrapper_util  # noqa: E402

_PATHS = wrapper_util.Paths(SDK)
sys.path = _PATHS.script_paths(SCRIPT) + _PATHS.scrub_path(SCRIPT, sys.path)
if "google" in sys.modules:  # a .pth file of a namespace package
    sys.modules["google"].__path__.append(os.path.join(SDK, "google"))

from cherrypy.wsgiserver import wsgiserver2  # noqa: E402
from google.appengine.api import apiproxy_stub  # noqa: E402
from google.appengine.api import apiproxy_stub_map  # noqa: E402
from google.appengine.api.logservice import logservice_stub  # noqa: E402
from google.appengine.api.memcache import memcache_stub  # noqa: E402
from google.appengine.ext.remote_api import remote_api_pb  # noqa: E402
from google.appengine.api import request_info  # noqa: E402
from google.appengine.api.taskqueue import taskqueue_service_pb  # noqa: E402
from google.appengine.datastore import datastore_v3_pb  # noqa: E402
from google.appengine.runtime import apiproxy_errors  # noqa: E402
from google.appengine.tools.devappserver2 import datastore_grpc_stub  # noqa: E402
from google.appengine.tools.devappserver2 import dispatcher  # noqa: E402
from google.appengine.tools.devappserver2 import module  # noqa: E402
from google.appengine.tools.devappserver2 import util  # noqa: E402


class RemoteMemcacheStub(apiproxy_stub.APIProxyStub):
    """Memcache at the local cloud's API server: one cache for all apps, and a clock that a test can move."""

    THREADSAFE = True

    def __init__(self, **_):
        super(RemoteMemcacheStub, self).__init__("memcache")

    def MakeSyncCall(self, service, call, request, response, request_id=None):
        envelope = remote_api_pb.Request()
        envelope.set_service_name(service)
        envelope.set_method(call)
        envelope.set_request(request.Encode())
        connection = httplib.HTTPConnection(os.environ["API_HOST"], int(os.environ["API_PORT"]))
        try:
            connection.request(
                "POST",
                "/",
                envelope.Encode(),
                {
                    "Content-Type": "application/octet-stream",
                    "X-Appengine-Api-Ticket": os.environ["HTTP_X_APPENGINE_API_TICKET"],
                },
            )
            answer = remote_api_pb.Response(connection.getresponse().read())
        finally:
            connection.close()
        if answer.has_application_error():
            error = answer.application_error()
            raise apiproxy_errors.ApplicationError(error.code(), error.detail())
        if answer.has_exception() or answer.has_rpc_error():
            raise apiproxy_errors.RPCFailedError(answer.rpc_error().detail())
        response.ParseFromString(answer.response())


memcache_stub.MemcacheServiceStub = RemoteMemcacheStub

# The SDK checks Java's version only for Google's emulator, which is not used.
util.get_java_major_version = lambda: 8

_open_log = logservice_stub.LogServiceStub.__init__


def _open_log_for_bytes(self, *args, **kwargs):
    """Let the request log hold any byte: with sqlite3's default, a User-Agent that is not ASCII is a 500."""
    _open_log(self, *args, **kwargs)
    self._conn.text_factory = str


logservice_stub.LogServiceStub.__init__ = _open_log_for_bytes

_read_headers = wsgiserver2.read_headers


def _read_hyphenated_headers(rfile, hdict=None):
    """Drop `User_Agent`, which WSGI cannot distinguish from `User-Agent`, as other servers do."""
    headers = _read_headers(rfile, hdict)
    for name in [name for name in headers if "_" in name]:
        del headers[name]
    return headers


wsgiserver2.read_headers = _read_hyphenated_headers

_handle_request = module.Module._handle_request


def _handle_request_of_visitor(self, environ, start_response, **kwargs):
    """Take the visitor's address from the front end, as python27 in production does; dev_appserver has none."""
    environ["REMOTE_ADDR"] = environ.get("HTTP_X_APPENGINE_USER_IP", environ["REMOTE_ADDR"])
    return _handle_request(self, environ, start_response, **kwargs)


module.Module._handle_request = _handle_request_of_visitor

_resolve_target = dispatcher.Dispatcher._resolve_target


def _resolve_target_of_task(self, hostname, path):
    """Run a task, whose host is the one that the visitor asked for: dev_appserver knows no front end before it."""
    try:
        return _resolve_target(self, hostname, path)
    except (request_info.ModuleDoesNotExistError, ValueError):  # ValueError: an address of IPv6
        return self._module_for_request(path), None


dispatcher.Dispatcher._resolve_target = _resolve_target_of_task

_call_datastore = datastore_grpc_stub.DatastoreGrpcStub.MakeSyncCallForRemoteApi
# The limit of the SDK's own Datastore, which is production's.
_MOST_TASKS = 5
_waiting_tasks = {}  # by their transaction's handle


def _keep_tasks(self, service, call, request, response, request_id=None):
    """Keep the tasks of a transaction until its commit. This is the one call that the SDK itself makes."""
    handle = request.add_request(0).transaction().handle()
    tasks = _waiting_tasks.get(handle, []) + request.add_request_list()
    if len(tasks) > _MOST_TASKS:
        reason = "Too many messages, maximum allowed %d" % _MOST_TASKS
        raise apiproxy_errors.ApplicationError(datastore_v3_pb.Error.BAD_REQUEST, reason)
    _waiting_tasks[handle] = tasks


def _add_tasks_at_commit(self, request):
    """Add a transaction's tasks to their queues once it is committed: the Datastore knows no queues."""
    answer = _call_datastore(self, request)
    if request.method() in ("Commit", "Rollback"):
        tasks = _waiting_tasks.pop(datastore_v3_pb.Transaction(request.request()).handle(), [])
        failed = answer.has_application_error() or answer.has_rpc_error() or answer.has_exception()
        for task in tasks if request.method() == "Commit" and not failed else []:
            task.clear_transaction()
            added = taskqueue_service_pb.TaskQueueAddResponse()
            apiproxy_stub_map.MakeSyncCall("taskqueue", "Add", task, added)
    return answer


datastore_grpc_stub.DatastoreGrpcStub.MakeSyncCall = _keep_tasks
datastore_grpc_stub.DatastoreGrpcStub.MakeSyncCallForRemoteApi = _add_tasks_at_commit

execfile(_PATHS.script_file(SCRIPT), globals())  # noqa: F821

"""The API server: endpoints, refusals, several apps, and a Datastore that is down."""

import http.client
import pickle
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from google.appengine.api.memcache.memcache_service_pb2 import (
    MemcacheGetRequest,
    MemcacheGetResponse,
    MemcacheSetRequest,
)
from google.appengine.ext.remote_api.remote_api_bytes_pb2 import Request, Response, RpcError
from google.appengine.runtime import apiproxy_errors

from datastore_emulator.errors import DatastoreError, UserError
from localcloud.appengine import ApiServer
from tests.localcloud.appengine.bundled_app import Visit, apiproxy_stub_map, mail_service_pb2, memcache
from tests.support.deadline import DEADLINE


def test_projects_have_separate_entities(app, other_app):
    app.run(put_visit, number=1)
    assert other_app.run(count_visits) == 0


def test_projects_have_separate_caches(app, other_app):
    app.run(set_key)
    assert other_app.run(get_key) is None


def test_partitions_of_a_project_share_entities(app, local_app):
    app.run(put_visit, number=1)
    assert local_app.run(count_visits) == 1


def test_keys_have_the_partition_of_the_app(app, local_app):
    def application():
        return Visit.query().get().key.app()

    app.run(put_visit, number=1)
    assert local_app.run(application) == "dev~demo"


def test_concurrent_requests_are_answered(app):
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: app.run(put_visit, number=number), range(24)))
    assert app.run(count_visits) == 24


def test_unknown_service_is_refused_by_name(app, app_error):
    def chat():
        message = mail_service_pb2.MailMessage(Sender="a", Subject="b")
        apiproxy_stub_map.MakeSyncCall("xmpp", "SendMessage", message, message)

    with pytest.raises(app_error, match=r"does not have the bundled service 'xmpp'.*datastore_v3, .* and user"):
        app.run(chat)


@pytest.mark.parametrize(
    ("service", "method"),
    [("datastore_v3", "GetIndices"), ("datastore_v3", "AddActions"), ("memcache", "SetClock")],
)
def test_unknown_call_is_refused_by_name(server, service, method):
    error = call(server, Request(service_name=service, method=method, request=b"")).rpc_error
    assert (error.code, f"localcloud's {service} does not serve {method}()" in error.detail) == (
        RpcError.CALL_NOT_FOUND,
        True,
    )


def test_path_of_python_2_is_served(server):
    answer = call(server, Request(service_name="memcache", method="Stats", request=b""), "/")
    assert answer.HasField("response")


def test_requests_of_python_2_with_different_ids_share_a_cache(server):
    ticket = {"X-Appengine-Api-Ticket": server.ticket("demo")}
    item = {"key": b"key", "value": b"value"}
    store = MemcacheSetRequest(item=[item]).SerializeToString()
    call(server, Request(service_name="memcache", method="Set", request=store, request_id="first"), "/", ticket)
    get = MemcacheGetRequest(key=[b"key"]).SerializeToString()
    answer = call(server, Request(service_name="memcache", method="Get", request=get, request_id="second"), "/", ticket)
    assert len(MemcacheGetResponse.FromString(answer.response).item) == 1


@pytest.mark.parametrize("ticket", ["", "demo", "s~demo", "0" * 64, "\u00e9"])
@pytest.mark.parametrize("service", ["memcache", "datastore_v3"])
def test_call_without_valid_ticket_is_refused(server, service, ticket):
    request = Request(service_name=service, method="Get", request=b"", request_id=ticket)
    headers = {"Content-Type": "application/octet-stream"}
    assert post(server, "/rpc_http", headers, request.SerializeToString()) == (
        403,
        b"localcloud API server: the call has no valid X-Appengine-Api-Ticket\n",
    )


def test_pickle_without_valid_ticket_is_not_stored(server, app):
    pickled = {"key": b"key", "value": pickle.dumps(Visit), "flags": 1}  # memcache.TYPE_PICKLED
    store = MemcacheSetRequest(item=[pickled], name_space=app.namespace).SerializeToString()
    request = Request(service_name="memcache", method="Set", request=store, request_id="demo")
    post(server, "/rpc_http", {"Content-Type": "application/octet-stream"}, request.SerializeToString())
    assert app.run(get_key) is None


def test_tickets_differ_between_projects_and_servers(engine):
    servers = [ApiServer(engine), ApiServer(engine)]
    assert len({server.ticket(project) for server in servers for project in ("a", "b")}) == 4


def test_app_with_invalid_ticket_gets_403(start_app, server, app_error):
    class Stranger:
        host, port = server.host, server.port
        ticket = staticmethod(lambda application_id, instance: "stale")

    with pytest.raises(app_error, match="403 Forbidden"):
        start_app("s~demo", Stranger).run(count_visits)


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:80"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "192.168.1.5"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_request_from_web_page_is_refused_despite_its_ticket(server, headers):
    request = Request(service_name="memcache", method="Stats", request=b"", request_id=server.ticket("demo"))
    sent = {"Content-Type": "application/octet-stream", **headers}
    status, reason = post(server, "/rpc_http", sent, request.SerializeToString())
    assert (status, reason.count(b"\n")) == (403, 1)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:99", "127.0.0.1", "127.0.0.2:1", "[::1]", "[::1]:8080"])
def test_every_loopback_host_name_is_served(server, host):
    request = Request(service_name="memcache", method="Stats", request=b"")
    assert call(server, request, headers={"Host": host}).HasField("response")


def test_python_2_can_unpickle_the_error(server):
    answer = call(server, Request(service_name="xmpp", method="Send", request=b""), "/")
    assert (answer.exception[:1], type(pickle.loads(answer.exception))) == (
        b"c",  # protocol 0: a global by name, no protocol mark
        apiproxy_errors.CallNotFoundError,
    )


def test_ticket_in_the_headers_is_accepted(server, app):
    app.run(set_key)
    get = MemcacheGetRequest(key=[b"key"], name_space=app.namespace).SerializeToString()
    request = Request(service_name="memcache", method="Get", request=get, request_id="not an app")
    answer = call(server, request, "/", {"X-Appengine-Api-Ticket": server.ticket("demo")})
    assert len(MemcacheGetResponse.FromString(answer.response).item) == 1


@pytest.mark.parametrize(
    ("path", "headers", "body", "status"),
    [
        ("/nope", {"Content-Type": "application/octet-stream"}, b"", 404),
        ("/rpc_http", {"Content-Type": "text/plain"}, b"", 415),
        ("/rpc_http", {}, b"", 415),
        ("/rpc_http", {"Content-Type": "application/octet-stream"}, b"\xff\xff", 400),
    ],
)
def test_malformed_call_is_refused(server, path, headers, body, status):
    assert post(server, path, headers, body)[0] == status


def test_malformed_arguments_are_refused(server):
    answer = call(server, Request(service_name="memcache", method="Get", request=b"\xff\xff"))
    assert type(pickle.loads(answer.exception)) is apiproxy_errors.ArgumentError


def test_unreachable_datastore_is_a_timeout(lonely_app, outage, app_error):
    outage.reachable = False
    with pytest.raises(app_error, match=r"Timeout: .*no answer"):
        lonely_app.run(count_visits)


def test_reachable_datastore_answers_after_an_outage(lonely_app, outage, app_error):
    outage.reachable = False
    with pytest.raises(app_error):
        lonely_app.run(count_visits)
    outage.reachable = True
    assert lonely_app.run(count_visits) == 0


def test_stopped_server_is_an_error_at_once(lonely_app, lonely_server, app_error):
    lonely_server.stop()
    with pytest.raises(app_error, match="RPCFailedError"):
        lonely_app.run(count_visits)


def test_restarted_server_answers_on_its_port(lonely_app, lonely_server):
    lonely_server.stop()
    lonely_server.start()
    assert lonely_app.run(count_visits) == 0


def test_port_in_use_is_a_user_error(server, engine):
    with pytest.raises(UserError, match=f"127.0.0.1:{server.port}.*choose another port"):
        ApiServer(engine, port=server.port).start()


def test_stopped_server_closes_connections(engine):
    server = ApiServer(engine)
    server.start()
    connection = http.client.HTTPConnection(server.host, server.port, timeout=DEADLINE)
    stats = Request(service_name="memcache", method="Stats", request=b"", request_id=server.ticket("demo"))
    connection.request("POST", "/", stats.SerializeToString(), {"Content-Type": "application/octet-stream"})
    connection.getresponse().read()
    server.stop()
    assert connection.sock.recv(1) == b""
    connection.close()


class Outage:
    """A Datastore that comes and goes, in the words RemoteDatastore has for it."""

    def __init__(self, datastore):
        self._datastore = datastore
        self.reachable = True

    def __getattr__(self, method):
        def answer(*request):
            if not self.reachable:
                raise DatastoreError(grpc.StatusCode.UNAVAILABLE, "no answer")
            return getattr(self._datastore, method)(*request)

        return answer


@pytest.fixture(scope="module")
def distant_datastore(engine):
    return Outage(engine)


@pytest.fixture
def outage(distant_datastore):
    """The Datastore of `lonely_app`; in reach again after the test."""
    yield distant_datastore
    distant_datastore.reachable = True


@pytest.fixture(scope="module")
def own_server(distant_datastore):
    server = ApiServer(distant_datastore)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def lonely_server(own_server):
    """A server that only `lonely_app` needs; running again after the test."""
    yield own_server
    own_server.stop()
    own_server.start()


@pytest.fixture(scope="module")
def lonely_app(own_server, start_app):
    return start_app("s~lonely", own_server)


@pytest.fixture(scope="module")
def other_project_app(start_app):
    return start_app("s~other")


@pytest.fixture(scope="module")
def dev_demo_app(start_app):
    return start_app("dev~demo")


@pytest.fixture
def other_app(other_project_app, app):
    other_project_app.namespace = app.namespace
    return other_project_app


@pytest.fixture
def local_app(dev_demo_app, app):
    dev_demo_app.namespace = app.namespace
    return dev_demo_app


def put_visit(number):
    Visit(number=number).put()


def count_visits():
    return Visit.query().count()


def set_key():
    memcache.set("key", "value")


def get_key():
    return memcache.get("key")


def post(server, path, headers, body):
    connection = http.client.HTTPConnection(server.host, server.port, timeout=DEADLINE)
    connection.request("POST", path, body, headers)
    response = connection.getresponse()
    status, answer = response.status, response.read()
    connection.close()
    return status, answer


def call(server, request, path="/rpc_http", headers=None):
    headers = {"Content-Type": "application/octet-stream", **(headers or {})}
    request.request_id = request.request_id or server.ticket("demo")
    return Response.FromString(post(server, path, headers, request.SerializeToString())[1])

"""A small App Engine app, run as a process of its own, that does in a request what a test asks for.

The SDK keeps its state in globals and patches os.environ, so it must not run inside pytest. A test imports the names
below to write a function with, and the function's code runs here, under `wrap_wsgi_app`, with this module as its
globals.
"""

import io
import marshal
import pickle
import socketserver
import sys
import threading
import types
import wsgiref.simple_server
from datetime import datetime

from google.appengine.api import (
    apiproxy_stub_map,
    app_identity,
    capabilities,
    datastore,
    images,
    mail,
    mail_service_pb2,
    memcache,
    modules,
    namespace_manager,
    runtime,
    search,
    taskqueue,
    urlfetch,
    users,
    wrap_wsgi_app,
)
from google.appengine.datastore import datastore_pb
from google.appengine.ext import blobstore, db, deferred, ndb

__all__ = [
    "Place",
    "Visit",
    "apiproxy_stub_map",
    "app_identity",
    "blobstore",
    "capabilities",
    "datastore",
    "datastore_pb",
    "datetime",
    "db",
    "deferred",
    "images",
    "io",
    "mail",
    "mail_service_pb2",
    "memcache",
    "modules",
    "namespace_manager",
    "ndb",
    "runtime",
    "search",
    "taskqueue",
    "urlfetch",
    "users",
]


class Visit(ndb.Model):
    visitor = ndb.StringProperty()
    timestamp = ndb.DateTimeProperty()
    number = ndb.IntegerProperty()
    tags = ndb.StringProperty(repeated=True)
    note = ndb.TextProperty()


class Place(ndb.Model):
    class Address(ndb.Model):
        city = ndb.StringProperty()

    active = ndb.BooleanProperty()
    rating = ndb.FloatProperty()
    where = ndb.GeoPtProperty()
    link = ndb.KeyProperty()
    owner = ndb.UserProperty()
    photo = ndb.BlobProperty()
    squeezed = ndb.TextProperty(compressed=True)
    facts = ndb.JsonProperty()
    address = ndb.StructuredProperty(Address)
    sealed = ndb.LocalStructuredProperty(Address)
    nothing = ndb.StringProperty()
    empty = ndb.IntegerProperty(repeated=True)
    remarks = ndb.TextProperty(repeated=True, write_empty_list=True)


def store(key, value):
    """Put a value into Memcache; for `deferred`, whose functions must have a name."""
    memcache.set(key, value)


def application(environ, start_response):
    """Run the function in the request's body; answer what it returns, or the exception it raises."""
    call = pickle.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    namespace_manager.set_namespace(call["namespace"])
    function = types.FunctionType(marshal.loads(call["code"]), globals())
    # ndb would answer reads from its own caches, and the tests are about what is behind them.
    context = ndb.get_context()
    context.set_cache_policy(call["ndb_cache"])
    context.set_memcache_policy(call["ndb_cache"])
    try:
        answer = {"returned": function(**call["arguments"])}
    except Exception as error:
        answer = {"raised": type(error).__name__, "message": str(error)}
    start_response("200 OK", [("Content-Type", "application/octet-stream")])
    return [pickle.dumps(answer)]


class ThreadingServer(socketserver.ThreadingMixIn, wsgiref.simple_server.WSGIServer):
    daemon_threads = True


class QuietHandler(wsgiref.simple_server.WSGIRequestHandler):
    def log_message(self, *args):
        pass


if __name__ == "__main__":
    server = wsgiref.simple_server.make_server(
        "127.0.0.1", 0, wrap_wsgi_app(application, use_deferred=True), ThreadingServer, QuietHandler
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()  # ends when the tests close it, or end themselves in whatever way

"""The App Engine bundled-services API server: datastore_v3 onto the Datastore engine, Memcache by Google's stub."""

from localcloud.appengine.server import ApiServer

__all__ = ["ApiServer"]

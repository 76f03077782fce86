"""Keys and cursors for URLs: Google's SDK for Python 3 answers bytes, and the one for Python 2 answered str."""

import functools

from google.appengine.datastore import datastore_query
from google.appengine.ext import db, ndb


def install():
    """Let keys and cursors be text, so that "?key=" + key.urlsafe() is no error and a page shows no b'...'."""
    ndb.Key.urlsafe = _as_text(ndb.Key.urlsafe)
    ndb.Context._memcache_prefix = ndb.Context._memcache_prefix.decode("ascii")  # ndb puts it before the key
    cursor = _as_text(datastore_query.Cursor.urlsafe)
    datastore_query.Cursor.urlsafe = datastore_query.Cursor.to_websafe_string = db.websafe_encode_cursor = cursor


def _as_text(method):
    """Return a method that answers in text what this one answers in bytes."""

    @functools.wraps(method)
    def answer(value):
        return method(value).decode("ascii")

    return answer

"""Python 2's names for what Python 3 renamed or removed, where one line has the same meaning.

Left out is what Python 3 does in another way: dict.iteritems and has_key are methods of a built-in type, and
sorted(cmp=...) is an argument.
"""

import builtins
import collections
import functools
import importlib
import itertools
import string
import sys
import types
from importlib import machinery

# Found after all other modules: an app's own module of such a name comes first, as on Python 2.
_MODULES = {
    "BaseHTTPServer": "http.server",
    "ConfigParser": "configparser",
    "Cookie": "http.cookies",
    "HTMLParser": "html.parser",
    "MySQLdb": "pymysql",
    "Queue": "queue",
    "SimpleHTTPServer": "http.server",
    "SocketServer": "socketserver",
    "StringIO": "io",
    "UserDict": "collections",
    "UserList": "collections",
    "UserString": "collections",
    "__builtin__": "builtins",
    "anydbm": "dbm",
    "cPickle": "pickle",
    "cStringIO": "io",
    "cookielib": "http.cookiejar",
    "copy_reg": "copyreg",
    "django.utils.simplejson": "json",
    "dummy_thread": "_thread",
    "dummy_threading": "threading",
    "email.Encoders": "email.encoders",
    "email.Header": "email.header",
    "email.MIMEBase": "email.mime.base",
    "email.MIMEImage": "email.mime.image",
    "email.MIMEMultipart": "email.mime.multipart",
    "email.MIMEText": "email.mime.text",
    "email.Message": "email.message",
    "email.Utils": "email.utils",
    "exceptions": "builtins",
    "google.appengine.api.labs.taskqueue": "google.appengine.api.taskqueue",
    "htmlentitydefs": "html.entities",
    "httplib": "http.client",
    "robotparser": "urllib.robotparser",
    "thread": "_thread",
    "urllib2": "urllib.request",
    "urlparse": "urllib.parse",
    "xml.etree.cElementTree": "xml.etree.ElementTree",
    "xmlrpclib": "xmlrpc.client",
}
_FLASK_EXTENSIONS = "flask.ext."

_TYPES = {"basestring": str, "long": int, "unichr": chr, "unicode": str, "xrange": range}
_BUILTINS = {
    "StandardError": Exception,
    "cmp": lambda first, second: (first > second) - (first < second),
    "file": open,
    "intern": sys.intern,
    "reduce": functools.reduce,
    # reload(sys) was the way to sys.setdefaultencoding. A real one would reset sys.path.
    "reload": lambda module: module if module is sys else importlib.reload(module),
}
_STRING = {
    "letters": string.ascii_letters,
    "lowercase": string.ascii_lowercase,
    "uppercase": string.ascii_uppercase,
    "maketrans": str.maketrans,
    "join": lambda words, separator=" ": separator.join(words),
    "joinfields": lambda words, separator=" ": separator.join(words),
    **{name: getattr(str, name) for name in ("count", "find", "lower", "replace", "rfind", "split", "strip", "upper")},
}
_ITERTOOLS = {"ifilter": filter, "ifilterfalse": itertools.filterfalse, "imap": map, "izip": zip}
_URLLIB = {
    "urllib.parse": ("quote", "quote_plus", "unquote", "unquote_plus", "urlencode"),
    "urllib.request": ("getproxies", "pathname2url", "url2pathname", "urlopen", "urlretrieve"),
}
_OF_TYPES = {
    "BooleanType": bool,
    "ClassType": type,
    "DictType": dict,
    "FileType": object,
    "FloatType": float,
    "IntType": int,
    "ListType": list,
    "LongType": int,
    "NoneType": type(None),
    "ObjectType": object,
    "StringType": str,
    "StringTypes": (str,),
    "TupleType": tuple,
    "TypeType": type,
    "UnicodeType": str,
}


class _Renamed:
    """Finds modules by Python 2's names, as a finder and a loader of the import system."""

    def __init__(self):
        self._specs = {}

    def find_spec(self, name, path=None, target=None):
        """Return a spec for a name of Python 2, None for any other name."""
        return machinery.ModuleSpec(name, self) if self._successor(name) else None

    def create_module(self, spec):
        """Return the module that has the name's place in Python 3."""
        module = importlib.import_module(self._successor(spec.name))
        self._specs[spec.name] = module.__spec__
        return module

    def exec_module(self, module):
        """Give the module its own spec back, which the import system has replaced."""
        module.__spec__ = self._specs.pop(module.__spec__.name)

    def _successor(self, name):
        if name.startswith(_FLASK_EXTENSIONS):
            return "flask_" + name[len(_FLASK_EXTENSIONS) :]
        return "flask" if name == _FLASK_EXTENSIONS[:-1] else _MODULES.get(name)


def install():
    """Define Python 2's names in this process."""
    sys.meta_path.append(_Renamed())
    _define(builtins, _TYPES)
    _define(builtins, _BUILTINS)
    _define(string, _STRING)
    _define(types, _OF_TYPES)
    _define(itertools, {**_ITERTOOLS, "izip_longest": itertools.zip_longest})
    _define(sys, {"maxint": sys.maxsize, "setdefaultencoding": lambda name: None, "exc_clear": lambda: None})
    _define_removed()
    _define_urllib()


def _define(place, names):
    """Set the names that a module, or a class, does not have."""
    for name, value in names.items():
        if not hasattr(place, name):
            setattr(place, name, value)


def _define_removed():
    """Define what Python 3 had at first, and removed: each module with the release that no longer has the name."""
    import base64  # 3.9
    import collections.abc  # 3.10
    import html
    import html.parser  # 3.9
    import inspect  # 3.11
    import os
    import time  # 3.8

    _define(base64, {"decodestring": base64.decodebytes, "encodestring": base64.encodebytes})
    _define(collections, {name: getattr(collections.abc, name) for name in collections.abc.__all__})
    _define(html.parser, {"HTMLParseError": type("HTMLParseError", (Exception,), {})})
    _define(html.parser.HTMLParser, {"unescape": lambda self, text: html.unescape(text)})
    _define(inspect, {"getargspec": _getargspec})
    _define(os, {"errno": importlib.import_module("errno"), "getcwdu": os.getcwd})
    _define(time, {"clock": time.process_time})
    try:
        cgi = importlib.import_module("cgi")  # the module itself left in 3.13
    except ImportError:
        return
    parse = importlib.import_module("urllib.parse")
    _define(cgi, {"escape": _escape, "parse_qs": parse.parse_qs, "parse_qsl": parse.parse_qsl})


def _define_urllib():
    import urllib.error
    import urllib.parse
    import urllib.request

    for module, names in _URLLIB.items():
        _define(urllib, {name: getattr(sys.modules[module], name) for name in names})
    _define(urllib.request, {"HTTPError": urllib.error.HTTPError, "URLError": urllib.error.URLError})


def _escape(text, quote=None):
    """cgi.escape: unlike html.escape, it leaves single quotes alone."""
    import html

    escaped = html.escape(text, quote=False)
    return escaped.replace('"', "&quot;") if quote else escaped


_ArgSpec = collections.namedtuple("ArgSpec", "args varargs keywords defaults")


def _getargspec(function):
    import inspect

    full = inspect.getfullargspec(function)
    if full.kwonlyargs or full.annotations:
        raise ValueError("this function has keyword-only arguments or annotations; use inspect.getfullargspec")
    return _ArgSpec(full.args, full.varargs, full.varkw, full.defaults)

"""Python 2's names for what Python 3 renamed, so that an old app's imports and types resolve."""

import builtins
import importlib
import sys
import urllib
import urllib.error
import urllib.parse
import urllib.request

_MODULES = {
    "ConfigParser": "configparser",
    "Cookie": "http.cookies",
    "HTMLParser": "html.parser",
    "Queue": "queue",
    "StringIO": "io",
    "__builtin__": "builtins",
    "cPickle": "pickle",
    "cStringIO": "io",
    "cookielib": "http.cookiejar",
    "copy_reg": "copyreg",
    "htmlentitydefs": "html.entities",
    "httplib": "http.client",
    "thread": "_thread",
    "urllib2": "urllib.request",
    "urlparse": "urllib.parse",
}
_TYPES = {"basestring": str, "long": int, "unichr": chr, "unicode": str, "xrange": range}
_URLLIB = ["quote", "quote_plus", "unquote", "unquote_plus", "urlencode"]


def install():
    """Define Python 2's names in this process."""
    for name, successor in _MODULES.items():
        sys.modules[name] = importlib.import_module(successor)
    for name, kind in _TYPES.items():
        setattr(builtins, name, kind)
    for name in _URLLIB:
        setattr(urllib, name, getattr(urllib.parse, name))
    urllib.urlopen = urllib.request.urlopen
    urllib.request.HTTPError = urllib.error.HTTPError
    urllib.request.URLError = urllib.error.URLError

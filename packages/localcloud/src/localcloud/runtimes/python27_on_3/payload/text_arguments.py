"""Functions that took Python 2's str, and that take bytes alone on Python 3: they take text, too, as UTF-8.

What takes text gives text back, as on Python 2. Bytes stay bytes.
"""

import base64
import functools
import hashlib
import hmac
import urllib.request


def install():
    """Replace the functions in this process."""
    for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "new"):
        setattr(hashlib, name, _encode_arguments(getattr(hashlib, name), first=name == "new"))
    hmac.new = _new_hmac
    for name in ("b64encode", "encodestring", "standard_b64encode", "urlsafe_b64encode"):
        setattr(base64, name, _answer_in_kind(getattr(base64, name)))
    data = urllib.request.Request.data
    urllib.request.Request.data = property(
        data.fget, lambda request, value: data.fset(request, _encode(value)), data.fdel
    )


def _encode(value):
    return value.encode("utf-8") if isinstance(value, str) else value


def _encode_arguments(function, first):
    """Return the function with its arguments encoded, after the first one if that is a name."""

    @functools.wraps(function)
    def encoding(*arguments, **options):
        return function(*arguments[:first], *map(_encode, arguments[first:]), **options)

    return encoding


def _answer_in_kind(function):
    """Return a function of bytes that answers text with text."""

    @functools.wraps(function)
    def answering(value, *arguments):
        answer = function(*map(_encode, (value, *arguments)))
        return answer.decode("ascii") if isinstance(value, str) else answer

    return answering


_hmac = hmac.new


def _new_hmac(key, msg=None, digestmod=None):
    """hmac.new: Python 3 has no default for the algorithm."""
    return _hmac(_encode(key), _encode(msg), digestmod or "md5")

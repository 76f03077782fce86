"""google.appengine.dist, by which apps of `runtime: python` chose a version of Django: the last SDK has it no more."""

import glob
import os
import sys

import google

_LIBRARIES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(google.__file__))), "lib")


class UnacceptableVersionError(Exception):
    """The SDK has no version of a library."""


def use_library(name, version):
    """Let the app import this version of a library, or the SDK's oldest one in place of a version before it."""
    wanted = os.path.join(_LIBRARIES, "%s-%s" % (name, version))
    # In the order of numbers: 1.11 is after 1.9.
    found = sorted(
        glob.glob(os.path.join(_LIBRARIES, "%s-*" % name)),
        key=lambda place: [int(part) for part in place.rpartition("-")[2].split(".") if part.isdigit()],
    )
    if not found:
        raise UnacceptableVersionError("the SDK has no %s" % name)
    sys.path.insert(0, wanted if wanted in found else found[0])

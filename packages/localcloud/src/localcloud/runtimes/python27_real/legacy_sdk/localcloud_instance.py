"""Runs in each process of an app before the SDK closes its sandbox, which it makes as wide as production's was."""

import imp
import os
import re
import sys

from google.appengine.tools.devappserver2.python.runtime import sandbox
from google.appengine.tools.devappserver2.python.runtime import stubs

# The SDK lets an app import modules in C of a few `libraries` only.
for _name, _modules in (
    ("MySQLdb", r"(MySQLdb(\..*)?|_mysql|_mysql_exceptions)$"),
    ("crcmod", r"crcmod(\..*)?$"),
    ("matplotlib", r"(matplotlib|mpl_toolkits|kiwisolver)(\..*)?$"),
    ("mysqlclient", r"(MySQLdb(\..*)?|_mysql|_mysql_exceptions)$"),
    ("psycopg2", r"psycopg2(\..*)?$"),
):
    sandbox.THIRD_PARTY_C_MODULES._name_to_module[_name] = sandbox._ThirdPartyCModule(_name, _modules)

_set_allowed_paths = stubs.FakeFile.set_allowed_paths


def _set_allowed_paths_and_null(*args):
    """Let libraries write to /dev/null, as google-endpoints does."""
    _set_allowed_paths(*args)
    stubs.FakeFile._writeable_dirs.add(os.devnull)


stubs.FakeFile.set_allowed_paths = staticmethod(_set_allowed_paths_and_null)


def _find_soname(name):
    """Return the file name of a library by a shell, as Python 2.7 did until 2.7.13: the sandbox has no pipes.

    The package `monotonic` asks for it, and so does google-endpoints.
    """
    found = re.search(r"\s(lib%s\.\S+) \(libc6" % re.escape(name), os.popen("/sbin/ldconfig -p 2>/dev/null").read())
    return found.group(1) if found else None


sandbox._MODULE_OVERRIDE_POLICIES["ctypes.util"] = sandbox.ModuleOverridePolicy(
    overrides={"_findSoname_ldconfig": _find_soname}, default_pass_through=True
)

# dev_appserver gives this script its own `config`. The sandbox keeps modules of this name.
_HERE = os.path.dirname(config.python_config.startup_script)  # noqa: F821
sys.modules["google.appengine.dist"] = imp.load_source(
    "google.appengine.dist", os.path.join(_HERE, "localcloud_dist.py")
)

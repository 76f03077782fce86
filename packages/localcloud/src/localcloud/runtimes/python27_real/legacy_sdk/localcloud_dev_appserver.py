"""Starts the legacy SDK's dev_appserver, in Python 2.7, with the local cloud's services and addresses.

The SDK's files stay as Google released them.
"""

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

import localcloud_sdk.addresses  # noqa: E402
import localcloud_sdk.services  # noqa: E402
import localcloud_sdk.visits  # noqa: E402, F401

from google.appengine.api import appinfo_errors  # noqa: E402
from google.appengine.api import yaml_errors  # noqa: E402
from google.appengine.tools.devappserver2 import errors  # noqa: E402

try:
    execfile(_PATHS.script_file(SCRIPT), globals())  # noqa: F821
except yaml_errors.EventError as error:
    mark = error.event.start_mark
    sys.exit("%s:%d: App Engine refuses it: %s" % (os.path.basename(mark.name), mark.line + 1, error.cause))
except (appinfo_errors.Error, errors.InvalidAppConfigError, yaml_errors.Error) as error:
    sys.exit("App Engine refuses the app's YAML files: %s" % " ".join(str(error).split()))

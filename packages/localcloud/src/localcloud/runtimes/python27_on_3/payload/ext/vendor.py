"""google.appengine.ext.vendor: an app's own folder of modules comes after the environment.

pip put packages for Python 2 into it. The environment has the same ones for Python 3, so it comes first.
"""

import glob
import os
import sys


def add(path, index=1):
    """Add a folder of modules, or the packages of a virtual environment; a folder that does not exist adds nothing."""
    environments = sorted(glob.glob(os.path.join(glob.escape(path), "lib", "python*", "site-packages")))
    sys.path.extend(found for found in environments or [path] if os.path.isdir(found))

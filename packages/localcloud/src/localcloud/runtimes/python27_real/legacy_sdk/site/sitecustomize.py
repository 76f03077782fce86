"""Adds the app's packages as an installation would, and keeps its server on the loopback interface.

`.pth` files are read, of which Google's namespaces have some.
"""

import os
import site

site.addsitedir(os.environ["LOCALCLOUD_PACKAGES"])
execfile(os.environ["LOCALCLOUD_LOOPBACK"])  # noqa: F821

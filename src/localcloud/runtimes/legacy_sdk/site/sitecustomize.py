"""Adds the app's packages as an installation would: `.pth` files are read, of which Google's namespaces have some."""

import os
import site

site.addsitedir(os.environ["LOCALCLOUD_PACKAGES"])

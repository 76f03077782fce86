"""The directory in which environments, packages and images are kept between runs."""

from __future__ import annotations

import os
from pathlib import Path


def cache_directory() -> Path:
    """Return $LOCALCLOUD_CACHE, else localcloud/ in the user's cache directory."""
    own = os.environ.get("LOCALCLOUD_CACHE")
    if own:
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "localcloud"

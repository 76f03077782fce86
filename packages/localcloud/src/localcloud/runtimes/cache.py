"""The directory in which environments, packages and images are kept between runs."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_path


def cache_directory() -> Path:
    """Return $LOCALCLOUD_CACHE, else localcloud/ in the user's cache directory."""
    own = os.environ.get("LOCALCLOUD_CACHE")
    return Path(own) if own else user_cache_path("localcloud", appauthor=False)

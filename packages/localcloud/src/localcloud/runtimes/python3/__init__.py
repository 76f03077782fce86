"""Python 3 apps on this machine.

- `command`: the runtime itself.
- `environments`: environments of packages, made with uv and kept in the cache.
- `interpreters`: which Python 3 runs an app that asks for a version.
- `site/`: put on every app's path; keeps its server on the loopback interface.
"""

from localcloud.runtimes.python3.command import SITE, Python3Runtime

__all__ = ["SITE", "Python3Runtime"]

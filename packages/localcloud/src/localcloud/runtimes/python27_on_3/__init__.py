"""Python 2.7 apps on Python 3.

- `command`: the runtime itself.
- `source_check`: finds source that only Python 2 can read.
- `package_names`: the packages that a Python 2 requirements file names.
- `constraints.txt`: the versions of these packages on Python 3.
- `payload/`: put on the app's path; App Engine's python27 names and server.
"""

from localcloud.runtimes.python27_on_3.command import Python27On3Runtime

__all__ = ["Python27On3Runtime"]

"""Python 2.7 apps on a real Python 2.7.

- `command`: the runtime itself.
- `interpreter`: finds a Python 2.7 on this machine.
- `packages`: installs packages and App Engine's legacy SDK for it.
- `vendored`: tells pip's files in lib/ from a person's.
- `legacy_sdk/`: runs inside Python 2.7; starts the SDK's dev_appserver.
"""

from localcloud.runtimes.python27_real.command import Python27RealRuntime
from localcloud.runtimes.python27_real.interpreter import Python27, find_python27
from localcloud.runtimes.python27_real.packages import SDK, pip_install

__all__ = ["SDK", "Python27", "Python27RealRuntime", "find_python27", "pip_install"]

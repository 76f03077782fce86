"""The runtimes: each turns a launch plan into a process that is ready to start.

- `runtime`: the protocol `Runtime`, and what goes in (`ServiceAddresses`, `Instance`) and comes out (`Command`).
- `python3`: Python 3 apps on this machine.
- `python27_on_3`: Python 2.7 apps on Python 3.
- `python27_real`: Python 2.7 apps on a real Python 2.7.
- `variables`: the environment variables that every app receives.
- `package_sources`: a copy of the packages in an app's own folder, to install them from.
"""

from collections.abc import Sequence

from localcloud.launch.plan import LaunchPlan
from localcloud.runtimes.python3 import Python3Runtime
from localcloud.runtimes.python27_on_3 import Python27On3Runtime
from localcloud.runtimes.runtime import Command, Instance, Report, Runtime, ServiceAddresses

__all__ = ["Command", "Instance", "Report", "Runtime", "ServiceAddresses", "choose_runtime"]

_BUILT_IN: Sequence[Runtime] = (Python27On3Runtime(), Python3Runtime())


def choose_runtime(plan: LaunchPlan, preferred: Sequence[Runtime] = ()) -> Runtime:
    """Return the first of the preferred runtimes, then of the built-in ones, that supports the plan."""
    return next(runtime for runtime in (*preferred, *_BUILT_IN) if runtime.supports(plan))

"""The runtime that runs Python 2.7 apps on Python 3, with the same packages by name."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from packaging.utils import canonicalize_name

from datastore_emulator.errors import UserError
from localcloud.launch.advice import ON_PYTHON27
from localcloud.launch.plan import LaunchPlan, Platform
from localcloud.launch.python27_libraries import find_package
from localcloud.runtimes.install_errors import InstallError
from localcloud.runtimes.package_sources import copy_sources
from localcloud.runtimes.python3.command import SITE, base_variables
from localcloud.runtimes.python3.environments import ensure_environment
from localcloud.runtimes.python3.interpreters import find_interpreter
from localcloud.runtimes.python27_on_3.package_names import read_package_names
from localcloud.runtimes.python27_on_3.source_check import check_source
from localcloud.runtimes.runtime import Command, Instance, Report, ServiceAddresses
from localcloud.runtimes.variables import app_variables, put_on_path

_HERE = Path(__file__).parent
_PAYLOAD = _HERE / "payload"
# The payload matches app.yaml's handlers with RE2.
_RE2 = "google-re2"
# Built into the python27 runtime, whatever the app asks for.
_BUILT_IN = ("appengine-python-standard", "Django", "gunicorn", "Jinja2", "setuptools", "webapp2", _RE2)

# The last versions with adapters for urlfetch. Only for apps that name one of the three: Google's newest clients need a
# newer requests.
_URLLIB3 = ("urllib3==1.26.20",)
_REQUESTS = ("requests==2.31.0", *_URLLIB3)
_WITH_URLFETCH = {
    "requests": _REQUESTS,
    "requests-toolbelt": ("requests-toolbelt==0.10.1", *_REQUESTS),
    "urllib3": _URLLIB3,
}


class Python27On3Runtime:
    """Runs a plan for Python 2.7 on Python 3, if its source can be read by both."""

    def supports(self, plan: LaunchPlan) -> bool:
        """Return whether the plan is for Python 2.7."""
        return plan.python == "2.7"

    def prepare(self, plan: LaunchPlan, services: ServiceAddresses, instance: Instance, report: Report) -> Command:
        """Check the source, make the environment and return the command; App Engine apps get the payload's server."""
        packages = _packages(plan)
        # What Python 3 cannot read of the packages in lib/ comes from the index.
        packages += tuple(filter(None, map(find_package, sorted(check_source(plan, packages)))))
        interpreter = find_interpreter(plan.python)
        # The packages by name, without the files, whose versions are for Python 2.
        sources = copy_sources(replace(plan, requirements=()), instance.home.parent)
        try:
            environment = ensure_environment(
                interpreter, (), packages, constraints=_HERE / "constraints.txt", report=report, sources=sources
            )
        except InstallError as error:
            raise UserError(f"{error}; if it is for Python 2 only, {ON_PYTHON27}") from error
        variables = {**base_variables(environment, instance.home), **app_variables(plan, services, instance)}
        argv = plan.command
        if plan.platform is Platform.APP_ENGINE_PYTHON27:
            argv = ("gunicorn", "-b", f"127.0.0.1:{instance.port}", "--threads", "8", "localcloud_python27:application")
            handlers = [(one.url, one.script) for one in plan.handlers if one.script]
            own = {"LOCALCLOUD_HANDLERS": json.dumps(handlers), "LOCALCLOUD_ON_PYTHON27": ON_PYTHON27}
            variables = put_on_path({**variables, **own}, _PAYLOAD)
        variables = put_on_path(variables, SITE)
        note = (
            f"{plan.platform.value}: this runs on Python {interpreter.version}, unchanged, with the same packages by "
            "name at versions Python 3 can install; `--python27` uses a real Python 2.7"
        )
        return Command(argv, variables, plan.directory, (*plan.notes, note))


def _packages(plan: LaunchPlan) -> tuple[str, ...]:
    names = [name for file in plan.requirements for name in read_package_names(file)]
    pins = [pin for name in names for pin in _WITH_URLFETCH.get(canonicalize_name(name), ())]
    built_in = _BUILT_IN if plan.platform is Platform.APP_ENGINE_PYTHON27 else ()
    return tuple(sorted({*names, *pins, *plan.packages, *built_in}))

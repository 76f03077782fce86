"""From the rules of dispatch.yaml to the app that gets a request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from localcloud.app import App
from localcloud.launch.dispatch import DispatchRule, choose_rule, read_dispatch
from localcloud.launch.errors import FileError


def read_routes(file: Path, apps: Sequence[App]) -> Callable[[str, str], App | None]:
    """Return the choice of a dispatch.yaml: the app for a host and a path, None if no rule names one.

    Without the file, no rule does. Raises UserError if it cannot be read, or for a rule whose service is not one of the
    apps, or two of them.
    """
    rules = read_dispatch(file) if file.exists() else ()
    services = {rule.service: _find_service(file, rule, apps) for rule in rules}

    def choose(host: str, path: str) -> App | None:
        rule = choose_rule(rules, host, path)
        return services[rule.service] if rule else None

    return choose


def _find_service(file: Path, rule: DispatchRule, apps: Sequence[App]) -> App:
    found = [app for app in apps if app.plan.service == rule.service]
    if not found:
        raise FileError(
            file,
            rule.line,
            f'no service "{rule.service}" runs; name its folder or its YAML file, too',
        )
    if len(found) > 1:
        names = " and ".join(app.name for app in found)
        raise FileError(file, rule.line, f'{names} are the service "{rule.service}"; run one of them only')
    return found[0]

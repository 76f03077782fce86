"""The bundled services and other parts of App Engine's SDK that the code uses, and its web frameworks."""

from __future__ import annotations

from collections.abc import Mapping

from codelab.assess.collecting import Collected
from codelab.assess.finding import Place
from codelab.assess.guide import Guide
from codelab.assess.imports import Module

SDK = "google.appengine."
OTHER = "other parts of the SDK"
# Parts of Django that an app imports for its templates, or because App Engine had them: simplejson in django.utils.
_OF_TEMPLATES = frozenset({"", "template", "conf", "utils"})


def find_services(file: str, module: Module, guide: Guide, found: Collected) -> None:
    """Collect each import of a service, and each use of what was imported."""
    for use in module.uses:
        if not use.name.startswith(SDK):
            continue
        name = use.name.removeprefix(SDK)
        service = service_of(name, guide)
        if service:
            what = f"import {use.name}" if use.is_import else _call(name, service)
            found.add(service, Place(file, use.line, what))


def service_of(name: str, guide: Guide) -> str:
    """Return the service that a name of the SDK belongs to, as in "api.memcache" for "api.memcache.get".

    "" for a package that is none by itself, such as "api".
    """
    parts = name.split(".")
    if len(parts) < 2:
        return ""
    for end in range(len(parts), 0, -1):
        prefix = ".".join(parts[:end])
        if (whole := guide.parts.get(prefix)) is not None:
            return whole
        if prefix in guide.services:
            return prefix
    return ".".join(parts[:2]) if parts[0] in ("api", "ext") else OTHER


def _call(name: str, service: str) -> str:
    """Return a use as people read it, as in "memcache.get"."""
    group = service.rpartition(".")[0]
    return name.removeprefix(f"{group}.") if name.startswith(f"{group}.") else name


def uses_django(module: Module) -> bool:
    """Return whether a module uses Django for more than templates: its requests, models, URLs or commands."""
    names = (name.split(".") for name in module.imported)
    return any(parts[0] == "django" and "".join(parts[1:2]) not in _OF_TEMPLATES for parts in names)


def find_frameworks(
    file: str,
    module: Module,
    table: Mapping[str, object],
    own: frozenset[str],
    found: Collected,
    *,
    is_django: bool = False,
) -> None:
    """Collect the imports and uses of each framework of a table, unless the app has such a module itself.

    `is_django` says that the app is a Django project, which keeps Django's templates.
    """
    for use in module.uses:
        name = use.name.removeprefix(SDK) if use.name.startswith(SDK) else use.name
        parts = name.split(".")
        if parts[0] in own:
            continue
        if is_django and parts[:2] == ["django", "template"]:
            parts = ["django"]
        for end in range(len(parts), 0, -1):
            prefix = ".".join(parts[:end])
            if prefix in table:
                found.add(prefix, Place(file, use.line, f"import {use.name}" if use.is_import else name))
                break

"""app.yaml and its siblings: each key that the next platform reads in another way, or not at all."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from codelab.assess.collecting import Collected
from codelab.assess.finding import Place
from codelab.assess.folder import AppFolder, Unread
from codelab.assess.guide import Guide
from localcloud.deployment.errors import TextError
from localcloud.deployment.yaml_lines import YamlLines

# Files that are a setting as a whole, by the key that they hold.
_SIBLINGS = {"cron": "cron.yaml", "indexes": "index.yaml", "dispatch": "dispatch.yaml", "backends": "backends.yaml",
             "blacklist": "dos.yaml", "mapreduce": "mapreduce.yaml"}  # fmt: skip
_OF_PYTHON2 = ("python27", "python")


@dataclass
class Services:
    """What the service files of an app say: their runtimes, and the parts of the SDK that they switch on."""

    runtimes: dict[str, str] = field(default_factory=dict)
    scripts: list[tuple[str, int, str]] = field(default_factory=list)
    libraries: list[tuple[str, int, str]] = field(default_factory=list)
    used: list[tuple[str, Place]] = field(default_factory=list)

    @property
    def is_python2(self) -> bool:
        """True if a service asks for Python 2."""
        return any(runtime in _OF_PYTHON2 for runtime in self.runtimes.values())

    @property
    def is_python3(self) -> bool:
        """True if the services ask for Python 3."""
        return bool(self.runtimes) and not self.is_python2


def find_settings(app: AppFolder, guide: Guide, found: Collected) -> Services:
    """Collect the settings, and return what else the service files say."""
    services = Services()
    for file, text in app.settings.items():
        if not file.endswith((".yaml", ".yml")):
            continue
        try:
            yaml = YamlLines(text)
        except TextError as error:
            app.unread.append(Unread(file, error.line, f"not valid YAML: {error.problem}"))
            continue
        if _is_service(yaml):
            _read_service(file, yaml, guide, found, services)
        else:
            _read_sibling(file, yaml, found, services)
    files = [file for file in services.runtimes if not services.runtimes[file].startswith("custom")]
    if len(files) > 1:
        for file in files:
            found.add("several services", Place(file, 0, _name_of(file)))
    for file in app.python:
        if posixpath.basename(file) == "appengine_config.py":
            found.add("appengine_config.py", Place(file, 0))
    return services


def _is_service(yaml: YamlLines) -> bool:
    return "runtime" in yaml.keys or ("handlers" in yaml.keys and "api_version" in yaml.keys)


def _name_of(file: str) -> str:
    return f"the service of {posixpath.basename(file)}"


def _read_service(file: str, yaml: YamlLines, guide: Guide, found: Collected, services: Services) -> None:
    runtime = str(yaml.keys.get("runtime", "python27"))
    services.runtimes[file] = runtime
    if runtime in _OF_PYTHON2:
        found.add("runtime", Place(file, yaml.line("runtime"), f"runtime: {runtime}"))
        if not yaml.keys.get("threadsafe"):
            key = "threadsafe" if "threadsafe" in yaml.keys else "runtime"
            found.add("one request at a time", Place(file, yaml.line(key), "threadsafe: false"))
    for key, value in yaml.keys.items():
        if key in guide.settings and key != "runtime":
            for line, what in _parts(yaml, str(key), value):
                own = f"{key}: {what}"
                found.add(own if own in guide.settings else str(key), Place(file, line, what))
    for index, handler in enumerate(_mappings(yaml.keys.get("handlers"))):
        _read_handler(file, yaml, index, handler, guide, found, services)
    for index, library in enumerate(_mappings(yaml.keys.get("libraries"))):
        services.libraries.append((file, yaml.line("libraries", index), str(library.get("name", ""))))
    for index, builtin in enumerate(_mappings(yaml.keys.get("builtins"))):
        for name, value in builtin.items():
            if f"ext.{name}" in guide.services and value in (True, "on"):
                services.used.append((f"ext.{name}", Place(file, yaml.line("builtins", index), f"{name}: on")))
    for index, name in enumerate(_list(yaml.keys.get("inbound_services"))):
        if (service := _INBOUND.get(str(name))) is not None:
            services.used.append((service, Place(file, yaml.line("inbound_services", index), str(name))))


_INBOUND = {
    "mail": "api.mail", "mail_bounce": "api.mail", "xmpp_message": "api.xmpp", "xmpp_presence": "api.xmpp",
    "xmpp_subscribe": "api.xmpp", "xmpp_error": "api.xmpp", "channel_presence": "api.channel",
}  # fmt: skip


def _parts(yaml: YamlLines, key: str, value: Any) -> Iterator[tuple[int, str]]:
    """Yield the line of a key, or of each item of its list."""
    if isinstance(value, list) and key in ("libraries", "builtins", "inbound_services", "includes"):
        for index, item in enumerate(value):
            yield yaml.line(key, index), _describe(item)
    else:
        yield yaml.line(key), f"{key}: {value}" if isinstance(value, (str, int, float, bool)) else f"{key}:"


def _describe(item: Any) -> str:
    if isinstance(item, dict):
        return " ".join(str(value) for value in item.values()) if "name" in item else ", ".join(map(str, item))
    return str(item)


def _read_handler(
    file: str, yaml: YamlLines, index: int, handler: dict[str, Any], guide: Guide, found: Collected, services: Services
) -> None:
    url = handler.get("url", "")
    for key, value in handler.items():
        line = yaml.line("handlers", index, key)
        if key == "script":
            script = str(value)
            services.scripts.append((file, line, script))
            if script.endswith(".py"):
                found.add("handlers: CGI script", Place(file, line, f"{url} {script}"))
            elif script != "auto":
                found.add("handlers: script", Place(file, line, f"{url} {script}"))
        elif f"handlers: {key}" in guide.settings:
            found.add(f"handlers: {key}", Place(file, line, f"{url} {key}: {value}"))


def _read_sibling(file: str, yaml: YamlLines, found: Collected, services: Services) -> None:
    for key, name in _SIBLINGS.items():
        if key in yaml.keys:
            items = _list(yaml.keys[key])
            for index, item in enumerate(items):
                what = _first(item, ("url", "kind", "name", "subnet"))
                found.add(name, Place(file, yaml.line(key, index), what))
    for index, backend in enumerate(_mappings(yaml.keys.get("backends"))):
        if "start" in backend:
            services.scripts.append((file, yaml.line("backends", index, "start"), str(backend["start"])))
    for index, queue in enumerate(_mappings(yaml.keys.get("queue"))):
        kind = "pull" if queue.get("mode") == "pull" else "push"
        found.add(f"queue.yaml, {kind} queues", Place(file, yaml.line("queue", index), str(queue.get("name", ""))))


def _first(item: Any, keys: tuple[str, ...]) -> str:
    return next((str(item[key]) for key in keys if key in item), "") if isinstance(item, dict) else str(item)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _mappings(value: Any) -> list[dict[str, Any]]:
    """Return a list's items, with an empty mapping for each that is none, so that the numbers stay."""
    return [item if isinstance(item, dict) else {} for item in _list(value)]

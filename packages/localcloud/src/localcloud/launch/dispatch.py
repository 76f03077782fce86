"""Read dispatch.yaml: which service answers which URL.

https://docs.cloud.google.com/appengine/docs/standard/reference/dispatch-yaml
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from google.appengine.api import dispatchinfo, yaml_errors

from localcloud.deployment.errors import TextError
from localcloud.deployment.yaml_lines import YamlLines
from localcloud.launch.errors import FileError, read_text
from localcloud.launch.google_parser import refuse_file, refuse_line

_MOST_RULES = 20
_LONGEST = 100
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
# The host of an app's default service, with and without a region.
_APP_HOST = re.compile(r"[^.]+(\.\w+\.r)?\.appspot\.com")


@dataclass(frozen=True)
class DispatchRule:
    """A rule: the service, the line, and the patterns of host and path, of which "*" begins the one and ends the other.

    On this machine "localhost" is also the app's own host on appspot.com.
    """

    service: str
    line: int
    host: str
    path: str

    def matches(self, host: str, path: str) -> bool:
        """Return whether a request for this host, without its port, and this path is for the service."""
        return self._matches_path(path) and (
            self._matches_host(host) or (host in _LOCAL and self._matches_host("app.appspot.com"))
        )

    def _matches_path(self, path: str) -> bool:
        return path.startswith(self.path[:-1]) if self.path.endswith("*") else path == self.path

    def _matches_host(self, host: str) -> bool:
        if self.host.startswith("*"):
            return host.endswith(self.host[1:])
        return host == self.host or (host == "app.appspot.com" and _APP_HOST.fullmatch(self.host) is not None)


def read_dispatch(file: Path) -> tuple[DispatchRule, ...]:
    """Return the rules of a dispatch.yaml in their order; raises UserError, with the line, if App Engine refuses it."""
    text = read_text(file)
    try:
        yaml = YamlLines(text)
        info = dispatchinfo.LoadSingleDispatch(text)
    except TextError as error:
        raise FileError(file, error.line, f"not valid YAML: {error.problem}") from error
    except yaml_errors.EventError as error:
        raise refuse_line(file, text, error) from error
    except (yaml_errors.Error, dispatchinfo.Error) as error:
        raise refuse_file(file, error) from error
    if not yaml.keys and re.search(r"^\s*[^\s#]", text, re.MULTILINE):
        raise FileError(file, 1, 'there are no keys in it; begin with a line "dispatch:"')
    rules = []
    for index, entry in enumerate(info.dispatch or []):
        line = yaml.line("dispatch", index)
        parsed = dispatchinfo.ParsedURL(entry.url)
        if max(len(parsed.host_pattern), len(parsed.path_pattern)) > _LONGEST:
            raise FileError(
                file, line, f"App Engine takes at most {_LONGEST} characters of a host or a path; shorten it"
            )
        rules.append(DispatchRule(entry.service or entry.module, line, parsed.host_pattern, parsed.path_pattern))
    if len(rules) > _MOST_RULES:
        raise FileError(file, rules[_MOST_RULES].line, f"App Engine takes at most {_MOST_RULES} rules; remove some")
    return tuple(rules)


def choose_rule(rules: tuple[DispatchRule, ...], host: str, path: str) -> DispatchRule | None:
    """Return the first rule for a request; paths that begin with /_ah/ have none."""
    if path.startswith("/_ah/"):
        return None
    return next((rule for rule in rules if rule.matches(host, path)), None)

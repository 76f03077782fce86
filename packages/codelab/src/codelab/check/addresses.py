"""Explains why a copy shows the address of a proxy in the place of the visitor's."""

from __future__ import annotations

from collections.abc import Iterator

from codelab.check.deployable import Folder
from codelab.check.facts import Kind

_HOPS = "PROXY_HOPS"
# The codelab's code trusts one proxy if nothing sets the variable.
_DEFAULT = "1"
_KEEPS_HEADERS = "no-clear-untrusted-proxy-headers"


def explain_addresses(folder: Folder, expected: Folder) -> str:
    """Return what is wrong with the number of proxies that the folder trusts; "" if that is not the matter.

    `expected` is the codelab's folder at the same step.
    """
    wanted = next((value for _, value in _numbers(expected)), _DEFAULT)
    place, found = next(_numbers(folder), ("", ""))
    if found and found != wanted:
        return f"{place} sets {_HOPS} to {found}; {wanted} is right where you deploy it"
    if not found and wanted != _DEFAULT:
        return f"nothing sets {_HOPS}, or the code trusts another number of proxies; {wanted} is right"
    if _HOPS not in folder.names_in_code and _HOPS in expected.names_in_code:
        return f"the code does not read {_HOPS}, the number of proxies to trust, which is {wanted} there"
    programs = [fact for fact in folder.facts if fact.kind is Kind.PROGRAM and "waitress" in fact.name]
    if programs and not any(_KEEPS_HEADERS in fact.words for fact in programs):
        return f"waitress removes X-Forwarded-For unless you pass --{_KEEPS_HEADERS}"
    return ""


def _numbers(folder: Folder) -> Iterator[tuple[str, str]]:
    """Yield each number of proxies that the deployment files set, with its place."""
    for fact in sorted(folder.facts, key=lambda fact: (fact.file, fact.line)):
        name, _, value = fact.name.partition(" ")
        if fact.kind is Kind.VALUE and name == f"env_variables.{_HOPS}":
            yield f"{fact.file}:{fact.line}", value
    for variable in folder.dockerfile_variables:
        if variable.name == _HOPS:
            yield f"Dockerfile:{variable.line}", variable.value

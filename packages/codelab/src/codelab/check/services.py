"""The services that an app calls, by the facts of its code."""

from __future__ import annotations

from collections.abc import Iterable

from codelab.check.facts import Fact, Kind
from codelab.compare.services import Service

# The packages that call each service; a name stands for all in it.
_PACKAGES = {
    "google.appengine.ext.ndb": Service.BUNDLED_DATASTORE,
    "google.appengine.ext.db": Service.BUNDLED_DATASTORE,
    "google.cloud.ndb": Service.DATASTORE,
    "google.cloud.datastore": Service.DATASTORE,
}
# Where only a call of a method sends something.
_METHODS = {
    "google.appengine.api.memcache": Service.MEMCACHE,
    "redis": Service.REDIS,
}


def services_of(facts: Iterable[Fact]) -> frozenset[Service]:
    """Return the services that an app with these facts calls."""
    return frozenset(service for fact in facts if (service := _service_of(fact)))


def _service_of(fact: Fact) -> Service | None:
    if fact.kind is Kind.NAME:
        return _PACKAGES.get(fact.name)
    if fact.kind is Kind.CALL:
        owner, _, method = fact.name.rpartition(".")
        for package, service in _METHODS.items():
            # memcache.get, memcache.Client().get, redis.Redis().set: not the constructors.
            if (owner == package or owner.startswith(f"{package}.")) and method[:1].islower() and method != "from_url":
                return service
    return None


def package_of_service(fact: Fact) -> str | None:
    """Return the package of a service that a call belongs to, as in "redis"; None for any other fact."""
    if fact.kind is not Kind.CALL:
        return None
    packages = [*_PACKAGES, *_METHODS]
    return next((package for package in packages if f"{fact.name}.".startswith(f"{package}.")), None)


def is_counted(package: str) -> bool:
    """Return whether the local cloud counts the calls of this package."""
    return package in _PACKAGES or package in _METHODS

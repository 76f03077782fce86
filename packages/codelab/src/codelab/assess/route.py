"""The modules and pages to follow, in order, for an app and a destination: docs/which-way.md as a function."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from codelab.assess import cloud_ndb, ext_db
from codelab.assess.finding import Area, Destination, Finding, Link, Verdict
from codelab.readme.course import Course

_WEBAPP = frozenset({"webapp2", "ext.webapp", "webapp2_extras"})
_DATASTORE = frozenset({"ext.ndb", "ext.db"})
# Services whose way out the modules show.
_SHOWN = frozenset({"ext.ndb", "api.memcache", "ext.webapp", "ext.vendor"})


@dataclass(frozen=True)
class Stop:
    """A part of the way: a module's track by its name, as in "mod2-cloudndb/FINISH", or work without a module."""

    name: str
    title: str
    why: str
    link: Link | None

    @property
    def is_module(self) -> bool:
        """True for a track of the course."""
        return bool(self.name)


def plan_route(
    course: Course, destination: Destination, findings: Iterable[Finding], *, python2: bool
) -> tuple[Stop, ...]:
    """Return the stops for an app with these findings. `python2` says that its code is Python 2."""
    return tuple(_Planner(course, destination, tuple(findings), python2).stops())


@dataclass(frozen=True)
class _Planner:
    course: Course
    destination: Destination
    findings: tuple[Finding, ...]
    python2: bool

    def stops(self) -> Iterator[Stop]:
        """Yield the stops in order."""
        webapp = bool(_WEBAPP & self._names(Area.FRAMEWORK, Area.SERVICE))
        if webapp:
            yield self._track("mod1-flask", "the app uses webapp2 or webapp")
            yield _page(
                "webapp2 to Flask", "docs/webapp2-to-flask.md", "what your handlers use and the sample does not"
            )
        if "Django's templates" in self._names(Area.FRAMEWORK):
            yield _page("Django's templates to Jinja2", "docs/django-templates-to-jinja2.md", "the app renders them")
        services = self._names(Area.SERVICE)
        if "ext.db" in services and not self._stays("ext.db"):
            yield Stop("", "Rewrite the models of ext.db for ndb", "Cloud NDB has no db", self._google("ext.db"))
        if self.destination is Destination.APP_ENGINE:
            yield from self._stay(services)
        else:
            yield from self._leave(services)

    def _stay(self, services: set[str]) -> Iterator[Stop]:
        yield from self._without_module()
        if not self.python2:
            return
        yield self._porting()
        if "google.cloud.ndb" in self._names(Area.FRAMEWORK):
            yield self._track("mod2-cloudndb/FINISH", "Cloud NDB, on Python 3")
        else:
            yield self._track("mod1-flask/FINISH", "the bundled services on Python 3")
        if "api.memcache" in services:
            yield self._track("mod12-memcache/START-py3", "it shows Memcache on Python 3")

    def _leave(self, services: set[str]) -> Iterator[Stop]:
        memcache = "api.memcache" in services
        datastore = bool(_DATASTORE & services)
        yield from self._without_module()
        if self.python2:
            yield from self._leave_on_python2(memcache, datastore)
        elif memcache:
            yield self._track("mod13-memorystore/START-py3", "from Memcache to Redis, and to Cloud NDB")
        elif datastore:
            yield self._track("mod2-cloudndb", "from the bundled ndb to Cloud NDB; its code is the same on Python 3")
        if self.destination is Destination.FUNCTIONS:
            yield self._track("mod11-functions", "the app as a function")
        else:
            yield self._track("mod5-buildpacks", "a container without a Dockerfile; or Module 4, with one")

    def _leave_on_python2(self, memcache: bool, datastore: bool) -> Iterator[Stop]:
        if memcache:
            yield self._track("mod12-memcache", "only to read: how the sample uses Memcache")
            yield self._track("mod13-memorystore", "from Memcache to Redis, and from ndb to Cloud NDB")
            yield self._porting()
            yield self._track("mod13-memorystore/FINISH", "the port to Python 3")
            return
        if datastore:
            yield self._track("mod2-cloudndb", "from the bundled ndb to Cloud NDB")
        yield self._porting()
        why = "the port to Python 3" if datastore else "the port to Python 3, without its Datastore"
        yield self._track("mod2-cloudndb/FINISH", why)

    def _porting(self) -> Stop:
        return _page("Port Python 2 code", "docs/porting-python2.md", "what your code has and the sample has not")

    def _without_module(self) -> Iterator[Stop]:
        """Yield what has to be replaced and no module shows, while the app can still be deployed in small steps."""
        for finding in self.findings:
            needed = finding.advice.verdict(self.destination) in (Verdict.CHANGE, Verdict.DECIDE)
            if finding.name.startswith((cloud_ndb.PREFIX, ext_db.PREFIX)):  # a part of a stop that is there already
                continue
            if finding.area is Area.SERVICE and needed and finding.name not in (*_SHOWN, "ext.db"):
                outcome = finding.advice.outcome(self.destination)
                yield Stop("", f"Replace {finding.title}", outcome, self._google(finding.name))

    def _names(self, *areas: Area) -> set[str]:
        return {finding.name for finding in self.findings if finding.area in areas}

    def _stays(self, service: str) -> bool:
        return any(
            finding.name == service and finding.advice.verdict(self.destination) is Verdict.STAYS
            for finding in self.findings
        )

    def _google(self, service: str) -> Link | None:
        found = next((each for each in self.findings if each.area is Area.SERVICE and each.name == service), None)
        return next(iter(found.explained_by), None) if found else None

    def _track(self, name: str, why: str) -> Stop:
        ref = self.course.track(name)
        title = ref.codelab.title if ref.is_main else f"{ref.codelab.title}: {ref.track.title}"
        return Stop(ref.name, title, why, Link(title, f"{ref.codelab.module}/README.md"))


def _page(title: str, target: str, why: str) -> Stop:
    return Stop("", title, why, Link(title, target))

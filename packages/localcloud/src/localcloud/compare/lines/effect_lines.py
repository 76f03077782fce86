"""What an app has done, as lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from localcloud.compare.lines.places import general_name
from localcloud.compare.observation import Aspect, Line
from localcloud.effects import Effects, EntityChange, MailSent, TaskAdded

_INDENT = "  "
_OF_NDB = " by ndb"
# The calls that one way of reading and writing makes and another does not; what they lead to is compared anyway.
_NOT_COUNTED = {"Datastore AllocateIds", "Datastore ReserveIds", "Datastore BeginTransaction", "Datastore Rollback"}
_CALLS = {
    "Datastore RunQuery": "queries of the Datastore",
    "Datastore RunAggregationQuery": "queries of the Datastore",
    "Datastore Lookup": "lookups in the Datastore",
    "Datastore Commit": "writes to the Datastore",
}
_CACHES = ("Memcache", "Redis")
_CACHE_READS = {"GET", "MGET", "GETEX", "HGET", "HMGET", "HGETALL", "EXISTS", "TTL", "LRANGE", "SMEMBERS", "STRLEN"}
# Their own aspects say more.
_OTHER_ASPECTS = {"mail", "taskqueue"}
# They tell the app something about itself and do nothing. Under --python27 the SDK answers some in the app's process.
_PLATFORM = {"app_identity_service", "capability_service", "logservice", "modules", "system", "user"}


def effect_lines(effects: Effects) -> dict[Aspect, tuple[Line, ...]]:
    """Return what an app has done as lines."""
    entities = sorted(effects.entities, key=lambda one: (one.kind, one.deleted))
    return {
        Aspect.ENTITIES: tuple(line for entity in entities for line in _entity(entity)),
        Aspect.TASKS: tuple(line for task in effects.tasks for line in _task(task)),
        Aspect.MAILS: tuple(line for mail in effects.mails for line in _mail(mail)),
        Aspect.CACHE: tuple(_cache(effects)),
        Aspect.CALLS: tuple(
            Line(name, f"{name}: {number}") for name, number in sorted(count_calls(effects.calls).items())
        ),
    }


def count_calls(calls: Counter[str]) -> Counter[str]:
    """Return how often an app has called each service, by what the calls are for.

    Memcache and Redis count alike, and so do all ways to one Datastore. What ndb does for its own cache is left out,
    and so are calls that only ask the platform.
    """
    counts: Counter[str] = Counter()
    for call, number in calls.items():
        service, _, method = call.partition(" ")
        if call in _NOT_COUNTED or call.endswith(_OF_NDB) or service in _OTHER_ASPECTS | _PLATFORM:
            continue
        if service in _CACHES:
            counts["reads of a cache" if method.upper() in _CACHE_READS else "writes to a cache"] += number
        else:
            counts[_CALLS.get(call, call)] += number
    return counts


def name_all_calls(runs: Sequence[dict[Aspect, tuple[Line, ...]]]) -> None:
    """Add "0" to the lines of each run for calls that others have made."""
    names = sorted({line.place for lines in runs for line in lines.get(Aspect.CALLS, ())})
    for lines in runs:
        texts = {line.place: line.text for line in lines.get(Aspect.CALLS, ())}
        lines[Aspect.CALLS] = tuple(Line(name, texts.get(name, f"{name}: 0")) for name in names)


def _entity(entity: EntityChange) -> Iterator[Line]:
    where = "".join(
        f", {name} {value}" for name, value in (("namespace", entity.namespace), ("database", entity.database)) if value
    )
    if entity.deleted:
        yield Line(f"{entity.kind} deleted", f"{entity.kind} deleted{where}")
        yield Line(f"{entity.kind} key", f"{_INDENT}key: {entity.key}")
        return
    yield Line(f"{entity.kind} written", f"{entity.kind} written{where}")
    yield Line(f"{entity.kind} key", f"{_INDENT}key: {entity.key}")
    for name, value in sorted(entity.properties.items()):
        indexed = "" if value.indexed else " (not indexed)"
        for number, text in enumerate(value.text.splitlines() or [""]):
            label = f"{name} = " if not number else " " * (len(name) + 3)
            yield Line(f"{entity.kind}.{name}", f"{_INDENT}{label}{text}{indexed if not number else ''}")


def _task(task: TaskAdded) -> Iterator[Line]:
    place = f"{task.queue} {general_name(task.url)}"
    service = f" on the service {task.service}" if task.service else ""
    name = f", named {task.name}" if task.name else ""
    name += f", tagged {task.tag}" if task.tag else ""
    yield Line(place, f"queue {task.queue}: {task.method} {task.url}{service}{name}".replace(":  ", ": "))
    if task.delay:
        yield Line(f"{place} delay", f"{_INDENT}in {task.delay} seconds")
    for text in task.body.splitlines():
        yield Line(f"{place} payload", _INDENT + text)


def _mail(mail: MailSent) -> Iterator[Line]:
    yield Line("mail", "mail")
    for name, value in mail.headers.items():
        yield Line(f"mail {name}", f"{_INDENT}{name}: {value}")
    for name, text in (("body", mail.body), ("html", mail.html)):
        for line in text.splitlines():
            yield Line(f"mail {name}", _INDENT * 2 + line)
    for attachment in mail.attachments:
        yield Line("mail attachment", f"{_INDENT}attached: {attachment}")


def _cache(effects: Effects) -> Iterator[Line]:
    """Yield each key once: Memcache and Redis are two places for the same values."""
    seen: Counter[str] = Counter()
    for write in sorted(effects.cache_writes, key=lambda one: (one.key, one.deleted)):
        life = "" if write.seconds is None else f", for {write.seconds} seconds"
        text = f"{write.key} deleted" if write.deleted else f"{write.key} written{life}"
        if not seen[text]:
            yield Line(general_name(write.key), text)
        seen[text] += 1

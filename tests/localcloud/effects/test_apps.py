"""What real apps do: one with App Engine's bundled services, one with Cloud NDB and Redis."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from localcloud.cloud import Cloud
from localcloud.effects import CacheWrite, EffectsWatch, EntityChange, MailSent, TaskAdded
from tests.localcloud.test_guestbook import GUESTBOOK, Guestbook
from tests.support.course import ROOT
from tests.support.deadline import DEADLINE

pytestmark = pytest.mark.app


@contextmanager
def watched(folder: Path) -> Iterator[tuple[Guestbook, EffectsWatch]]:
    log: list[str] = []
    with Cloud(log=lambda name, line: log.append(line)) as cloud:
        app = cloud.add(folder)
        watch = EffectsWatch(cloud, app)
        cloud.start()
        with httpx.Client(base_url=app.url, timeout=DEADLINE) as browser:
            yield Guestbook(app.url, log, browser), watch


def texts(change: EntityChange) -> dict[str, str]:
    return {name: value.text for name, value in change.properties.items()}


def test_task_and_its_mail_belong_to_the_request_that_has_added_it() -> None:
    with watched(GUESTBOOK) as (guestbook, watch):
        guestbook.sign_in("ada@example.com")
        guestbook.page()
        watch.begin()
        guestbook.sign("Hello")
        effects = watch.read(DEADLINE)
        guestbook.page()
        visited = watch.read()
    greeting = effects.entities[-1]
    assert texts(greeting) | {"date": ""} == {
        "author": 'string "ada@example.com"',
        "content": 'string "Hello"',
        "picture": "null",
        "told": "boolean true",
        "counted": "integer 1",
        "date": "",
    }
    assert not greeting.properties["content"].indexed
    number = greeting.key.removeprefix("Greeting:")
    told, counted = effects.tasks
    assert told == TaskAdded("tellers", "POST", "/tasks/tell", told.body)
    assert re.fullmatch(r"key=[\w-]+", told.body)
    assert (counted.url, counted.body) == ("/_ah/queue/deferred", f"guestbook.count(Key(Greeting, {number}))")
    headers = {"From": "guestbook@demo.appspotmail.com", "To": "owner@example.com"}
    assert effects.mails == (MailSent(headers | {"Subject": "A greeting of ada@example.com"}, "Hello"),)
    assert (effects.calls["mail Send"], effects.unfinished) == (1, "")
    assert effects.calls["Memcache Set by ndb"] > 0
    assert visited.entities == visited.tasks == visited.mails == visited.cache_writes == ()


def test_app_with_cloud_ndb_and_redis_is_watched() -> None:
    with watched(ROOT / "mod13-memorystore" / "FINISH-py3") as (app, watch):
        app.browser.get("/")
        watch.begin()
        app.browser.get("/", headers={"User-Agent": "Bot"})
        effects = watch.read()
    (visit,) = effects.entities
    assert (visit.kind, texts(visit)["visitor"]) == ("Visit", 'string "127.0.0.1: Bot"')
    assert effects.cache_writes == (CacheWrite("Redis", "visitme:visits", seconds=3600),)
    assert effects.calls == {"Redis GET": 1, "Datastore Commit": 1, "Datastore RunQuery": 1, "Redis SET": 1}

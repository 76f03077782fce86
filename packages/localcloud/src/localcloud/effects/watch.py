"""Watches what the apps of a cloud do, from one request to the next."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from datastore_emulator.errors import UserError
from datastore_emulator.storage import Written
from localcloud.app import App
from localcloud.appengine.rpc import AnsweredCall
from localcloud.appengine.services import AddedTask
from localcloud.cloud import Cloud
from localcloud.effects.cache_writes import read_memcache_call, read_redis_call
from localcloud.effects.effects import CacheWrite, Effects, MailSent, TaskAdded
from localcloud.effects.entities import net_changes
from localcloud.effects.mails import read_mail
from localcloud.effects.tasks import read_task
from localcloud.services import EmbeddedDatastore
from localcloud.services.redis_commands import RedisCall

if TYPE_CHECKING:
    from localcloud.appengine.services.taskqueue import TaskQueues

# A task that is due later does not belong to the request any more.
_DUE_SECONDS = 1.0
_LOOK_SECONDS = 0.003
_REDIS_SECONDS = 5.0


@dataclass
class _Noted:
    """What the services have reported."""

    written: list[Written] = field(default_factory=list)
    tasks: list[TaskAdded] = field(default_factory=list)
    mails: list[MailSent] = field(default_factory=list)
    cache_writes: list[CacheWrite] = field(default_factory=list)


class EffectsWatch:
    """Collects what is done in a cloud, for an app that is alone in it. It lasts as long as the cloud.

    Tasks run one by one. Those that are due later than in a second, or that have failed several times, are held back:
    they begin when the cloud's clock is moved to their time, and not among the requests that happen to come then.
    Raises UserError for a Datastore that localcloud did not start, since it does not tell what is written.
    """

    def __init__(self, cloud: Cloud, app: App) -> None:
        if not isinstance(cloud.datastore, EmbeddedDatastore):
            raise UserError(
                "what an app writes to a Datastore that localcloud did not start cannot be watched; "
                "leave --datastore out to use the embedded one"
            )
        self._cloud = cloud
        self._app = app
        self._lock = threading.Lock()
        self._noted = _Noted()
        self._counted: Counter[str] = Counter()
        cloud.datastore.observe_writes(self._note_writes)
        cloud.api_server.observe(self._note_call, self._note_task)
        cloud.redis_watch.observe(self._note_redis)
        cloud.redis_watch.start()

    def begin(self) -> None:
        """Forget what has been done so far. From then on nothing is missed, unless Redis is stopped meanwhile."""
        self._cloud.redis_watch.catch_up(_REDIS_SECONDS)
        self._take()

    def read(self, patience: float = 10.0) -> Effects:
        """Return what has been done since the last `begin` or `read`, once all that the app has set going has ended.

        That is the requests that are being answered and the tasks that are due. After so many seconds of `patience` it
        waits no longer, and `unfinished` says for what.
        """
        unfinished = self._wait(time.monotonic() + patience)
        unfinished += [f"{failed} has failed" for queues in self._queues() for failed in queues.hold()]
        if not self._cloud.redis_watch.catch_up(_REDIS_SECONDS):
            unfinished.append("the calls to Redis are not all known")
        noted, calls = self._take()
        return Effects(
            net_changes(noted.written),
            tuple(noted.tasks),
            tuple(noted.mails),
            tuple(noted.cache_writes),
            calls,
            "; ".join(unfinished),
        )

    def _wait(self, end: float) -> list[str]:
        while True:
            unfinished = self._list_unfinished()
            if not unfinished or time.monotonic() >= end:
                return unfinished
            time.sleep(_LOOK_SECONDS)

    def _list_unfinished(self) -> list[str]:
        # In this order, since a request may add a task as its last act.
        requests = [f"{one.method} {one.target} is still being answered" for one in self._cloud.requests.running()]
        tasks = [task for queues in self._queues() for task in queues.list_unfinished(_DUE_SECONDS)]
        return [*requests, *(f"{task} has not ended" for task in tasks)]

    def _queues(self) -> Sequence[TaskQueues]:
        return self._cloud.api_server.task_queues()

    def _take(self) -> tuple[_Noted, Counter[str]]:
        """Return what has been noted and counted, and begin anew."""
        with self._lock:
            noted, self._noted = self._noted, _Noted()
            counted = self._cloud.requests.total_calls()
            calls, self._counted = counted - self._counted, counted
        return noted, calls

    def _note_writes(self, written: Sequence[Written]) -> None:
        with self._lock:
            self._noted.written += written

    def _note_call(self, call: AnsweredCall) -> None:
        if call.service == "mail":
            mail = read_mail(call.method, call.request)
            with self._lock:
                self._noted.mails.append(mail)
        elif call.service == "memcache":
            writes = read_memcache_call(call.method, call.request, time.time())
            with self._lock:
                self._noted.cache_writes += writes

    def _note_task(self, added: AddedTask) -> None:
        own = self._cloud.api_server.caller(self._app.ticket).service
        task = read_task(added, own)
        with self._lock:
            self._noted.tasks.append(task)

    def _note_redis(self, call: RedisCall) -> None:
        writes = read_redis_call(call)
        with self._lock:
            self._noted.cache_writes += writes

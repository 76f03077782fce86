"""Runs the tasks of push queues: at their time, at the rate of their queue, and again after a failure."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from google.appengine.api import queueinfo
from google.appengine.api.taskqueue.taskqueue_stub import Retry

_log = logging.getLogger(__name__)

_MICROSECONDS = 1_000_000
_AT_ONCE = 10
# The clock can be moved forward, so waiting tasks are looked at this often.
_LOOK_SECONDS = 0.2
# How long to wait at least for the time of a task.
_SHORTEST_LOOK_SECONDS = 0.01
# How far the clock must be moved for a task that is held although it is due.
_HELD_SECONDS = 1.0


class _Bucket:
    """A token bucket: `capacity` tasks at once, then `rate` in a second."""

    def __init__(self, rate: float, capacity: float, now: float) -> None:
        self.rate, self.capacity = rate, capacity
        self._tokens, self._since = capacity, now

    def take(self, now: float) -> bool:
        """Take a token if there is one."""
        self._tokens = min(self.capacity, self._tokens + (now - self._since) * self.rate)
        self._since = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class TaskRunner:
    """Runs the tasks of one app on threads of its own, from `start` to `stop`.

    `queues()` returns the stub's push queues with their entries in queue.yaml, None for one without. `execute(task,
    queue)` returns the status of the app's answer, 0 if there was none. `log` receives a line for each failure.
    `one_by_one()` returns whether each task shall wait until the one before it has ended.
    """

    def __init__(
        self,
        queues: Callable[[], list[tuple[Any, Any]]],
        execute: Callable[[Any, Any], int],
        clock: Callable[[], float],
        log: Callable[[str], None],
        one_by_one: Callable[[], bool] = lambda: False,
    ) -> None:
        self._queues = queues
        self._one_by_one = one_by_one
        self._execute = execute
        self._clock = clock
        self._log = log
        self._buckets: dict[str, _Bucket] = {}
        self._running: set[tuple[str, str]] = set()
        # How far the clock must have been moved in all until each of these tasks may begin.
        self._held: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopped = False
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="tasks")

    def start(self) -> None:
        """Begin to run tasks."""
        threading.Thread(target=self._loop, name="task-runner", daemon=True).start()

    def wake(self) -> None:
        """Look for tasks now."""
        self._wake.set()

    def list_unfinished(self, queues: Iterable[Any], seconds: float) -> list[str]:
        """Describe the tasks of some queues that run, and those that will begin within so many seconds."""
        end = (self._clock() + seconds) * _MICROSECONDS
        with self._lock:
            return [
                _describe(task, queue)
                for queue, task, key in _list_tasks(queues)
                if key in self._running or (task.eta_usec <= end and not self._is_held(task, key))
            ]

    def hold(self, queues: Iterable[Any]) -> list[str]:
        """Let no task that waits begin until the clock is moved; describe those that have failed and would be retried.

        Otherwise they would run among later requests, at a time that depends on the machine's speed.
        """
        failed = []
        with self._lock:
            before, self._held = self._held, {}
            for queue, task, key in _list_tasks(queues):
                if key in self._running:
                    continue
                left = task.eta_usec / _MICROSECONDS - self._clock()
                self._held[key] = before.get(key, self._moved() + max(left, _HELD_SECONDS))
                if task.retry_count and key not in before:
                    failed.append(_describe(task, queue))
        return failed

    def _is_held(self, task: Any, key: tuple[str, str]) -> bool:
        # One that shall run now has no time.
        return bool(task.eta_usec) and key in self._held and self._held[key] > self._moved()

    def _moved(self) -> float:
        """Return how far the clock has been moved forward in all, in seconds."""
        return self._clock() - time.time()

    def stop(self) -> None:
        """Begin no further task."""
        self._stopped = True
        self._wake.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _loop(self) -> None:
        while not self._stopped:
            self._wake.clear()
            try:
                self._wake.wait(self._begin_due())
            except RuntimeError:  # the pool has been shut down meanwhile
                return

    def _begin_due(self) -> float | None:
        """Begin the tasks whose time has come; return after how many seconds to look again, None if no others wait."""
        now = self._clock()
        looks: list[float] = []
        for queue, entry in sorted(self._queues(), key=lambda pair: pair[0].Oldest() or 0):
            for _, task, key in _list_tasks([queue]):
                with self._lock:
                    if self._running and self._one_by_one():
                        return _LOOK_SECONDS
                    if key in self._running:
                        continue
                    if self._is_held(task, key):
                        looks.append(_LOOK_SECONDS)
                        continue
                    left = task.eta_usec / _MICROSECONDS - now
                    if left > 0:
                        looks.append(min(max(left, _SHORTEST_LOOK_SECONDS), _LOOK_SECONDS))
                        break
                    if not self._may_begin(queue, entry, now):
                        looks.append(_LOOK_SECONDS)
                        break
                    self._held.pop(key, None)
                    self._running.add(key)
                self._pool.submit(self._run, task, queue)
        return min(looks, default=None)

    def _may_begin(self, queue: Any, entry: Any, now: float) -> bool:
        limit = int(entry.max_concurrent_requests) if entry and entry.max_concurrent_requests else _AT_ONCE
        running = Counter(name for name, _ in self._running)
        if running[queue.queue_name] >= limit or running.total() >= _AT_ONCE:
            return False
        rate = queueinfo.ParseRate(entry.rate if entry and entry.rate else queue.user_specified_rate)
        capacity = float(entry.bucket_size if entry and entry.bucket_size else queue.bucket_capacity)
        bucket = self._buckets.get(queue.queue_name)
        if bucket is None or (bucket.rate, bucket.capacity) != (rate, capacity):
            bucket = self._buckets[queue.queue_name] = _Bucket(rate, capacity, now)
        return bucket.take(now)

    def _run(self, task: Any, queue: Any) -> None:
        now = self._clock()
        if task.retry_count == 0:
            task.first_try_usec = int(now * _MICROSECONDS)
        try:
            status = self._execute(task, queue)
            self._conclude(task, queue, status)
        # Any error of Google's stub: the pool would hide it, and the task would begin again at once.
        except Exception:
            _log.exception("the task %s of the queue %s could not be run", _name(task), queue.queue_name)
            queue.Delete(_name(task))
        finally:
            with self._lock:
                self._running.discard((queue.queue_name, _name(task)))
            self._wake.set()

    def _conclude(self, task: Any, queue: Any, status: int) -> None:
        """Delete a task that has succeeded or may not be tried again; postpone another one."""
        if not any(kept is task for kept in queue.Lookup(1, name=_name(task))):
            return  # it was deleted while it ran
        if status:
            task.runlog.response_code = status
            task.execution_count += 1
        if 200 <= status < 300 or self._stopped:
            queue.Delete(_name(task))
            return
        now = int(self._clock() * _MICROSECONDS)
        retry = Retry(task, queue)
        what = f"the task {_name(task)} of the queue {queue.queue_name} ({task.url.decode()}) has failed"
        because = f"with status {status}" if status else "without an answer"
        if retry.CanRetry(task.retry_count + 1, now - task.first_try_usec):
            backoff = retry.CalculateBackoffUsec(task.retry_count + 1)
            self._log(f"{what} {because}; the next try is in {backoff / _MICROSECONDS:g} seconds")
            queue.PostponeTask(task, max(now + backoff, task.eta_usec + 1))
        else:
            self._log(f"{what} {because}; that was the last try")
            queue.Delete(_name(task))


def _list_tasks(queues: Iterable[Any]) -> Iterator[tuple[Any, Any, tuple[str, str]]]:
    """Yield the waiting and the running tasks, each with its queue and what names it in all queues."""
    for queue in queues:
        for task in queue.Lookup(1000, eta=0):
            yield queue, task, (queue.queue_name, _name(task))


def _describe(task: Any, queue: Any) -> str:
    tried = {0: "", 1: ", tried once"}.get(task.retry_count, f", tried {task.retry_count} times")
    return f"the task {_name(task)} of the queue {queue.queue_name} ({task.url.decode('utf-8', 'replace')}{tried})"


def _name(task: Any) -> str:
    return str(task.task_name.decode())

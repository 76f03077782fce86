"""Runs the tasks of push queues: at their time, at the rate of their queue, and again after a failure."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from google.appengine.api import queueinfo
from google.appengine.api.taskqueue.taskqueue_stub import Retry

_log = logging.getLogger(__name__)

_MICROSECONDS = 1_000_000
_AT_ONCE = 10
# The clock can be moved forward, so waiting tasks are looked at this often.
_LOOK_SECONDS = 0.2


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
    """

    def __init__(
        self,
        queues: Callable[[], list[tuple[Any, Any]]],
        execute: Callable[[Any, Any], int],
        clock: Callable[[], float],
        log: Callable[[str], None],
    ) -> None:
        self._queues = queues
        self._execute = execute
        self._clock = clock
        self._log = log
        self._buckets: dict[str, _Bucket] = {}
        self._running: set[tuple[str, str]] = set()
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

    def stop(self) -> None:
        """Begin no further task."""
        self._stopped = True
        self._wake.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _loop(self) -> None:
        while not self._stopped:
            self._wake.clear()
            try:
                waiting = self._begin_due()
                self._wake.wait(_LOOK_SECONDS if waiting else None)
            except RuntimeError:  # the pool has been shut down meanwhile
                return

    def _begin_due(self) -> bool:
        """Begin the tasks whose time has come; return whether others wait."""
        now = self._clock()
        waiting = False
        for queue, entry in self._queues():
            for task in queue.Lookup(1000, eta=0):
                key = queue.queue_name, _name(task)
                with self._lock:
                    if key in self._running:
                        continue
                    if task.eta_usec > now * _MICROSECONDS or not self._may_begin(queue, entry, now):
                        waiting = True
                        break
                    self._running.add(key)
                self._pool.submit(self._run, task, queue)
        return waiting

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


def _name(task: Any) -> str:
    return str(task.task_name.decode())

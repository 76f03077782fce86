"""The `taskqueue` service: push and pull queues of an app, in memory. All services of the app share them."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from google.appengine.api import queueinfo, yaml_errors
from google.appengine.api.taskqueue import taskqueue_service_bytes_pb2 as pb
from google.appengine.api.taskqueue.taskqueue_stub import (
    QUEUE_MODE,
    TaskQueueServiceStub,
    _TaskExecutor,
)
from google.appengine.runtime.apiproxy_errors import ApplicationError

from localcloud.appengine.callers import Caller
from localcloud.appengine.services.app_requests import NotReachedError, send_to_app
from localcloud.appengine.services.request_info import CallerInfo
from localcloud.appengine.services.stub_service import AddedTask, Messages, Surroundings
from localcloud.appengine.services.task_runner import TaskRunner
from localcloud.appengine.services.task_targets import TaskTargets

# Those of google.appengine.api.taskqueue.
MESSAGES: Messages = {
    "Add": (pb.TaskQueueAddRequest, pb.TaskQueueAddResponse),
    "BulkAdd": (pb.TaskQueueBulkAddRequest, pb.TaskQueueBulkAddResponse),
    "Delete": (pb.TaskQueueDeleteRequest, pb.TaskQueueDeleteResponse),
    "PurgeQueue": (pb.TaskQueuePurgeQueueRequest, pb.TaskQueuePurgeQueueResponse),
    "FetchQueueStats": (pb.TaskQueueFetchQueueStatsRequest, pb.TaskQueueFetchQueueStatsResponse),
    "QueryAndOwnTasks": (pb.TaskQueueQueryAndOwnTasksRequest, pb.TaskQueueQueryAndOwnTasksResponse),
    "ModifyTaskLease": (pb.TaskQueueModifyTaskLeaseRequest, pb.TaskQueueModifyTaskLeaseResponse),
}

SHARED = True

# docs/platform-facts.md, "Requests of push tasks".
_SOURCE = "0.1.0.2"
_USER_AGENT = "AppEngine-Google; (+http://code.google.com/appengine)"

_QUEUE_YAML = ("queue.yaml", "queue.yml")
# MalformedQueueConfiguration: the file is empty, as it is for a moment while an editor saves it.
_QUEUE_ERRORS = (queueinfo.validation.ValidationError, queueinfo.MalformedQueueConfiguration, yaml_errors.Error)


def make_stub(caller: Caller, surroundings: Surroundings) -> TaskQueueServiceStub:
    """Make the stub of an app, and begin to run its push tasks."""
    return TaskQueues(caller, surroundings)


class TaskQueues(TaskQueueServiceStub):  # type: ignore[misc]  # the SDK ships no types
    """Google's stub, with a runner that knows rates, and with transactions of our Datastore."""

    def __init__(self, caller: Caller, surroundings: Surroundings) -> None:
        self._caller = caller
        self._tickets = surroundings.tickets
        self._datastore = surroundings.datastore
        self._targets = TaskTargets(surroundings.tickets)
        self._broken_yaml = ""
        host = urlsplit(caller.url).netloc
        super().__init__(
            default_http_server=host,
            request_data=_AppInfo(caller, self._targets),
            gettime=surroundings.clock,
        )
        group = self._queues[None]
        group._TransactionalBulkAdd = self._add_at_commit
        self._add = group._NonTransactionalBulkAdd
        group._NonTransactionalBulkAdd = self._add_and_report
        self._report = surroundings.report_task
        executor = _TaskExecutor(host, self.request_data)
        self._runner = TaskRunner(
            self._push_queues, executor.ExecuteTask, surroundings.clock, caller.log, surroundings.runs_tasks_one_by_one
        )
        self._runner.start()

    def stop(self) -> None:
        """Run no further task."""
        self._runner.stop()

    def list_queues(self) -> list[tuple[str, Any]]:
        """Return the queues of queue.yaml and the default one, by name."""
        with self._mutex:
            group = self._queues[None]
            # To read the file again would drop queues with their tasks while it is broken.
            if not group._queues:
                group._ReloadQueuesFromYaml()
            return sorted(group._queues.items())

    def run_now(self, queue_name: str, task_name: str) -> bool:
        """Let a task begin as soon as the rate of its queue allows; return whether it is there."""
        queue: Any = dict(self.list_queues())[queue_name]
        # The stub finds the task of that name or the next one.
        for task in queue.Lookup(1, name=task_name):
            if task.task_name.decode() == task_name:
                with suppress(AssertionError):  # it was deleted meanwhile
                    queue.RunTaskNow(task)
                    self._runner.wake()
                    return True
        return False

    def list_unfinished(self, seconds: float) -> list[str]:
        """Describe the push tasks that run, and those that will begin within so many seconds."""
        return self._runner.list_unfinished(self._list_push_queues(), seconds)

    def hold(self) -> list[str]:
        """Keep the push tasks that wait now from running, until the clock is moved; describe those that have failed."""
        return self._runner.hold(self._list_push_queues())

    def empty(self) -> None:
        """Delete all tasks of all queues, and forget the names that they had."""
        for _, queue in self.list_queues():
            queue.PurgeQueue()
            queue.task_name_archive.clear()

    def _UpdateNextEventTime(self, callback_time: float) -> None:  # noqa: N802  # the stub's name for it
        self._runner.wake()

    def _Dynamic_BulkAdd(self, request: Any, response: Any, request_id: Caller) -> None:  # noqa: N802
        for task in request.add_request:
            for header in task.header:
                if header.key.lower() == b"host":
                    # As the stub itself writes the service, for what has no Host.
                    service = self._targets.by_host(header.value.decode("latin-1"), request_id)
                    header.value = f"{service}.{self._default_http_server}".encode()
        super()._Dynamic_BulkAdd(request, response, request_id)

    def _ParseQueueYaml(self) -> Any:  # noqa: N802
        self._root_path = self._find_folder()
        try:
            return super()._ParseQueueYaml()
        except _QUEUE_ERRORS as error:
            line = f"queue.yaml cannot be read: {' '.join(str(error).split())}; its queues are missing until you fix it"
            if line != self._broken_yaml:
                self._broken_yaml = line
                self._caller.log(line)
            return None

    def _find_folder(self) -> str | None:
        """Return the folder with the app's queue.yaml: that of a service, or the one around all of them."""
        folders = [peer.directory for peer in self._tickets.peers(self._caller) if peer.directory]
        if folders:
            folders.append(Path(os.path.commonpath(folders)))
        return next((str(one) for one in folders if any((one / name).is_file() for name in _QUEUE_YAML)), None)

    def _push_queues(self) -> list[tuple[Any, Any]]:
        with self._mutex:
            info = self._ParseQueueYaml()
            entries = {entry.name: entry for entry in (info.queue if info and info.queue else [])}
            return [(queue, entries.get(queue.queue_name)) for queue in self._list_push_queues()]

    def _list_push_queues(self) -> list[Any]:
        with self._mutex:
            queues = list(self._queues[None]._queues.values())
        return [queue for queue in queues if queue.queue_mode != QUEUE_MODE.PULL and not queue.paused]

    def _add_and_report(self, request: Any, response: Any, now: datetime, asked: float | None = None) -> None:
        """Add tasks to their queue; `asked` is when the app asked for them, None for now."""
        self._add(request, response, now)
        # By the clock that the app has, which cannot be moved.
        asked = time.time() if asked is None else asked
        for task, result in zip(request.add_request, response.taskresult, strict=True):
            if result.result == pb.TaskQueueServiceError.OK:
                delay = max(0.0, task.eta_usec / 1_000_000 - asked)
                self._report(AddedTask(task, self._find_target(task), delay))

    def _find_target(self, task: Any) -> str:
        target = self._queues[None].GetQueue(task.queue_name.decode()).target
        hosts = [header.value.decode("latin-1") for header in task.header if header.key.lower() == b"host"]
        return str(target or hosts[0].removesuffix(f".{self._default_http_server}"))

    def _add_at_commit(self, request: Any) -> None:
        """Add the tasks once their transaction has been committed."""
        asked = time.time()
        copies = [pb.TaskQueueBulkAddRequest(add_request=[task]) for task in request.add_request]

        def add(copy: Any) -> None:
            response = pb.TaskQueueBulkAddResponse()
            response.taskresult.add()
            with self._mutex:
                now = datetime.fromtimestamp(self.gettime(), timezone.utc)
                self._add_and_report(copy, response, now, asked)

        try:
            actions = [partial(add, copy) for copy in copies]
            self._datastore.on_commit(request.add_request[0].transaction.handle, actions)
        except ApplicationError as error:
            code = error.application_error + pb.TaskQueueServiceError.DATASTORE_ERROR
            raise ApplicationError(code, error.error_detail) from error


class _AppInfo(CallerInfo):
    """Facts about the app, for the stub, and the way to its services."""

    def __init__(self, caller: Caller, targets: TaskTargets) -> None:
        self._caller = caller
        self._targets = targets

    def get_dispatcher(self) -> _AppInfo:
        return self

    def add_request(
        self, method: str, relative_url: str, headers: Any, body: Any, source_ip: str, **target: Any
    ) -> Any:
        """Send a task to the app."""
        found = self._targets.find(target.get("module_name"), urlsplit(relative_url).path, self._caller)
        sent = [*headers, ("User-Agent", _USER_AGENT)]
        data = body.encode() if isinstance(body, str) else body
        try:
            status, reason = send_to_app(found, method, relative_url, sent, data, _SOURCE)
        except NotReachedError as error:
            status, reason = 0, str(error)  # an exception would be a traceback in the log
        return SimpleNamespace(status=f"{status} {reason}")

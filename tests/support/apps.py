"""Folders of the course running on a local cloud, with the components that a lane puts into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from codelab.compare.app_under_test import AppUnderTest
from codelab.compare.local_backend import FAR_FROM_UTC, LocalBackend, fresh_app
from localcloud import Cloud
from tests.support.course import FOLDERS, FUNCTION
from tests.support.lanes.setups import Setup


@contextmanager
def run_folders(folders: Mapping[str, Path], setup: Setup | None = None) -> Iterator[dict[str, LocalBackend]]:
    """Run these folders on one local cloud and yield their backends by name. The apps' log is printed at the end."""
    log: list[str] = []
    with run_cloud(setup or Setup(), lambda name, line: log.append(f"{name} | {line}")) as cloud:
        try:
            apps = {
                name: cloud.add(folder, name=name, function=FUNCTION, environment=FAR_FROM_UTC)
                for name, folder in folders.items()
            }
            cloud.start()
            yield {name: LocalBackend(cloud, app) for name, app in apps.items()}
        finally:
            print("\n".join(log))


def run_cloud(setup: Setup, log: Callable[[str, str], None]) -> Cloud:
    """Make a local cloud with a lane's components."""
    return Cloud(
        datastore=setup.datastore.address if setup.datastore else None,
        datastore_relay=setup.datastore,
        memorystore=setup.memorystore,
        runtimes=setup.runtimes,
        log=log,
    )


def fresh(backend: LocalBackend) -> AbstractContextManager[AppUnderTest]:
    """Empty store and caches, and yield the app with the cache that course.yaml declares for its folder."""
    folder = FOLDERS.get(backend.app.name)
    return fresh_app(backend, folder.cache if folder else None)

"""Folders of the course running on a local cloud, with the components that a lane puts into it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from codelab.compare.app_under_test import AppUnderTest
from codelab.compare.local_backend import FAR_FROM_UTC, LocalBackend, fresh_app
from codelab.readme.trees import read_tree
from localcloud import Cloud
from tests.support.course import FOLDERS, FUNCTION, Folder
from tests.support.lanes.setups import Setup


class SharedApps:
    """Apps on one local cloud, each started when it is first needed: folders with the same files have one app."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._backends: dict[frozenset[tuple[str, str | bytes]], LocalBackend] = {}

    def run(self, folders: Iterable[Folder]) -> dict[str, LocalBackend]:
        """Return the backends of these folders by name."""
        return {folder.name: self._backend(folder) for folder in folders}

    def _backend(self, folder: Folder) -> LocalBackend:
        files = frozenset(read_tree(folder.path).items())
        if files not in self._backends:
            app = self._cloud.add(folder.path, name=folder.name, function=FUNCTION, environment=FAR_FROM_UTC)
            app.start()
            self._backends[files] = LocalBackend(self._cloud, app)
        return self._backends[files]


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

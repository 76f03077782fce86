"""Restarts an app after each save of its files."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

from datastore_emulator.errors import UserError
from localcloud.app import App
from localcloud.cloud import Cloud
from localcloud.files.paths import format_name
from localcloud.files.reading import NotReadError, read_file
from localcloud.files.saves import poll_saves
from localcloud.launch.services import describe_service, is_dispatch

# No part of an app: what tools, editors and a running app leave in its folder.
_FOLDERS = {
    ".git", ".hg", ".hypothesis", ".idea", ".localcloud", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".svn", ".tox",
    ".venv", ".vscode", "__pycache__", "node_modules", "venv",
}  # fmt: skip
_FILES = re.compile(
    r"\.DS_Store|index\.yaml|\.#.*|#.*#|.*~|4913|.*\.(py[cod]|sw[a-p]|tmp|log|(db|sqlite3?)(-\w+)?|___jb_\w+___)"
)


class Reloader:
    """Restarts the apps of a cloud when their files are saved; `begin` starts the watch, and `run` does the work.

    A saved dispatch.yaml restarts nothing; its rules hold from then on.

    `data` is the Datastore's file, which may be in the folder of an app and is no part of it.
    """

    def __init__(self, cloud: Cloud, data: str = ":memory:") -> None:
        self._cloud = cloud
        # With the files that SQLite keeps beside it, and the Datastore's lock.
        self._data = re.compile(rf"{re.escape(os.path.abspath(data))}(-\w+)?")
        # Services of one App Engine app may share a folder.
        self._folders: dict[Path, list[App]] = {}
        for app in cloud.apps:
            self._folders.setdefault(Path(os.path.abspath(app.folder)), []).append(app)
        self._saves = poll_saves(*self._folders)
        # Of each file that was saved, what it had then: an app may write to its own folder.
        self._contents: dict[Path, bytes] = {}
        # The apps that a save has restarted: the user who edits one of them knows why it ends.
        self._reloaded: set[App] = set()
        self._ended: set[App] = set()
        self._noted: set[str] = set()
        self._routed = self._read_routes()

    def begin(self) -> None:
        """Watch from here on."""
        next(self._saves, None)

    def run(self) -> None:
        """Restart each app after a save, until a stop signal comes.

        Raises UserError if an app ends that no save has restarted. The end of another is reported, and the next save
        starts it again.
        """
        for saved in self._saves:
            for folder, apps in self._folders.items():
                changed = [path for path in sorted(saved) if self._is_of(path, folder)]
                names = self._find_changes(changed, apps)
                for app in apps:
                    if names:
                        self._reload(app, folder, names)
                    self._check(app)
                self._note_services(changed)
            self._route()

    def _is_of(self, path: Path, folder: Path) -> bool:
        """Return whether a path that was saved is one of the app's files."""
        if path == folder:
            return True
        try:
            below = path.relative_to(folder)
        except ValueError:
            return False
        if self._data.fullmatch(str(path)) or path == self._dispatch_file():
            return False
        return not _FOLDERS.intersection(below.parts) and not _FILES.fullmatch(below.name)

    def _find_changes(self, paths: Iterable[Path], apps: Iterable[App]) -> list[Path]:
        """Return those of the paths that have changed; all of them if one of the apps does not run."""
        changed = []
        for path in paths:
            content = _read_digest(path)
            if self._contents.get(path) != content or self._ended.intersection(apps) or path in self._folders:
                changed.append(path)
            self._contents[path] = content
        return changed

    def _reload(self, app: App, folder: Path, paths: list[Path]) -> None:
        # Editors and tools also write files that are gone at once.
        there = [path for path in paths if path.exists()] or paths
        names = [format_name(str(path.relative_to(folder))) for path in there]
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        app.log(f"{names[0]}{more} saved, restarting ...")
        self._reloaded.add(app)
        self._ended.discard(app)
        try:
            self._cloud.reload(app)
        except UserError as error:
            self._report_end(app, str(error))
        else:
            app.log("restarted")

    def _dispatch_file(self) -> Path | None:
        file = self._cloud.dispatch_file
        return Path(os.path.abspath(file)) if file else None

    def _read_routes(self) -> tuple[bytes, list[str | None]] | None:
        """Return what decides about the routes: dispatch.yaml and the services; None if no dispatch.yaml was named."""
        file = self._cloud.dispatch_file
        return (_read_digest(file), [app.plan.service for app in self._cloud.apps]) if file else None

    def _route(self) -> None:
        """Route visitors by dispatch.yaml as it is now."""
        file, routes = self._cloud.dispatch_file, self._read_routes()
        if file is None or routes == self._routed:
            return
        self._routed = routes
        try:
            self._cloud.dispatch(file)
        except UserError as error:
            self._cloud.report(f"{error}. Until then, visitors are routed as before.")
        else:
            there = "has changed: its new rules apply" if file.exists() else "is gone: its rules no longer apply"
            self._cloud.report(f"{file.name} {there}")

    def _note_services(self, paths: Iterable[Path]) -> None:
        """Say once what App Engine would deploy, and only a new start of this command runs."""
        running = {app.plan.service for app in self._cloud.apps} - {None}
        for path in paths if running else []:  # without one, no app is on App Engine
            if is_dispatch(path) and path.exists():
                self._note(f"{path.name}: to route visitors by it, start this command again")
            elif (found := describe_service(path)) and found[0] not in running:
                self._note(f"{found[1]}, and start this command again")

    def _note(self, line: str) -> None:
        if line not in self._noted:
            self._noted.add(line)
            self._cloud.report(line)

    def _check(self, app: App) -> None:
        if app.returncode is None or app in self._ended:
            return
        if app not in self._reloaded:
            raise UserError(f"{app.name}: the app {app.describe_end()}")
        self._report_end(app, f"the app {app.describe_end()}")

    def _report_end(self, app: App, reason: str) -> None:
        self._ended.add(app)
        app.log(f"not running: {reason}. The next save starts it again.")


def _read_digest(path: Path) -> bytes:
    """Return what tells the content of a file from another; b"" for none, and for one that is too large to read."""
    try:
        return hashlib.sha256(read_file(path)).digest()
    except (OSError, NotReadError):
        return b""

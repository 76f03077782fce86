"""The launch plan: what a deployment file asks for, in terms that each runtime understands."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


class Platform(enum.Enum):
    """The platform that a folder is deployed to. It decides the front end and the environment variables."""

    APP_ENGINE = "App Engine"
    APP_ENGINE_PYTHON27 = "App Engine (python27)"
    CLOUD_RUN = "Cloud Run"
    FUNCTIONS = "Cloud Run functions"


@dataclass(frozen=True)
class Handler:
    r"""One entry of app.yaml's `handlers`, in file order; the first whose `url` matches the whole path serves it.

    Exactly one of `script` (python27: "main.app"; python3: "auto"), `static_dir` and `static_files` is set. A refused
    handler for code that is not here has none of them.
    `static_files` may hold \1-style references to groups of `url`; both are relative to the app's directory. Of the
    files that `static_files` can name, those whose whole path matches `upload` exist.
    `refused` is the one-line reason that the front end answers 501 with, for a handler that localcloud cannot serve.
    `login` is "required" or "admin" for pages behind a login; others are sent to sign in, or get 401 if
    `login_redirects` is False.
    """

    url: str
    script: str | None = None
    static_dir: str | None = None
    static_files: str | None = None
    upload: str | None = None
    mime_type: str | None = None
    http_headers: Mapping[str, str] = field(default_factory=dict)
    refused: str | None = None
    login: str | None = None
    login_redirects: bool = True


@dataclass(frozen=True)
class LocalPackages:
    """Packages in the app's own folder: `places` below `root`, all of them absolute or all relative.

    Paths in requirements files and in the plan's `packages` count from `directory`, as they do for pip.
    """

    root: Path
    directory: Path
    places: tuple[Path, ...]


@dataclass(frozen=True)
class LaunchPlan:
    """Everything that a runtime needs to start what the cloud would start.

    `source` is the file that the plan was read from. `python` is the version asked for ("3.14", "2.7"), None for any.
    `command` is an argv; shell forms arrive as ("/bin/sh", "-c", text) and still hold "$PORT". It is empty on
    python27, where `handlers` name the WSGI objects, and for static files alone. `directory` is the working directory
    that the command starts in.
    `environment` is what the deployment file declares, `requirements` the requirements files to install, and `packages`
    requirement specifiers the platform itself adds (App Engine's and Buildpacks' default gunicorn). `local_packages`
    are those that both may name by path. `libraries` are python27's, with their versions, if the legacy SDK runs the
    app. `service` is App Engine's name of the service, None elsewhere. `warmup` asks for a request before those
    of visitors. `notes` are lines for the app's log.
    """

    source: Path
    platform: Platform
    directory: Path
    command: tuple[str, ...] = ()
    python: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    requirements: tuple[Path, ...] = ()
    packages: tuple[str, ...] = ()
    local_packages: LocalPackages | None = None
    libraries: Mapping[str, str] = field(default_factory=dict)
    handlers: tuple[Handler, ...] = ()
    bundled_services: bool = False
    service: str | None = None
    warmup: bool = False
    function: str | None = None
    notes: tuple[str, ...] = ()

"""Find the services of an App Engine app: a YAML file each, in the app's folder or in one inside it.

`gcloud app deploy` takes app.yaml from a folder, and the file of any other service by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from datastore_emulator.errors import UserError
from localcloud.deployment.errors import TextError
from localcloud.launch.errors import FileError, read_text

DEFAULT = "default"
_APP_YAML = ("app.yaml", "app.yml")
_DISPATCH = ("dispatch.yaml", "dispatch.yml")
_YAML = (".yaml", ".yml")
_CLOUD_RUN = ("Dockerfile", "Procfile")
_HAS_RUNTIME = re.compile(r"^[\"']?runtime[\"']?\s*:", re.MULTILINE)


@dataclass(frozen=True)
class Services:
    """The meaning of a name on the command line: folders and files to run, a dispatch.yaml, and notes for the log."""

    places: tuple[Path, ...]
    dispatch: Path | None = None
    notes: tuple[str, ...] = ()


def find_services(place: Path, *, app_engine: bool = True) -> Services:
    """Return the services that a folder, or a file of one, stands for.

    A folder with a dispatch.yaml stands for the default service and those that its rules name, in the folder or in one
    inside it. Without `app_engine`, a folder is one app. Raises UserError for a dispatch.yaml that cannot be read.
    """
    if place.name in _DISPATCH and place.is_file():
        return Services((), place)
    if not app_engine or not place.is_dir():
        return Services((place,))
    dispatch = _first_file(place, _DISPATCH)
    if dispatch:
        from localcloud.launch.dispatch import read_dispatch

        named = dict.fromkeys([DEFAULT, *(rule.service for rule in read_dispatch(dispatch))])
        found = _all_services(place)
        return Services(tuple(found[name] for name in named if name in found), dispatch)
    # Without one of these files, the services are the folder's only apps, and read_plan chooses.
    notes = _other_services(place) if _first_file(place, (*_APP_YAML, *_CLOUD_RUN)) else {}
    return Services((place,), notes=tuple(_note(name, file) for name, file in notes.items()))


def find_app_yaml(directory: Path, *, alone: bool = True) -> Path | None:
    """Return the file that makes a folder an App Engine service, None if none does.

    This is app.yaml, else app.yml. With `alone` it may also be the one file of another service, such as worker.yaml, in
    a folder that has no file of Cloud Run. Raises UserError if there are several of those.
    """
    file = _first_file(directory, _APP_YAML)
    if file or not alone or _first_file(directory, _CLOUD_RUN):
        return file
    services = list(_other_services(directory).values())
    if len(services) > 1:
        names = ", ".join(file.name for file in services)
        paths = " ".join(map(str, services))
        raise FileError(directory, None, f"there are several services in it ({names}); name them: {paths}")
    return services[0] if services else None


def describe_service(file: Path) -> tuple[str, str] | None:
    """Return the service of a YAML file, and a note that it does not run; None if it is not the file of a service."""
    service = _read_service(file) if file.suffix in _YAML else None
    return (service, _note(service, file)) if service else None


def is_dispatch(file: Path) -> bool:
    """Return whether App Engine would take a file for the rules of its services."""
    return file.name in _DISPATCH


def has_service(directory: Path) -> bool:
    """Return whether a folder has the file of an App Engine service."""
    return _first_file(directory, _APP_YAML) is not None or bool(_other_services(directory))


def _first_file(directory: Path, names: tuple[str, ...]) -> Path | None:
    return next((directory / name for name in names if (directory / name).is_file()), None)


def _note(service: str, file: Path) -> str:
    return f'{file.name} is the App Engine service "{service}", which does not run; to run it, too, name {file}'


def _other_services(directory: Path) -> dict[str, Path]:
    """Return the files of services in a folder, by service, without app.yaml and what has its service."""
    app_yaml = _first_file(directory, _APP_YAML)
    own = _read_service(app_yaml) if app_yaml else None
    files = (file for file in _yaml_files(directory) if file.name not in _APP_YAML)
    return {service: file for service, file in _by_service(files).items() if service != own}


def _all_services(directory: Path) -> dict[str, Path]:
    """Return the files of services in a folder and in those inside it, by service: app.yaml before other files."""
    inside = sorted(place for place in directory.iterdir() if place.is_dir() and not place.name.startswith("."))
    return _by_service(file for place in (directory, *inside) for file in _yaml_files(place))


def _by_service(files: Iterator[Path]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for file in files:
        if service := _read_service(file):
            found.setdefault(service, file)
    return found


def _yaml_files(directory: Path) -> list[Path]:
    with suppress(OSError):  # a folder that cannot be read holds nothing for us
        files = [file for file in directory.iterdir() if file.suffix in _YAML and file.is_file()]
        return sorted(files, key=lambda file: (file.name not in _APP_YAML, file.name))
    return []


def _read_service(file: Path) -> str | None:
    """Return the service that a file describes, None if it is not the file of a Python service."""
    with suppress(UserError, TextError):
        text = read_text(file)
        if _HAS_RUNTIME.search(text):
            # Imported here because it takes a tenth of a second, and most folders have no such file.
            from localcloud.deployment.yaml_lines import YamlLines

            keys = YamlLines(text).keys
            if str(keys.get("runtime")).startswith("python"):
                return str(keys.get("service") or keys.get("module") or DEFAULT)
    return None

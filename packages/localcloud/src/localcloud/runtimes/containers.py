"""A folder's Dockerfile, built and run for real by buildah, podman or Docker.

buildah and podman keep what they make in a store of their own below the cache directory, in which a stand-in may take
the name of Python's official image. Docker has one store for everything, so there the official image must be had.
"""

from __future__ import annotations

import functools
import hashlib
import io
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
from dockerfile_parse import DockerfileParser
from filelock import FileLock

from datastore_emulator.errors import UserError
from datastore_emulator.scratch import Scratch
from localcloud.launch.plan import LaunchPlan
from localcloud.processes.process import MARK
from localcloud.runtimes.cache import cache_directory
from localcloud.runtimes.python3 import SITE
from localcloud.runtimes.python3.environments import pip_settings
from localcloud.runtimes.runtime import Command, Instance, Report, ServiceAddresses
from localcloud.runtimes.stand_in import lay_out
from localcloud.runtimes.variables import app_variables

# What `localcloud doctor` calls them: one that is there and cannot build or run is none.
TOOL = "buildah, podman or docker"
_STAND_IN = "localcloud.stand-in"  # the label that says so
# The label that tells a stand-in of an older version of localcloud, which is made anew: raise it with each change.
_STAND_IN_VERSION = "localcloud.stand-in-version"
_CURRENT_STAND_IN = "2"
_PYTHON_IMAGE = re.compile(r"docker\.io/library/python:(\d+\.\d+)\S*")
# Enough of this machine to run one program in an image that holds nothing.
_HOSTS_PROGRAMS = [
    f"--volume={place}:{place}:ro" for place in ("/bin", "/lib", "/lib64", "/usr") if os.path.isdir(place)
]
_PROBE = 'FROM scratch\nRUN ["/usr/bin/env"]\nENTRYPOINT ["/usr/bin/env"]\n'
_SECONDS = 30
_numbers = itertools.count()


@dataclass(frozen=True)
class Tool:
    """A program that builds and runs containers here; `options` say where it keeps them."""

    name: str
    path: str
    options: tuple[str, ...]
    version: str = ""

    @property
    def argv(self) -> tuple[str, ...]:
        """The words that a verb follows."""
        # A mount namespace for each call: whatever ends the process ends its mounts. Without root the tool makes one.
        alone = ("unshare", "--mount") if self.name != "docker" and os.geteuid() == 0 else ()
        return (*alone, self.path, *self.options)

    def call(self, *arguments: str, seconds: float | None = None) -> subprocess.CompletedProcess[str]:
        """Run a verb to its end and return what it said, errors included."""
        return subprocess.run(
            [*self.argv, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            env={**os.environ, "BUILDKIT_PROGRESS": "plain"},
            check=False,
            timeout=seconds,
        )

    def inspect(self, image: str) -> Mapping[str, object] | None:
        """Return the image's configuration (Entrypoint, Cmd, Labels), None if there is no such image."""
        verb = ("inspect", "--type", "image") if self.name == "buildah" else ("image", "inspect")
        done = self.call(*verb, image)
        if done.returncode:
            return None
        found = json.loads(done.stdout)
        return dict(found["OCIv1"]["config"] if self.name == "buildah" else found[0]["Config"])


@dataclass(frozen=True)
class Image:
    """A built image: `seconds` its build took, `size` as the tool words it, `log` what the tool said meanwhile.

    `stand_in` says what its base image really is, if not the official one.
    """

    id: str
    command: tuple[str, ...]
    seconds: float
    size: str
    stand_in: str
    log: str

    def __str__(self) -> str:
        return f"{self.size}, built in {self.seconds:.1f} s" + (f", on {self.stand_in}" if self.stand_in else "")


@functools.cache
def find_tool() -> Tool | None:
    """Return the first tool that can build and run a container here, None if none can."""
    if sys.platform != "linux":  # elsewhere containers have the network of a virtual machine, not this one's
        return None
    store = cache_directory() / "containers"
    own = (f"--root={store / 'store'}", f"--runroot={store / 'run'}")
    for name, options in (
        ("buildah", own),
        ("buildah", (*own, "--storage-driver=vfs")),  # where overlay is set, and cannot be had
        ("podman", own),
        ("docker", ()),
    ):
        if path := shutil.which(name):
            tool = Tool(name, path, options)
            try:
                if _works(tool):
                    version = re.search(r"\d+(\.\d+)+", tool.call("--version").stdout)
                    return replace(tool, version=version[0] if version else "")
            except (OSError, subprocess.TimeoutExpired):
                continue
    return None


def _works(tool: Tool) -> bool:
    if tool.name == "docker":
        return not tool.call("version", seconds=_SECONDS).returncode  # it fails without an engine
    with Scratch("localcloud-") as directory:
        (Path(directory) / "Dockerfile").write_text(_PROBE)
        options = [*_build_options(tool), "--layers=false", "--no-cache", "--quiet", *_HOSTS_PROGRAMS]
        done = tool.call("build", *options, directory, seconds=_SECONDS)
    if done.returncode:
        return False
    image = done.stdout.split()[-1]
    if tool.name == "podman":  # buildah has run /usr/bin/env by now, as it runs containers
        done = tool.call("run", "--rm", "--network=host", *_HOSTS_PROGRAMS, image, seconds=_SECONDS)
    tool.call("rmi", "--force", image)
    return not done.returncode


def build(tool: Tool, directory: Path, report: Callable[[str], None] = lambda line: None) -> Image:
    """Build the folder's Dockerfile, reusing the layers of its last build; UserError if that fails."""
    tag = "localhost/localcloud/" + hashlib.sha256(bytes(directory.resolve())).hexdigest()[:20]
    place = cache_directory() / "containers"
    place.mkdir(parents=True, exist_ok=True)
    with Scratch("localcloud-") as scratch, FileLock(place / "build.lock"):
        if tool.name != "docker":
            _have_base(tool, directory / "Dockerfile", report)
        id_file = Path(scratch) / "id"
        options = [*_build_options(tool), *_pip_mounts(tool, Path(scratch)), f"--iidfile={id_file}", f"--tag={tag}"]
        start = time.monotonic()
        done = tool.call("build", *options, str(directory))
        seconds = time.monotonic() - start
        if done.returncode:
            raise UserError(f"{directory / 'Dockerfile'}: {tool.name} cannot build it: {_reason(done.stdout)}")
        image = id_file.read_text().strip()
    config = tool.inspect(image) or {}
    size = (
        tool.call("images", "--noheading", "--format={{.Size}}", image).stdout.strip()
        if tool.name == "buildah"
        else f"{int(tool.call('image', 'inspect', '--format={{.Size}}', image).stdout) / 1e6:.0f} MB"
    )
    words = [word for name in ("Entrypoint", "Cmd") for word in _list(config.get(name))]
    labels = config.get("Labels")
    stand_in = str(labels.get(_STAND_IN, "")) if isinstance(labels, dict) else ""
    return Image(image, tuple(words), seconds, size, stand_in, done.stdout)


def remove(tool: Tool, image: Image) -> None:
    """Remove an image, whatever its names, with the layers that are only its own."""
    tool.call("rmi", "--force", image.id)


class ContainerRuntime:
    """Runs a plan's Dockerfile in a container of this tool.

    The container has the machine's network, and nothing of its environment or files but what keeps a Python server on
    the loopback interface.
    """

    def __init__(self, tool: Tool) -> None:
        self._tool = tool

    def supports(self, plan: LaunchPlan) -> bool:
        """Return whether the plan comes from a Dockerfile."""
        return plan.source.name == "Dockerfile"

    def prepare(self, plan: LaunchPlan, services: ServiceAddresses, instance: Instance, report: Report) -> Command:
        """Build the image and return the command that runs it."""
        tool = self._tool
        image = build(tool, plan.source.parent, report)
        # What the Dockerfile itself declares is in the image.
        variables = {
            **app_variables(replace(plan, environment={}), services, instance),
            "PYTHONPATH": "/localcloud",
        }
        options = [
            "--network=host",
            f"--volume={SITE}:/localcloud:ro",
            *(f"--env={name}={value}" for name, value in variables.items()),
        ]
        name = f"localcloud-{os.getpid()}-{next(_numbers)}"
        if tool.name == "buildah":
            what = json.dumps([tool.argv, name, image.id, ["--isolation=chroot", *options], image.command])
            argv: tuple[str, ...] = (sys.executable, "-I", "-m", "localcloud.runtimes.buildah_container", what)
        else:
            argv = (*tool.argv, "run", "--rm", "--init=false", f"--name={name}", f"--env={MARK}", *options, image.id)
        note = f"this runs in a container, by {tool.name} {tool.version}; the image: {image}"
        # The tool's environment, of which the container sees nothing. What it leaves in TMPDIR goes with home.
        return Command(argv, {**os.environ, "TMPDIR": str(instance.home)}, instance.home, (note,))


def sweep(tool: Tool) -> None:
    """Remove the containers of this process, and of those that were killed before they could do so."""
    if tool.name == "buildah":
        listing = tool.call("containers", "--noheading", "--format={{.ContainerName}}")
    else:
        listing = tool.call("ps", "--all", "--filter=name=localcloud-", "--format={{.Names}}")
    for name in listing.stdout.split():
        owner = re.fullmatch(r"localcloud-(\d+)-.*", name)
        if owner and (int(owner[1]) == os.getpid() or not psutil.pid_exists(int(owner[1]))):
            tool.call("rm", *(() if tool.name == "buildah" else ("--force",)), name)


def _build_options(tool: Tool) -> list[str]:
    options = ["--network=host", "--force-rm"]
    return options if tool.name == "docker" else [*options, "--isolation=chroot", "--layers", "--pull-never"]


def _have_base(tool: Tool, dockerfile: Path, report: Callable[[str], None]) -> None:
    """Have the image that the Dockerfile begins with: from before, from its registry, or a stand-in for it."""
    name = str(DockerfileParser(fileobj=io.BytesIO(dockerfile.read_bytes())).baseimage)
    image = name if "/" in name else f"docker.io/library/{name}"
    config = tool.inspect(image)
    if config is not None:
        if not _is_outdated_stand_in(config):
            return
        tool.call("rmi", "--force", image)  # or pulling it would be content with it
    report(f"fetching {image}")
    done = tool.call("pull", image)
    if not done.returncode:
        return
    python = _PYTHON_IMAGE.fullmatch(image)
    if not python:
        raise UserError(f"{dockerfile}: {tool.name} cannot fetch {image}: {done.stdout.strip()}")
    report(f"no registry has {image} for us, so a stand-in is made of this machine's Python")
    with Scratch("localcloud-") as directory:
        made = lay_out(Path(directory) / "root", python[1])
        (Path(directory) / "Dockerfile").write_text(
            f"FROM scratch\nCOPY root /\nENV PATH={made.path} LANG=C.UTF-8\n"
            f'LABEL {_STAND_IN}="a stand-in for {name}: this machine\'s CPython {made.version}, no official image"\n'
            f"LABEL {_STAND_IN_VERSION}={_CURRENT_STAND_IN}\n"
        )
        done = tool.call("build", *_build_options(tool), "--tag", image, directory)
    if done.returncode:
        raise UserError(f"{tool.name} cannot make a stand-in for {image}: {done.stdout.strip()}")


def _is_outdated_stand_in(config: Mapping[str, object]) -> bool:
    labels = config.get("Labels")
    return isinstance(labels, dict) and _STAND_IN in labels and labels.get(_STAND_IN_VERSION) != _CURRENT_STAND_IN


def _pip_mounts(tool: Tool, scratch: Path) -> list[str]:
    """Return what tells pip in the build where this machine finds its packages, without a trace in the image."""
    told = pip_settings()
    settings = {name: told[name] for name in ("cert", "index-url", "proxy", "trusted-host") if name in told}
    if tool.name == "docker" or not settings:  # docker mounts nothing into a build that does not ask for it
        return []
    mounts = []
    if "cert" in settings:
        mounts.append(f"--volume={settings['cert']}:/run/localcloud/ca.pem:ro")
        settings["cert"] = "/run/localcloud/ca.pem"
    file = scratch / "pip.conf"
    file.write_text("[global]\n" + "".join(f"{name} = {value}\n" for name, value in settings.items()))
    return [*mounts, f"--volume={file}:/etc/pip.conf:ro"]


def _reason(log: str) -> str:
    """Return the step at which a build failed, and the first errors there, in one line."""
    steps = re.findall(r"(?:STEP \d+/\d+:|Step \d+/\d+ :|\[\d+/\d+\]) *(.*)", log)
    errors = dict.fromkeys(line.strip() for line in log.splitlines() if "error" in line.lower())
    return f"{steps[-1] if steps else 'before its first step'}: {'; '.join(errors)[:600]}"


def _list(value: object) -> list[str]:
    return [str(word) for word in value] if isinstance(value, list) else []

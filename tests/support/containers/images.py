"""Builds the image of a Dockerfile, on Python's official image or on a stand-in for it."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from datastore_emulator.errors import UserError
from datastore_emulator.scratch import Scratch
from localcloud.cache import cache_directory
from localcloud.deployment.dockerfile import read_dockerfile
from localcloud.runtimes.python3.environments import pip_settings
from tests.support.containers.stand_in import lay_out
from tests.support.containers.tool import ContainerTool, build_options

_STAND_IN = "localcloud.stand-in"  # the label of a stand-in
# The label with a stand-in's version: raise it with each change, and older ones are built again.
_STAND_IN_VERSION = "localcloud.stand-in-version"
_CURRENT_STAND_IN = "2"
_PYTHON_IMAGE = re.compile(r"docker\.io/library/python:(\d+\.\d+)\S*")


@dataclass(frozen=True)
class Image:
    """A built image: the `seconds` of its build, its `size` as the tool prints it, and the tool's output as `log`.

    `stand_in` describes its base image if that is not the official one.
    """

    id: str
    command: tuple[str, ...]
    seconds: float
    size: str
    stand_in: str
    log: str

    def __str__(self) -> str:
        return f"{self.size}, built in {self.seconds:.1f} s" + (f", on {self.stand_in}" if self.stand_in else "")


def build(tool: ContainerTool, directory: Path, report: Callable[[str], None] = lambda line: None) -> Image:
    """Build the folder's Dockerfile, reusing the layers of its last build; UserError if that fails."""
    tag = "localhost/localcloud/" + hashlib.sha256(bytes(directory.resolve())).hexdigest()[:20]
    place = cache_directory() / "containers"
    place.mkdir(parents=True, exist_ok=True)
    with Scratch("localcloud-") as scratch, FileLock(place / "build.lock"):
        if tool.name != "docker":
            _provide_base(tool, directory / "Dockerfile", report)
        id_file = Path(scratch) / "id"
        options = [*build_options(tool), *_pip_mounts(tool, Path(scratch)), f"--iidfile={id_file}", f"--tag={tag}"]
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


def remove(tool: ContainerTool, image: Image) -> None:
    """Remove an image, whatever its names, with the layers that are only its own."""
    tool.call("rmi", "--force", image.id)


def _provide_base(tool: ContainerTool, dockerfile: Path, report: Callable[[str], None]) -> None:
    """Provide the base image of the Dockerfile: from an earlier build, from its registry, or a stand-in for it."""
    base = read_dockerfile(dockerfile.read_text()).find_base_image()
    if base is None:
        raise UserError(f"{dockerfile}: there is no FROM; begin with the image, such as FROM python:3.14-slim")
    _, name = base
    image = name if "/" in name else f"docker.io/library/{name}"
    config = tool.inspect(image)
    if config is not None:
        if not _is_outdated_stand_in(config):
            return
        tool.call("rmi", "--force", image)  # or `pull` would keep it
    report(f"fetching {image}")
    done = tool.call("pull", image)
    if not done.returncode:
        return
    python = _PYTHON_IMAGE.fullmatch(image)
    if not python:
        raise UserError(f"{dockerfile}: {tool.name} cannot fetch {image}: {done.stdout.strip()}")
    report(f"cannot pull {image}; making a stand-in of this machine's Python")
    with Scratch("localcloud-") as directory:
        made = lay_out(Path(directory) / "root", python[1])
        (Path(directory) / "Dockerfile").write_text(
            f"FROM scratch\nCOPY root /\nENV PATH={made.path} LANG=C.UTF-8\n"
            f'LABEL {_STAND_IN}="a stand-in for {name}: this machine\'s CPython {made.version}, not the official one"\n'
            f"LABEL {_STAND_IN_VERSION}={_CURRENT_STAND_IN}\n"
        )
        done = tool.call("build", *build_options(tool), "--tag", image, directory)
    if done.returncode:
        raise UserError(f"{tool.name} cannot make a stand-in for {image}: {done.stdout.strip()}")


def _is_outdated_stand_in(config: Mapping[str, object]) -> bool:
    labels = config.get("Labels")
    return isinstance(labels, dict) and _STAND_IN in labels and labels.get(_STAND_IN_VERSION) != _CURRENT_STAND_IN


def _pip_mounts(tool: ContainerTool, scratch: Path) -> list[str]:
    """Return the options that pass this machine's pip settings into the build, and leave nothing in the image."""
    configured = pip_settings()
    settings = {name: configured[name] for name in ("cert", "index-url", "proxy", "trusted-host") if name in configured}
    if tool.name == "docker" or not settings:  # docker mounts nothing that the Dockerfile does not name
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

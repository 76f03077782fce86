"""The program that builds and runs containers on this machine: buildah, Podman or Docker.

buildah and Podman keep their images in a store of their own below the cache directory, so that a stand-in may have the
name of Python's official image there. Docker has one store for everything, so there the official image is needed.
"""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from datastore_emulator.scratch import Scratch
from localcloud.cache import cache_directory
from tests.support.deadline import DEADLINE

# The name in reports and messages. A program that is there and cannot build or run does not count.
TOOL = "buildah, podman or docker"
# Enough of this machine to run one program in an empty image.
_HOSTS_PROGRAMS = [
    f"--volume={place}:{place}:ro" for place in ("/bin", "/lib", "/lib64", "/usr") if os.path.isdir(place)
]
_PROBE = 'FROM scratch\nRUN ["/usr/bin/env"]\nENTRYPOINT ["/usr/bin/env"]\n'


@dataclass(frozen=True)
class ContainerTool:
    """A program that builds and runs containers; `options` name the directory where it keeps them."""

    name: str
    path: str
    options: tuple[str, ...]
    version: str = ""

    @property
    def argv(self) -> tuple[str, ...]:
        """The command line up to the verb."""
        # A mount namespace for each call: whatever ends the process ends its mounts. Without root the tool makes one.
        alone = ("unshare", "--mount") if self.name != "docker" and os.geteuid() == 0 else ()
        return (*alone, self.path, *self.options)

    def call(self, *arguments: str, seconds: float | None = None) -> subprocess.CompletedProcess[str]:
        """Run a verb to its end and return its output, errors included."""
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


@functools.cache
def find_tool() -> ContainerTool | None:
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
            tool = ContainerTool(name, path, options)
            try:
                if _works(tool):
                    version = re.search(r"\d+(\.\d+)+", tool.call("--version").stdout)
                    return replace(tool, version=version[0] if version else "")
            except (OSError, subprocess.TimeoutExpired):
                continue
    return None


def _works(tool: ContainerTool) -> bool:
    if tool.name == "docker":
        return not tool.call("version", seconds=DEADLINE).returncode  # it fails without an engine
    with Scratch("localcloud-") as directory:
        (Path(directory) / "Dockerfile").write_text(_PROBE)
        options = [*build_options(tool), "--layers=false", "--no-cache", "--quiet", *_HOSTS_PROGRAMS]
        done = tool.call("build", *options, directory, seconds=DEADLINE)
    if done.returncode:
        return False
    image = done.stdout.split()[-1]
    if tool.name == "podman":  # buildah has run /usr/bin/env by now, as it runs containers
        done = tool.call("run", "--rm", "--network=host", *_HOSTS_PROGRAMS, image, seconds=DEADLINE)
    tool.call("rmi", "--force", image)
    return not done.returncode


def build_options(tool: ContainerTool) -> list[str]:
    """Return the options that every build needs."""
    options = ["--network=host", "--force-rm"]
    return options if tool.name == "docker" else [*options, "--isolation=chroot", "--layers", "--pull-never"]

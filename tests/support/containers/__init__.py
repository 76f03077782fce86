"""Builds Dockerfiles and runs them in real containers, by buildah, Podman or Docker.

- `tool`: finds the program.
- `images`: builds an image.
- `stand_in`: the files of a stand-in for Python's official image, used where no registry is in reach.
- `runtime`: runs an image, as a runtime of the local cloud.
- `buildah_container`: a program that runs one container of buildah and removes it.
"""

from tests.support.containers.images import Image, build, remove
from tests.support.containers.runtime import ContainerRuntime, sweep
from tests.support.containers.tool import TOOL, ContainerTool, find_tool

__all__ = ["TOOL", "ContainerRuntime", "ContainerTool", "Image", "build", "find_tool", "remove", "sweep"]

"""Runs Dockerfiles in containers: a runtime of the local cloud."""

from __future__ import annotations

import itertools
import json
import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import psutil

from localcloud.launch.plan import LaunchPlan
from localcloud.processes.family import MARK
from localcloud.runtimes.python3 import SITE
from localcloud.runtimes.runtime import Command, Instance, Report, ServiceAddresses
from localcloud.runtimes.variables import app_variables
from tests.support.containers.images import build
from tests.support.containers.tool import ContainerTool

_BUILDAH_CONTAINER = Path(__file__).with_name("buildah_container.py")
_numbers = itertools.count()


class ContainerRuntime:
    """Runs a plan's Dockerfile in a container of this tool.

    The container has the machine's network. Of the machine's files and variables it has only those that keep a Python
    server on the loopback interface.
    """

    def __init__(self, tool: ContainerTool) -> None:
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
            argv: tuple[str, ...] = (sys.executable, "-I", str(_BUILDAH_CONTAINER), what)
        else:
            argv = (*tool.argv, "run", "--rm", "--init=false", f"--name={name}", f"--env={MARK}", *options, image.id)
        note = f"this runs in a container, by {tool.name} {tool.version}; the image: {image}"
        # This is the tool's environment, not the container's. The files that it leaves in TMPDIR are removed with home.
        return Command(argv, {**os.environ, "TMPDIR": str(instance.home)}, instance.home, (note,))


def sweep(tool: ContainerTool) -> None:
    """Remove the containers of this process, and of processes that were killed."""
    if tool.name == "buildah":
        listing = tool.call("containers", "--noheading", "--format={{.ContainerName}}")
    else:
        listing = tool.call("ps", "--all", "--filter=name=localcloud-", "--format={{.Names}}")
    for name in listing.stdout.split():
        owner = re.fullmatch(r"localcloud-(\d+)-.*", name)
        if owner and (int(owner[1]) == os.getpid() or not psutil.pid_exists(int(owner[1]))):
            tool.call("rm", *(() if tool.name == "buildah" else ("--force",)), name)

"""Runs one container of buildah, from its creation to its removal: a program whose argument is JSON.

buildah has no `run --rm`. On SIGTERM it kills the server at once, where Cloud Run sends the server SIGTERM first; this
program does as Cloud Run.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence

import psutil


class Container:
    """A container of this image; its own name starts with `name`. `buildah` is the command line up to the verb."""

    def __init__(self, buildah: Sequence[str], name: str, image: str) -> None:
        self._buildah = buildah
        self._name = f"{name}-{os.getpid()}"  # unique, whatever an earlier run has left
        self._image = image
        self._run: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def run(self, options: Sequence[str], command: Sequence[str]) -> int:
        """Run the command in the container until it ends, remove the container, and return the exit code."""
        try:
            self._call("from", "--pull-never", "--name", self._name, self._image)
            if self._stopped:
                return 0
            self._run = subprocess.Popen([*self._buildah, "run", *options, self._name, "--", *command])
            if self._stopped:
                self.stop()
            return self._run.wait()
        finally:
            self._call("rm", self._name)

    def stop(self, *_: object) -> None:
        """Send the server SIGTERM; before it has started, end the program that starts it."""
        self._stopped = True
        if self._run:
            with contextlib.suppress(psutil.Error):
                (self._server() or psutil.Process(self._run.pid)).terminate()

    def _call(self, *arguments: str) -> None:
        subprocess.run([*self._buildah, *arguments], stdout=subprocess.DEVNULL, check=True)

    def _server(self) -> psutil.Process | None:
        """Return the first process in the container: the first below buildah that is not buildah itself."""
        assert self._run
        below = psutil.Process(self._run.pid).children(recursive=True)
        return next((process for process in below if not _is_buildah(process)), None)


def _is_buildah(process: psutil.Process) -> bool:
    # It runs copies of itself that have no file, by names such as "buildah-chroot-exec".
    return os.path.basename("".join(process.cmdline()[:1])).startswith("buildah")


def main(text: str) -> int:
    """Run the container that the JSON describes: buildah, name, image, options, command."""
    buildah, name, image, options, command = json.loads(text)
    container = Container(buildah, name, image)
    signal.signal(signal.SIGTERM, container.stop)
    return container.run(options, command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

"""One container of buildah's from its creation to its removal; run as a module, with all it needs as JSON.

buildah has no `run --rm`, and when it is asked to end it kills the server, which Cloud Run asks first: this one does.
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
    """A container of this image, whose name begins with this one; `buildah` is what its verbs follow."""

    def __init__(self, buildah: Sequence[str], name: str, image: str) -> None:
        self._buildah = buildah
        self._name = f"{name}-{os.getpid()}"  # its own, whatever a run before this one has left
        self._image = image
        self._run: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def run(self, options: Sequence[str], command: Sequence[str]) -> int:
        """Run the command in the container until it ends; return its exit code. Nothing of the container is left."""
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
        """Ask the server to end; before there is one, end what would start it."""
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

"""A machine without tools, for commands that look for them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.course import ROOT
from tests.support.deadline import DEADLINE


class Machine:
    """Runs Python modules with a PATH and a home directory that hold only what a test has put there."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._programs = directory / "programs"
        self._programs.mkdir()

    def add_program(self, name: str, text: str) -> Path:
        """Put a shell script with this text on PATH."""
        program = self._programs / name
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
        return program

    def run(self, module: str, *arguments: str) -> list[str]:
        """Run a module and return its lines."""
        environment = {"PATH": str(self._programs), "HOME": str(self.directory), "PYENV_ROOT": str(self.directory)}
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=True,
        )
        return done.stdout.splitlines()

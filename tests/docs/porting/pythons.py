"""Runs a program on Python 3, or on a real Python 2.7 with the packages of Module 1's FINISH and App Engine's SDK."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from localcloud.runtimes.python27_real import find_python27
from localcloud.runtimes.python27_real.packages import ensure_legacy_sdk, ensure_packages
from tests.support.course import ROOT
from tests.support.deadline import DEADLINE

PROGRAMS = Path(__file__).parent / "programs"
_LIBRARIES = ("webapp2-2.5.2", "webob-1.2.3", "yaml-3.10")


def run_on_python3(program: str, jobs: Any, options: Sequence[str] = ()) -> Any:
    """Return what the program answers on the Python of the tests."""
    # webapp2 and Django import `cgi` and others that warn, on some versions.
    return _run([sys.executable, *(options or ["-W", "ignore"])], program, jobs, [])


def run_on_python27(program: str, jobs: Any, options: Sequence[str] = ("-W", "ignore")) -> Any:
    """Return what the program answers on Python 2.7."""
    python27 = find_python27()
    flask = ensure_packages(python27, [ROOT / "mod1-flask" / "FINISH" / "requirements.txt"], (), print)
    sdk = ensure_legacy_sdk(python27, print)
    libraries = [sdk / "lib" / name for name in _LIBRARIES]
    return _run([python27.path, *options], program, jobs, [flask, *libraries, sdk, sdk.parent / "packages"])


def _run(command: list[str], program: str, jobs: Any, path: list[Path]) -> Any:
    environment = {
        "PATH": os.defpath,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONIOENCODING": "utf-8",
        "PYTHONPATH": os.pathsep.join(map(str, path)),
        "APPENGINE_RUNTIME": "python27",
        "APPLICATION_ID": "demo",
        "SECRET_KEY": "for this test",
    }
    done = subprocess.run(
        [*command, str(PROGRAMS / program)],
        input=json.dumps(jobs),
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment,
        timeout=DEADLINE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)

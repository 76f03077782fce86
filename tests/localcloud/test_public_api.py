"""`import localcloud`: its public names, and that it changes nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

import localcloud

LOOKS = """
import os, sys, warnings
before = dict(os.environ), list(warnings.filters)
import localcloud
print((dict(os.environ), list(warnings.filters)) == before)
print("grpc" in sys.modules, "google.appengine" in sys.modules)
"""


@pytest.mark.parametrize("name", localcloud.__all__)
def test_public_name_can_be_imported(name: str) -> None:
    assert getattr(localcloud, name).__name__ == name


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'localcloud' has no attribute 'Nothing'"):
        _ = localcloud.Nothing


def test_help_loads_no_big_library() -> None:
    look = "import sys; sys.argv[1:] = ['--help']; import localcloud.cli\ntry: localcloud.cli.main()\nfinally: "
    look += "print('loaded:', [name for name in ('google.protobuf', 'grpc', 'redis') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "loaded: []"


def test_import_changes_nothing_and_loads_no_big_library() -> None:
    done = subprocess.run([sys.executable, "-c", LOOKS], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False", "False"]

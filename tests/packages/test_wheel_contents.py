"""A wheel has every file of its package: code, records, templates and what runs inside apps."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.packages.conftest import PACKAGES
from tests.packages.wheels import ROOT

# A missing one of these shows only when it is used.
DATA = {
    "datastore-emulator": ["datastore_emulator/py.typed"],
    "localcloud": [
        "localcloud/platforms/cloud_run.yaml",
        "localcloud/py.typed",
        "localcloud/runtimes/python27_real/legacy_sdk/site/sitecustomize.py",
        "localcloud/runtimes/python27_on_3/constraints.txt",
        "localcloud/runtimes/python3/site/sitecustomize.py",
    ],
    "codelab": [
        "codelab/py.typed",
        "codelab/verify/gcloud.json",
        "codelab/web/static/page.js",
        "codelab/web/templates/base.html",
    ],
}

pytestmark = [pytest.mark.wheel, pytest.mark.xdist_group("wheels")]


@pytest.mark.parametrize("package", PACKAGES)
def test_wheel_has_the_files_of_its_source(package: str, wheels: dict[str, Path]) -> None:
    source = ROOT / "packages" / package / "src"
    files = {path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()}
    files = {name for name in files if "__pycache__" not in name and ".egg-info/" not in name}
    assert _files(wheels[package]) == files


@pytest.mark.parametrize("package", PACKAGES)
def test_wheel_has_its_data(package: str, wheels: dict[str, Path]) -> None:
    assert set(DATA[package]) - _files(wheels[package]) == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_wheel_has_the_license_of_the_repository(package: str, wheels: dict[str, Path]) -> None:
    with zipfile.ZipFile(wheels[package]) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/licenses/LICENSE"))
        assert archive.read(name) == (ROOT / "LICENSE").read_bytes()


def _files(wheel: Path) -> set[str]:
    """Return the files of a wheel, without those that describe the distribution."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}

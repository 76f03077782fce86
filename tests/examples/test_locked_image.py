"""examples/locked-image: the lock has every package of requirements.in, and the folder runs with it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import httpx
import pytest
from packaging.utils import canonicalize_name
from uv import find_uv_bin

from localcloud import Cloud
from localcloud.deployment.requirements import Requirement, read_requirements
from localcloud.launch import read_plan
from localcloud.runtimes.python3.environments import pip_settings
from tests.support.course import ROOT
from tests.support.deadline import DEADLINE

FOLDER = ROOT / "examples" / "locked-image"
FINISH = ROOT / "mod4-cloudrun" / "FINISH"
LOCK = (FOLDER / "requirements.txt").read_text()
# The lock's packages: the lines up to each name.
PACKAGES = re.split(r"^(?=[a-z0-9])", LOCK, flags=re.MULTILINE)[1:]


def pins(file: Path) -> dict[str, tuple[str, ...]]:
    entries = [entry for entry in read_requirements(file.read_text()) if isinstance(entry, Requirement)]
    return {canonicalize_name(entry.name): entry.versions for entry in entries}


def install(lock: Path, target: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Install a lock with --require-hashes for the image's Python. With --dry-run its packages are only resolved."""
    index = pip_settings().get("index-url")
    return subprocess.run(
        [
            *(
                find_uv_bin(),
                "pip",
                "install",
                *options,
                "--no-progress",
                "--require-hashes",
                "--requirements",
                str(lock),
            ),
            *(
                "--python-version",
                "3.14",
                "--python-platform",
                "linux",
                "--target",
                str(target),
                "--only-binary",
                ":all:",
            ),
            *(("--default-index", index) if index else ()),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE,
    )


def test_lock_has_the_versions_that_are_named_by_hand() -> None:
    named, locked = pins(FOLDER / "requirements.in"), pins(FOLDER / "requirements.txt")
    assert {name: locked.get(name) for name in named} == named
    assert len(locked) > len(named)


def test_every_package_of_the_lock_has_one_version_and_hashes() -> None:
    assert len(PACKAGES) == len(pins(FOLDER / "requirements.txt"))
    assert [
        package for package in PACKAGES if not re.match(r"[\w.-]+==[\w.]+ \\\n +--hash=sha256:\w{64}\b", package)
    ] == []


@pytest.mark.app
def test_lock_is_complete(tmp_path: Path) -> None:
    done = install(FOLDER / "requirements.txt", tmp_path / "target", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert f"Would install {len(PACKAGES)} packages" in done.stderr


@pytest.mark.app
def test_lock_without_an_indirect_package_is_refused(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text("".join(package for package in PACKAGES if not package.startswith("markupsafe==")))
    done = install(lock, tmp_path / "target", "--dry-run")
    assert done.returncode != 0
    assert "markupsafe" in done.stderr


@pytest.mark.app
def test_lock_with_another_hash_is_refused(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    (package,) = (package for package in PACKAGES if package.startswith("itsdangerous=="))
    lock.write_text(re.sub(r"sha256:\w{64}", "sha256:" + "0" * 64, package))
    done = install(lock, tmp_path / "target")
    assert done.returncode != 0
    assert "hash" in done.stderr.lower()


def test_app_is_that_of_module_4() -> None:
    for file in ("main.py", "templates/index.html"):
        assert (FOLDER / file).read_text() == (FINISH / file).read_text()
    assert (FOLDER / "requirements.in").read_text() == (FINISH / "requirements.txt").read_text()


def test_dockerfile_differs_from_module_4_in_its_pins_only() -> None:
    text = (FOLDER / "Dockerfile").read_text()
    plain = re.sub(r"python:(3\.\d+)\.\d+-slim@sha256:[0-9a-f]{64}\n", r"python:\1-slim\n", text)
    assert (
        plain.replace("pip install --no-cache-dir --require-hashes", "pip install --no-cache-dir")
        == (FINISH / "Dockerfile").read_text()
    )
    assert plain != text
    assert "--require-hashes" in text


def test_local_cloud_reads_the_pinned_base_image(tmp_path: Path) -> None:
    assert read_plan(FOLDER, staging=tmp_path / "image").python == "3.14"


@pytest.mark.app
def test_locked_folder_runs() -> None:
    with Cloud() as cloud:
        app = cloud.add(FOLDER)
        cloud.start()
        answer = httpx.get(app.url, headers={"User-Agent": "suite"}, timeout=DEADLINE)
    assert (answer.status_code, answer.text.count("127.0.0.1: suite")) == (200, 1)

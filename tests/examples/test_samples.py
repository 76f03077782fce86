"""The samples in examples/: their requirements are pinned like the modules', and they import none of our packages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.course import FOLDERS, ROOT

EXAMPLES = ROOT / "examples"
# A lock has all packages, and test_locked_image.py compares it with its requirements.in.
FILES = [
    file for file in sorted(EXAMPLES.rglob("requirements.*")) if file != EXAMPLES / "locked-image/requirements.txt"
]
PINS = {
    line
    for folder in FOLDERS.values()
    if (folder.path / "requirements.txt").is_file()
    for line in (folder.path / "requirements.txt").read_text().splitlines()
}


def name(path: Path) -> str:
    return str(path.relative_to(EXAMPLES))


@pytest.mark.parametrize("file", FILES, ids=name)
def test_packages_named_by_hand_have_the_modules_versions(file: Path) -> None:
    assert set(file.read_text().splitlines()) <= PINS


@pytest.mark.parametrize("file", sorted(EXAMPLES.rglob("*.py")), ids=name)
def test_sample_imports_none_of_our_packages(file: Path) -> None:
    assert not re.search(r"localcloud|codelab|datastore_emulator", file.read_text())


def test_shared_functions_are_the_same_in_every_example() -> None:
    def functions(path: str) -> dict[str, str]:
        text = (EXAMPLES / path).read_text()
        return dict(
            re.findall(
                r"^(def (?:store_visit|fetch_visits|visitor_address)\b.*?)(\n    .*?)\n(?=\n\n|\Z)", text, re.M | re.S
            )
        )

    start = functions("split-into-functions/START/main.py")
    store = functions("split-into-functions/FINISH/store.py")
    incoming = functions("split-into-functions/FINISH/incoming.py")
    assert (len(start), len(incoming)) == (2, 1)
    assert store == start
    assert functions("several-endpoints/main.py") == {**store, **incoming}


def test_every_folder_is_in_the_list() -> None:
    listed = set(re.findall(r"\]\(([\w-]+)/?[\w./-]*\)", (EXAMPLES / "README.md").read_text()))
    assert {path.name for path in EXAMPLES.iterdir() if path.is_dir()} == listed

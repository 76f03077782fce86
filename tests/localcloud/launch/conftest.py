"""Fixtures that read launch plans from folders."""

from pathlib import Path

import pytest

from datastore_emulator.errors import UserError
from localcloud.launch import read_plan


@pytest.fixture(autouse=True)
def _no_build_variables(monkeypatch):
    for variable in ("ENTRYPOINT", "FUNCTION_SIGNATURE_TYPE", "FUNCTION_SOURCE", "PYTHON_VERSION"):
        monkeypatch.delenv(f"GOOGLE_{variable}", raising=False)


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Write a folder of {path: text} and read its plan, as from a command line that names it "app"."""
    monkeypatch.chdir(tmp_path)

    def read(files, **options):
        directory = Path("app")
        directory.mkdir()
        for name, text in files.items():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            (directory / name).write_text(text)
        return read_plan(directory, staging=tmp_path / "image", **options)

    return read


@pytest.fixture
def refusal(read):
    """Write a folder that cannot be run, and return the message, from the file's name on."""

    def refusal(files, **options):
        with pytest.raises(UserError) as caught:
            read(files, **options)
        message = str(caught.value)
        assert "\n" not in message
        return message.removeprefix("app/")

    return refusal

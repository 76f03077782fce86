"""The edits that a learner makes by hand, as data, and a function that makes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Write:
    """Write the whole file as UTF-8, exactly this text; the file may exist or not."""

    file: str
    text: str

    def to(self, folder: Path) -> None:
        WriteBytes(self.file, self.text.encode()).to(folder)


@dataclass(frozen=True)
class WriteBytes:
    """Write the whole file, exactly these bytes; the file may exist or not."""

    file: str
    content: bytes

    def to(self, folder: Path) -> None:
        path = folder / self.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.content)


@dataclass(frozen=True)
class Replace:
    """Replace a text that is in the file exactly once."""

    file: str
    old: str
    new: str

    def to(self, folder: Path) -> None:
        text = (folder / self.file).read_text(encoding="utf-8")
        assert text.count(self.old) == 1, f"{self.file}: expected once {self.old!r}, found it in\n{text}"
        (folder / self.file).write_bytes(text.replace(self.old, self.new).encode())


@dataclass(frozen=True)
class Delete:
    """Delete the file."""

    file: str

    def to(self, folder: Path) -> None:
        (folder / self.file).unlink()


@dataclass(frozen=True)
class Move:
    """Move the file, and make its new folder if necessary."""

    file: str
    to_file: str

    def to(self, folder: Path) -> None:
        (folder / self.to_file).parent.mkdir(parents=True, exist_ok=True)
        (folder / self.file).rename(folder / self.to_file)


@dataclass(frozen=True)
class EndLinesAsWindows:
    """End each line of each file with CR LF."""

    def to(self, folder: Path) -> None:
        for path in folder.rglob("*"):
            if path.is_file():
                path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))


Edit = Write | WriteBytes | Replace | Delete | Move | EndLinesAsWindows


@dataclass(frozen=True)
class Step:
    """One step of a codelab, done by hand. `works` is what the codelab says about the app after it."""

    title: str
    edits: Sequence[Edit]
    works: bool = True


@dataclass(frozen=True)
class Walk:
    """A learner's way through one track: its name, its steps, and the command that is suggested at the end."""

    place: str
    steps: Sequence[Step]
    leads_to: str

    @property
    def start(self) -> str:
        """The folder it starts from, as printed: mod2-cloudndb/START."""
        return self.place if "/" in self.place else f"{self.place}/START"


def edit(folder: Path, edits: Sequence[Edit]) -> None:
    """Make these edits in the folder, in this order."""
    for one in edits:
        one.to(folder)

"""An app's files, within bounds: its own code, its settings, and the folders and archives of other people's code."""

from __future__ import annotations

import os
import posixpath
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from codelab.errors import CodelabError
from localcloud.files.paths import format_text
from localcloud.files.reading import NotReadError, read_file

# An app with more files, or more of its own Python, is a folder of several apps.
MAX_FILES = 20_000
MAX_PYTHON = 5_000
# Of one file: more is data, not code.
_MAX_BYTES = 2_000_000
_MAX_TOTAL = 100_000_000
_VENDORED = frozenset({"lib", "libs", "vendor", "third_party", "site-packages", "node_modules", "bower_components"})
_ENVIRONMENT = "pyvenv.cfg"
_LEFT_OUT = frozenset({"__pycache__", "node_modules", "bower_components"})
_CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_SETTINGS = re.compile(
    r".*\.ya?ml|(?:[\w-]*requirements[\w.-]*|constraints|runtime)\.txt|Dockerfile|Procfile|setup\.py|Pipfile"
)


@dataclass(frozen=True)
class Unread:
    """A file that was not read, and why."""

    file: str
    line: int
    reason: str


@dataclass
class Vendored:
    """A folder or a ZIP file of other people's code: the packages in it, and how many files.

    `is_guess` says that only the folder's name tells it, such as `lib`.
    """

    folder: str
    packages: list[str] = field(default_factory=list)
    files: int = 0
    is_guess: bool = False


@dataclass
class AppFolder:
    """The files of an app by their names relative to its folder. `python` and `settings` hold texts."""

    root: Path
    python: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    templates: list[str] = field(default_factory=list)
    vendored: list[Vendored] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)

    @property
    def lines(self) -> int:
        """How many lines of Python were read."""
        return sum(text.count("\n") + 1 for text in self.python.values())


def read_folder(root: Path, on_file: Callable[[int], None] = lambda count: None) -> AppFolder:
    """Read an app's folder. `on_file` is called with the number of files so far.

    Raises CodelabError if there is no such folder, if it cannot be listed, or if it holds more files than an app has.
    """
    refuse_unreadable(root)
    app = AppFolder(root)
    _read_files(app, root, on_file)
    return app


def adopt_own_code(app: AppFolder, imported: Iterable[str]) -> frozenset[str]:
    """Read the folders that only their names made other people's code, if the app imports them as packages of its own.

    `from lib import helpers` says that `lib` is the app's. Packages are copied into a folder of the path instead, and
    imported by their own names. Returns the names of the files that are new.
    """
    known = frozenset(app.python)
    names = {name.lstrip(".") for name in imported}
    for vendored in [each for each in app.vendored if each.is_guess]:
        package = posixpath.basename(vendored.folder)
        whole = vendored.folder.replace("/", ".")
        if any(f"{name}.".startswith((f"{package}.", f"{whole}.")) for name in names):
            app.vendored.remove(vendored)
            _read_files(app, app.root / vendored.folder)
    return frozenset(app.python) - known


def _read_files(app: AppFolder, start: Path, on_file: Callable[[int], None] = lambda count: None) -> None:
    total = sum(map(len, app.python.values()))
    for count, (path, name) in enumerate(_walk(start, app), len(app.python) + 1):
        if count > MAX_FILES:
            raise _refuse_size(app, f"{MAX_FILES:,} files")
        on_file(count)
        if path.suffix in (".zip", ".egg"):
            app.vendored += _look_into_archive(path, name)
        is_python, is_setting = path.suffix == ".py", bool(_SETTINGS.fullmatch(path.name))
        if path.suffix in (".html", ".htm", ".jinja", ".jinja2", ".j2", ".mako", ".tmpl"):
            app.templates.append(name)
        if not is_python and not is_setting:
            continue
        try:
            content = read_file(path, _MAX_BYTES)
        except NotReadError as error:
            app.unread.append(Unread(name, 0, str(error)))
            continue
        except OSError as error:
            app.unread.append(Unread(name, 0, (error.strerror or str(error)).lower()))
            continue
        total += len(content)
        if total > _MAX_TOTAL:
            raise _refuse_size(app, f"{_MAX_TOTAL:,} bytes of code")
        (app.python if is_python else app.settings)[name] = _decode(content)
        if len(app.python) > MAX_PYTHON:
            raise _refuse_size(app, f"{MAX_PYTHON:,} Python files")


def _refuse_size(app: AppFolder, most: str) -> CodelabError:
    return CodelabError(f"{format_text(str(app.root))}: more than {most}; name the folder with your app.yaml")


def refuse_unreadable(root: Path) -> None:
    """Raise CodelabError unless this is a folder whose files can be listed."""
    try:
        os.scandir(root).close()
    except FileNotFoundError:
        reason = "no such folder; name the folder with your app.yaml"
    except NotADirectoryError:
        reason = "this is no folder; name the folder with your app.yaml"
    except (OSError, ValueError) as error:  # a ValueError for a character that no path can have
        reason = f"this folder cannot be read: {(getattr(error, 'strerror', None) or str(error)).lower()}"
    else:
        return
    raise CodelabError(f"{format_text(str(root))}: {reason}")


def _walk(start: Path, app: AppFolder) -> Iterator[tuple[Path, str]]:
    """Yield each file of the app's own, and fill in the vendored folders. Links are not followed."""
    root = app.root

    def note(error: OSError) -> None:
        name = Path(error.filename).relative_to(root).as_posix()
        app.unread.append(Unread(name, 0, (error.strerror or str(error)).lower()))

    for directory, folders, files in os.walk(start, onerror=note):
        here = Path(directory)
        relative = here.relative_to(root)
        own = []
        for folder in sorted(folders):
            path = here / folder
            if folder.startswith(".") or folder in _LEFT_OUT:
                continue
            if path.is_symlink():
                app.unread.append(Unread((relative / folder).as_posix(), 0, "a link, which is not followed"))
                continue
            is_installed = _is_installed(path)
            if is_installed or folder in _VENDORED:
                vendored = _look_into(path, (relative / folder).as_posix())
                vendored.is_guess = not is_installed
                app.vendored.append(vendored)
            else:
                own.append(folder)
        folders[:] = own
        for file in sorted(files):
            path, name = here / file, (relative / file).as_posix()
            if path.is_symlink():
                app.unread.append(Unread(name, 0, "a link, which is not followed"))
            elif not file.startswith("."):
                yield path, name


def _is_installed(folder: Path) -> bool:
    """Return whether pip has installed packages into this folder, or it is a virtual environment.

    A folder NAME.egg-info without a list of installed files is beside the source that it describes.
    """
    try:
        names = os.listdir(folder)
    except OSError:
        return False
    return any(
        name == _ENVIRONMENT
        or name.endswith(".dist-info")
        or (name.endswith(".egg-info") and _is_of_installed(folder / name))
        for name in names
    )


def _is_of_installed(egg_info: Path) -> bool:
    return egg_info.is_file() or (egg_info / "installed-files.txt").exists()


def _look_into(folder: Path, name: str) -> Vendored:
    found = Vendored(name)
    site = next((path for path in (folder, *sorted(folder.glob("lib/python*/site-packages"))) if path.is_dir()), folder)
    try:
        entries = sorted(os.listdir(site))
    except OSError:
        return found
    for entry in entries:
        if entry.endswith((".dist-info", ".egg-info")) or entry.startswith((".", "_")):
            continue
        if entry.endswith(".py") or (site / entry).is_dir():
            found.packages.append(entry.removesuffix(".py"))
    for number, _ in enumerate(path for path in folder.rglob("*") if path.suffix == ".py"):
        found.files = number + 1
        if found.files >= MAX_FILES:
            break
    return found


def _look_into_archive(path: Path, name: str) -> Iterator[Vendored]:
    """Yield what a ZIP file has, if it has Python: python27 apps put such files on the path."""
    try:
        if not path.is_file() or path.stat().st_size > _MAX_TOTAL:
            return
        with zipfile.ZipFile(path) as archive:
            modules = [member for member in archive.namelist() if member.endswith(".py")]
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        return
    if modules:
        packages = sorted({module.partition("/")[0].removesuffix(".py") for module in modules})
        yield Vendored(name, packages, len(modules))


def _decode(content: bytes) -> str:
    """Return the text of a file by its coding comment; Python 2 read bytes, so that nothing is an error."""
    for line in content.split(b"\n", 2)[:2]:
        if found := _CODING.match(line):
            try:
                return content.decode(found[1].decode("ascii")).removeprefix("\ufeff")
            except (LookupError, UnicodeError):
                break
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")

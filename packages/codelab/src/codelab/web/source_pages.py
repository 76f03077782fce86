"""Pages for files and folders of the repository that are no Markdown, such as the guestbook in examples."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, abort, render_template
from markupsafe import Markup

from codelab.readme.trees import held
from codelab.web.diff_html import code_block, highlighted_line
from codelab.web.state import PageState

_LARGEST = 200_000
# What is in a clone, and not in the repository.
_OTHERS = {"work", "node_modules", "__pycache__"}


def add_source_pages(app: Flask, state: PageState) -> None:
    """Add the routes."""

    @app.get("/file/<path:name>")
    def source(name: str) -> str:
        path = held(state.course.root, name)
        parts = path.relative_to(state.course.root.resolve()).parts
        if not parts or parts[0].startswith(".") or not _OTHERS.isdisjoint(parts) or not path.exists():
            abort(404, f"this repository has no {name}")
        if path.is_dir():
            return render_template("folder.html", title=name, entries=_list_folder(path))
        return render_template("page.html", title=name, body=_show_file(path, name))


def _list_folder(folder: Path) -> list[tuple[str, bool]]:
    """Return the names in a folder, folders first, each with whether it is one."""
    shown = [path for path in folder.iterdir() if path.name not in _OTHERS]
    return sorted(((path.name, path.is_dir()) for path in shown), key=lambda entry: (not entry[1], entry[0]))


def _show_file(path: Path, name: str) -> Markup:
    try:
        text = path.read_bytes()[: _LARGEST + 1].decode("utf-8")
    except (OSError, UnicodeDecodeError):
        abort(404, f"{name} is no text; look at it in your clone")
    if len(text) > _LARGEST:
        abort(404, f"{name} is too large to show; look at it in your clone")
    code = "\n".join(highlighted_line(line, path.name) for line in text.splitlines())
    return Markup(code_block("file", code, [("Copy", text)], title=name))

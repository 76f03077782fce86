"""Calls the function of several folders by itself, where a deployment file still serves another app."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import httpx

from codelab.compare.local_backend import FAR_FROM_UTC, LocalBackend
from codelab.compare.visitor import Browser, Document, Visitor
from codelab.readme.trees import Tree, write_tree
from datastore_emulator.errors import UserError
from localcloud import App, Cloud

# With one of these, the local cloud serves an app and not the function.
DEPLOYMENT_FILES = ("app.yaml", "Dockerfile", "Procfile")
_ANN, _BOB = Visitor(b"Ann", "127.0.0.1"), Visitor(b"Bob", "127.0.0.2")
_REQUESTS = (
    (_ANN, "GET", "/"),
    (_BOB, "GET", "/nowhere"),
    (_BOB, "POST", "/"),
    (_BOB, "HEAD", "/"),
    (_ANN, "GET", "/"),
)
_PATIENCE_SECONDS = 30.0


def call_functions(trees: Sequence[Tree], function: str) -> list[list[Document]] | None:
    """Return what the function of each of these folders answers to the same requests; None if one does not start."""
    with ExitStack() as stack:
        try:
            cloud = stack.enter_context(Cloud())
            apps = []
            for tree in trees:
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
                write_tree({file: text for file, text in tree.items() if file not in DEPLOYMENT_FILES}, folder)
                apps.append(cloud.add(folder, function=function, environment=FAR_FROM_UTC))
            cloud.start()
            return [_call(cloud, app) for app in apps]
        except (UserError, httpx.HTTPError):
            return None


def _call(cloud: Cloud, app: App) -> list[Document]:
    LocalBackend(cloud, app).reset()
    browser = Browser(app.url, _PATIENCE_SECONDS)
    try:
        answers = [browser.request(*request).document() for request in _REQUESTS]
    finally:
        browser.close()
    # The text of an error page is the framework's own.
    return [answer if answer.status == 200 else answer._replace(content_type="", nodes=[]) for answer in answers]


def find_undone_answer(mine: Sequence[Document], before: Sequence[Document], after: Sequence[Document]) -> str | None:
    """Return in words the first answer that a step changes and that is not as after it; "" if all are.

    None if the step changes no answer.
    """
    answers = list(zip(_REQUESTS, mine, before, after, strict=True))
    changed = [(request, found, right) for request, found, old, right in answers if old.status != right.status]
    for (_, method, path), found, right in changed:
        if found.status != right.status:
            return (
                f"called by itself, the function answers {method} {path} with status {found.status}, not {right.status}"
            )
    if changed:
        return ""
    pages = [(request, found, right) for request, found, old, right in answers if old != right]
    for (_, method, path), found, right in pages:
        if found != right:
            return f"called by itself, the function gives another page for {method} {path} than the codelab's"
    return "" if pages else None

"""Apps that call other Google APIs: the emulators of these, and advice for an app that finds no credentials."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

EMULATORS = {
    "google.cloud.pubsub": "PUBSUB_EMULATOR_HOST",
    "google.pubsub": "PUBSUB_EMULATOR_HOST",
    "google.cloud.firestore": "FIRESTORE_EMULATOR_HOST",
    "google.cloud.storage": "STORAGE_EMULATOR_HOST",
    "google.cloud.bigtable": "BIGTABLE_EMULATOR_HOST",
    "google.cloud.spanner": "SPANNER_EMULATOR_HOST",
    "google.cloud.bigquery": "BIGQUERY_EMULATOR_HOST",
    "firebase_admin.auth": "FIREBASE_AUTH_EMULATOR_HOST",
    "firebase_admin.db": "FIREBASE_DATABASE_EMULATOR_HOST",
    "firebase_admin.firestore": "FIRESTORE_EMULATOR_HOST",
    "firebase_admin.functions": "CLOUD_TASKS_EMULATOR_HOST",
}
"""The variable that each of Google's Python clients takes the address of an emulator from.

Datastore's is not here: an app gets that of the local Datastore. What a client's variable holds, such as a URL or
HOST:PORT, is between the client and the emulator.
"""

_TRACEBACK = "Traceback (most recent call last):"
_FRAME = re.compile(r'\s*File "(?P<file>[^"]+)", line (?P<line>\d+)')
_GOOGLE = re.compile(r"/(?:site|dist)-packages/(?P<module>(?:google|firebase_admin|googleapiclient)/.+)\.py$")
_VERSION = re.compile(r"_v\d\w*$")
# oauth2client's ApplicationDefaultCredentialsError ends so, too. An app may log the words alone.
_ERROR = re.compile(r"DefaultCredentialsError: |default credentials were not found")


def read_emulators(environment: Mapping[str, str]) -> dict[str, str]:
    """Return those variables of an environment that name an emulator."""
    return {name: environment[name] for name in sorted(set(EMULATORS.values())) if environment.get(name)}


class CredentialsAdvice:
    """Reads an app's output line by line, and explains the error of a client that finds no credentials.

    `directory` is where the app's own code is.
    """

    def __init__(self, directory: Path) -> None:
        self._own = f"{directory}/"
        self._frames: list[tuple[str, str]] = []
        self._given: set[str] = set()

    def read(self, line: str) -> str | None:
        """Return the advice that follows this line of output, once for each place in the app that needs it."""
        if _TRACEBACK in line:
            self._frames.clear()
        elif frame := _FRAME.match(line):
            self._frames.append((frame["file"], frame["line"]))
        elif _ERROR.search(line) and (self._frames or not self._given):
            advice = self._advise()
            self._frames.clear()
            if advice not in self._given:
                self._given.add(advice)
                return advice
        return None

    def _advise(self) -> str:
        place, client = self._find_client()
        variable = EMULATORS.get(client)
        emulator = f"set {variable} to the address of an emulator, or pass" if variable else "pass"
        return (
            f"{place}{client or 'a client'} asks for Google's credentials, and an app gets none here; {emulator} "
            "--made-up-credentials: then the app starts, and its calls to Google fail without being sent"
        )

    def _find_client(self) -> tuple[str, str]:
        """Return where the app calls Google's client, as in "main.py:7: ", and the client's package."""
        place = ""
        for file, line in self._frames:
            if installed := _GOOGLE.search(file):
                parts = installed["module"].split("/")
                depth = 3 if parts[:2] == ["google", "cloud"] else 2
                return place, _VERSION.sub("", ".".join(parts[:depth]))
            if file.startswith(self._own):
                place = f"{file.removeprefix(self._own)}:{line}: "
        return place, ""

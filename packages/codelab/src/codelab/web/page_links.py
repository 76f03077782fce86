"""Where the page shows a file of the repository, and does what a command of a codelab does in a terminal."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from codelab.readme.course import Course, TrackRef
from codelab.readme.markdown import anchor

_README = re.compile(r"(mod\d+-[\w-]+)/README\.md")
_MAKE = re.compile(r"make (start|check|apply|run|diff)((?: [A-Z]+=\S+)*)")
_LOCAL = re.compile(r"http://(?:localhost|127\.0\.0\.1):8080")


def find_address(course: Course, target: str, directory: str = "") -> str:
    """Return where the page shows what a link leads to, as in "../mod1-flask/README.md#clean-up" from `directory`."""
    path, hash_sign, fragment = target.partition("#")
    if not path:
        return target
    name = posixpath.normpath(posixpath.join(directory, path))
    readme = _README.fullmatch(name)
    if readme is None or readme[1] not in course.modules:
        shown = f"/{name}" if name.endswith((".md", ".png")) or name in course.modules else f"/file/{name}"
        return f"{shown}{hash_sign}{fragment}"
    return _find_section(course, readme[1], fragment) if fragment else f"/{readme[1]}"


def _find_section(course: Course, module: str, heading: str) -> str:
    """Return where the page shows what is below a heading of a module's README."""
    codelab = course.codelab(module)
    for track in codelab.tracks:
        ref = TrackRef(codelab, track)
        for step in track.steps:
            if anchor(f"Step {step.number}: {step.title}") == heading:
                return f"/{ref.name}/step/{step.number}"
        if anchor(f"Track {track.start} to {track.finish}: {track.title}") == heading:
            return f"/{ref.name}"
    if heading in {anchor(section.title) for section in codelab.sections_before_steps}:
        return f"/{module}#{heading}"
    return f"/{module}/more#{heading}"


@dataclass(frozen=True)
class PageOfTrack:
    """The track whose page shows a text, its path, and the address of the learner's app if that runs."""

    ref: TrackRef
    path: str
    app_url: str | None = None

    def link_for(self, command: str) -> tuple[str, str] | None:
        """Return the label and the path of what the page has for a command; None if it has nothing."""
        found = _MAKE.fullmatch(command)
        if not found:
            return None
        values = dict(part.split("=", 1) for part in found[2].split())
        if values.get("MOD", self.ref.name) != self.ref.name:
            return None
        if found[1] == "run":
            return "See it run", f"{self.path}/run"
        if found[1] == "diff":
            states = f"old={values.get('FROM', 'START')}&new={values.get('TO', self.ref.track.finish)}"
            return "Compare here", f"{self.path}/compare?{states}"
        return {"start": "Make my copy here", "check": "Check here", "apply": "Do it here"}[found[1]], "#your-copy"

    def adapt(self, command: str) -> str:
        """Return a command as this page's reader needs it: for this track, and at the address of the running app."""
        if not self.ref.is_main:
            module = re.escape(self.ref.codelab.module)
            command = re.sub(rf"\bMOD={module}(?![\w/-])", f"MOD={self.ref.name}", command)
            command = re.sub(rf"\bwork/{module}(?![\w-])", f"work/{self.ref.copy.name}", command)
        return _LOCAL.sub(self.app_url, command) if self.app_url else command

"""`codelab export`: write a codelab in the Markdown that Google's codelab tool (claat) reads.

The dialect: https://github.com/googlecodelabs/tools/blob/main/claat/parser/md/README.md. Its parser has more rules. The
first paragraph is the metadata, in plain text. The parser skips everything up to the first heading of the second level.
Each such heading is a step, and "Duration:" is a paragraph of its own.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from codelab.errors import CodelabError
from codelab.readme.course import Course, TrackRef
from codelab.readme.markdown import anchor, first_sentence
from codelab.readme.model import Step
from codelab.readme.sections import START_AND_FINISH

_CATEGORIES = "Cloud, Serverless, Python"
_LINK = re.compile(r"\]\((?!\w+:)([^)#\s]*)(#[^)\s]*)?\)")
_MODULE_README = re.compile(r"\.\./(mod\d+-[\w-]+)/README\.md")
# The solution of an exercise; a hint is no part of a text.
_DETAILS = re.compile(r"^<details><summary>(.*)</summary>$\n+(.*?)\n*^</details>$", re.MULTILINE | re.DOTALL)
_FENCE = re.compile(r"^```(\w*)\n.*?^```$\n?", re.MULTILINE | re.DOTALL)


def export(course: Course, ref: TrackRef, repository: str) -> str:
    """Return one track in claat's Markdown. `repository` is the URL under which links find the other files.

    Each track becomes a codelab of its own. Raises CodelabError if `repository` is not a URL.
    """
    if not re.fullmatch(r"https?://\S+", repository):
        raise CodelabError(f'--repository: "{repository}" is not a URL; write one such as https://example.com/codelabs')
    base = repository.rstrip("/")
    return "\n\n".join(part for part in _Exporter(course, ref, base).parts() if part) + "\n"


class _Exporter:
    def __init__(self, course: Course, ref: TrackRef, repository: str) -> None:
        self._course = course
        self._ref = ref
        self._repository = repository

    def parts(self) -> Iterator[str]:
        codelab, track = self._ref.codelab, self._ref.track
        main, introduction = self._ref.is_main, self._ref.introduction
        yield self._metadata(introduction)
        yield f"# {codelab.title if main else f'{codelab.title}: {track.title}'}"
        yield "## Overview"
        yield self._text(introduction)
        if not main:
            yield f"The main track: [{codelab.title}]({self._address(codelab.module)})."
        for section in codelab.sections_before_steps:
            yield f"## {section.title}\n\n{self._text(section.text)}"
        for step in track.steps:
            yield from self._step(step)
        for section in codelab.sections_after_steps:
            yield f"## {section.title}\n\n{self._text(section.text)}"
        yield self._other_tracks()

    def _metadata(self, introduction: str) -> str:
        return "\n".join(
            [
                f"summary: {first_sentence(introduction)}",
                f"id: {_id(self._ref)}",
                f"categories: {_CATEGORIES}",
                "environments: Web",
                "status: Published",
                f"feedback link: {self._repository}",
            ]
        )

    def _step(self, step: Step) -> Iterator[str]:
        yield f"## {step.title}\nDuration: {step.seconds // 60}:{step.seconds % 60:02}"
        yield self._text(step.text)
        if not step.works:
            yield '<aside class="negative">\n\nThe app does not work yet after this step.\n\n</aside>'
        yield f'<aside class="positive">\n\n**Hint.** {self._text(step.hint)}\n\n</aside>'

    def _other_tracks(self) -> str:
        others = [
            TrackRef(self._ref.codelab, track) for track in self._ref.codelab.tracks if track is not self._ref.track
        ]
        links = [f"[{other.track.title}](../{_id(other)}/index.html)" for other in others]
        return f"Other tracks of this module: {', '.join(links)}." if links else ""

    def _text(self, markdown: str) -> str:
        """Return a piece of the README as claat can show it.

        Its links are absolute, a diagram is a link to it, and what is folded away is an info box.
        """
        markdown = _DETAILS.sub(r'<aside class="positive">\n\n**\1.**\n\n\2\n\n</aside>', markdown)
        parts, done = [], 0
        for fence in _FENCE.finditer(markdown):
            parts.append(self._links(markdown[done : fence.start()]))
            parts.append(self._diagram() if fence[1] == "mermaid" else fence[0])
            done = fence.end()
        return "".join([*parts, self._links(markdown[done:])]).strip()

    def _links(self, markdown: str) -> str:
        return _LINK.sub(lambda link: f"]({self._target(link[1], link[2] or '')})", markdown)

    def _target(self, path: str, fragment: str) -> str:
        if module := _MODULE_README.fullmatch(path):
            return self._address(module[1])
        if not path:
            return f"{self._repository}/{self._ref.codelab.module}/README.md{fragment}"
        name = posixpath.normpath(posixpath.join(self._ref.codelab.module, path))
        # The tool downloads pictures, and the page of a file on GitHub is no picture.
        raw = "?raw=true" if name.endswith(".png") else ""
        return f"{self._repository}/{name}{raw}{fragment}"

    def _address(self, module: str) -> str:
        return f"../{_id(self._course.track(module))}/index.html"

    def _diagram(self) -> str:
        picture = f"[a picture]({self._repository}/{self._ref.codelab.module}/README.md#{anchor(START_AND_FINISH)})"
        return f'<aside class="positive">\n\nThe architecture before and after, as {picture}.\n\n</aside>\n'


def _id(ref: TrackRef) -> str:
    return ref.name.replace("/", "-").lower()

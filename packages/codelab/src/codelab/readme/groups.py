"""The groups of modules: the headings below "The modules" in the repository's README.md."""

from __future__ import annotations

import re
from dataclasses import dataclass

from codelab.readme.course import Course

_MODULES = re.compile(r"^## The modules\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_GROUP = re.compile(r"^### ([^\n]+)\n(.*?)(?=^### |\Z)", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((mod\d+-[\w-]+)/README\.md\)")


@dataclass(frozen=True)
class Group:
    """Modules that belong together: their title, and Markdown that says when to do them."""

    title: str
    text: str
    modules: tuple[str, ...]


def read_groups(course: Course) -> list[Group]:
    """Return the groups in their order. A module that the README leaves out is in a last group, "More"."""
    page = course.other_page("README.md")
    found = _MODULES.search(page.path.read_text(encoding="utf-8")) if page else None
    groups: list[Group] = []
    for title, body in _GROUP.findall(found[1] if found else ""):
        linked = [name for name in dict.fromkeys(_LINK.findall(body)) if name in course.modules]
        if linked:
            groups.append(Group(title, body.partition("\n|")[0].strip(), tuple(linked)))
    grouped = {name for group in groups for name in group.modules}
    more = tuple(name for name in course.modules if name not in grouped)
    return [*groups, Group("More", "", more)] if more else groups

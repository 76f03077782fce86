"""An assessment as HTML: one file that needs nothing else, for screens and for paper, or a part of another page."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from codelab.assess.assessment import Assessment
from codelab.assess.finding import Area


def render(assessment: Assessment) -> str:
    """Return the file."""
    sheets = (files("localcloud.pages") / "static" / "base.css", files("codelab.assess") / "static" / "report.css")
    style = "\n".join(sheet.read_text(encoding="utf-8") for sheet in sheets)
    return _render("assessment.html", assessment, style=style, address_of=None)


def render_part(assessment: Assessment, address_of: Callable[[str], str]) -> str:
    """Return what comes below the heading. `address_of` returns where a page of the course, or a track, can be read."""
    return _render("report.html", assessment, address_of=address_of)


def _render(template: str, assessment: Assessment, **values: object) -> str:
    environment = Environment(
        loader=PackageLoader("codelab.assess"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    areas = [(area, found) for area in Area if (found := assessment.of(area))]
    text = environment.get_template(template).render(
        assessment=assessment, areas=areas, counts=assessment.counts, to=assessment.destination, **values
    )
    # A file's name may have bytes, and a YAML file escapes, that are no character.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")

"""An assessment as one HTML file that needs nothing else, for a screen in light and dark and for paper."""

from __future__ import annotations

from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from codelab.assess.assessment import Assessment
from codelab.assess.finding import Area, Verdict


def render(assessment: Assessment) -> str:
    """Return the page."""
    environment = Environment(
        loader=PackageLoader("codelab.assess"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    base = (files("localcloud.pages") / "static" / "base.css").read_text(encoding="utf-8")
    counts = {
        verdict: sum(finding.advice.verdict(assessment.destination) is verdict for finding in assessment.findings)
        for verdict in Verdict
    }
    areas = [(area, found) for area in Area if (found := assessment.of(area))]
    text: str = environment.get_template("assessment.html").render(
        assessment=assessment, areas=areas, base=base, counts=counts, to=assessment.destination
    )
    return text

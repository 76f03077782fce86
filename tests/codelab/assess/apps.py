"""Writes small apps and assesses them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from codelab.assess import Area, Assessment, Destination, assess
from codelab.readme.course import Course
from tests.support.course import ROOT

PYTHON27 = """\
runtime: python27
api_version: 1
threadsafe: true
handlers:
- url: /.*
  script: main.app
"""
COURSE = Course(ROOT)


def write_app(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def assess_app(folder: Path, files: Mapping[str, str], to: Destination = Destination.APP_ENGINE) -> Assessment:
    return assess(COURSE, write_app(folder, files), to)


def places(assessment: Assessment, area: Area) -> dict[str, list[str]]:
    """Return the places of each finding of an area, as "main.py:3 memcache.get"."""
    return {
        finding.name: [f"{place} {place.what}".rstrip() for place in finding.places] for finding in assessment.of(area)
    }

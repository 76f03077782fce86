"""Texts of a report and of accepted differences: the same in each run, with "…" for what changes from run to run."""

from __future__ import annotations

import re

from localcloud.compare.noise.templates import NOISE

_DAY = r"\b(?:Mon|Tue|Tues|Wed|Wednes|Thu|Thur|Thurs|Fri|Sat|Satur|Sun)(?:day)?\b"
_MONTH = (
    r"\b(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|"
    r"Nov(?:ember)?|Dec(?:ember)?)\b"
)
# Times, dates and random words: they may be in the new app's answer only, so that nothing has shown that they change.
_CHANGING = re.compile(
    rf"""
    \d{{4}}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?)?
    | \d\d:\d\d(?::\d\d)?(?:\.\d+)?
    | (?:{_DAY},?[ ])?(?:{_MONTH}\.?[ ]+\d{{1,2}}(?:st|nd|rd|th)?\b|\b\d{{1,2}}\.?[ -]{_MONTH})(?:,?[ -]\d{{4}}\b)?
    | \b(?=\w*\d)\w{{9,}}\b
    """,
    re.VERBOSE,
)
# What belongs to one time or one token although only parts of it have changed in this run.
_ONE = re.compile(
    rf"""
    (?:\b(?:\d\d:)+ | \b\d{{4}}-(?:\d\d-)?)?
    {NOISE}
    (?:[-+:.,/T ]*(?:\b\d\d:)*{NOISE} | (?::\d\d)+\b | [ ,]+(?:19|20)\d\d\b)*
    """,
    re.VERBOSE,
)


def mask(text: str) -> str:
    """Return a text with one "…" for each time, date or random word, and for each noise that is marked already."""
    return _ONE.sub(NOISE, _CHANGING.sub(NOISE, text.strip()))


def matches(masked: str, text: str) -> bool:
    """Return whether a text has what a masked one has; its "…" stand for any text."""
    return re.fullmatch(".*".join(map(re.escape, masked.split(NOISE))), text, re.DOTALL) is not None

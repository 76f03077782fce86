"""The regular expressions of app.yaml, matched in a time that grows with the path's length alone.

Python's `re` tries every way to match: `/(a+)+b` takes it minutes for a path of thirty letters, and holds up the whole
program. RE2 is Google's own engine without that; like App Engine it has no look-around and no back-references within
a pattern: https://cloud.google.com/appengine/docs/standard/reference/app-yaml#syntax
"""

from __future__ import annotations

import re

import re2

_SURROGATE = re.compile("[\ud800-\udfff]")
_REFERENCE = re.compile(r"\\(?:(\d{1,2})|g<(\w+)>)")


class PatternError(ValueError):
    """A text that is not a regular expression, or not one that can be matched."""


class Pattern:
    """A regular expression; raises PatternError with the reason if it is none that RE2 can match."""

    def __init__(self, source: str) -> None:
        options = re2.Options()
        options.log_errors = False  # it would write to our stderr
        try:
            self._pattern = re2.compile(source, options)
        except re2.error as error:
            reason = error.args[0] if error.args else error
            raise PatternError(reason.decode("utf-8", "replace") if isinstance(reason, bytes) else reason) from error
        except UnicodeEncodeError as error:
            raise PatternError("it is not Unicode") from error

    @property
    def groups(self) -> int:
        """How many groups it has."""
        return int(self._pattern.groups)

    def fullmatch(self, text: str) -> Match | None:
        """Return the match of the whole text, None if there is none. The text may have undecoded bytes."""
        # RE2 takes UTF-8 alone. The stand-in is as long, so places in one are places in the other.
        found = self._pattern.fullmatch(_SURROGATE.sub("\ufffd", text))
        if found is None:
            return None
        names = {name: found.span(number) for name, number in self._pattern.groupindex.items()}
        numbers = {str(number): found.span(number) for number in range(self.groups + 1)}
        return Match(text, numbers | names)


class Match:
    """What the groups of a pattern matched."""

    def __init__(self, text: str, spans: dict[str, tuple[int, int]]) -> None:
        self._text = text
        self._spans = spans

    def __getitem__(self, group: str | int) -> str:
        """The text of a group by its number or name, "" if it matched nothing; KeyError if there is no such group."""
        start, end = self._spans[str(group)]
        return self._text[start:end] if start >= 0 else ""

    def expand(self, template: str) -> str:
        r"""Return the template with each `\1` replaced by what that group matched."""
        return _REFERENCE.sub(lambda reference: self[reference[1] or reference[2]], template)

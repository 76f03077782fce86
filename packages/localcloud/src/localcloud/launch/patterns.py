"""The regular expressions of app.yaml, matched by RE2 in a time that is linear in the path's length.

Python's `re` backtracks: `/(a+)+b` takes minutes for a path of thirty letters, and blocks the whole program. RE2 does
not; like App Engine it has no look-around and no back-references within a pattern:
https://cloud.google.com/appengine/docs/standard/reference/app-yaml#syntax
"""

from __future__ import annotations

import re

import re2

_SURROGATE = re.compile("[\ud800-\udfff]")
_REFERENCE = re.compile(r"\\(?:(\d{1,2})|g<(\w+)>)")


class PatternError(ValueError):
    """A text that is not a regular expression of RE2."""


class Pattern:
    """A regular expression. Raises PatternError, with the reason, if RE2 does not accept it."""

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
        """The number of groups."""
        return int(self._pattern.groups)

    def fullmatch(self, text: str) -> Match | None:
        """Return the match of the whole text, None if there is none. The text may have undecoded bytes."""
        # RE2 takes only valid UTF-8. The replacement is as long, so positions stay the same.
        found = self._pattern.fullmatch(_SURROGATE.sub("\ufffd", text))
        if found is None:
            return None
        names = {name: found.span(number) for name, number in self._pattern.groupindex.items()}
        numbers = {str(number): found.span(number) for number in range(self.groups + 1)}
        return Match(text, numbers | names)


class Match:
    """A match: the text of each group of the pattern."""

    def __init__(self, text: str, spans: dict[str, tuple[int, int]]) -> None:
        self._text = text
        self._spans = spans

    def __getitem__(self, group: str | int) -> str:
        """Return the text of a group by number or name, "" if it matched nothing; KeyError without such a group."""
        start, end = self._spans[str(group)]
        return self._text[start:end] if start >= 0 else ""

    def expand(self, template: str) -> str:
        r"""Return the template with each `\1` replaced by what that group matched."""
        return _REFERENCE.sub(lambda reference: self[reference[1] or reference[2]], template)

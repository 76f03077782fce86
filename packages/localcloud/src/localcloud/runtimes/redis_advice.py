"""Advice for an app that looks for a Redis on its own machine."""

from __future__ import annotations

import re

# As redis-py and hiredis say it. Functions have no deployment file, so Google's samples fall back on this address.
_ERROR = re.compile(r"connecting to (?:localhost|127\.0\.0\.1):6379")
_ADVICE = (
    "the app looks for a Redis at the default address, where the local cloud has none; name the variable that the app "
    "takes the address from, as in --env REDISHOST=localhost; localcloud then starts a Redis, and the app gets its "
    "address"
)


class RedisAdvice:
    """Reads an app's output line by line, and explains that no Redis has been started for it."""

    def __init__(self) -> None:
        self._given = False

    def read(self, line: str) -> str | None:
        """Return the advice that follows this line of output, once."""
        if self._given or not _ERROR.search(line):
            return None
        self._given = True
        return _ADVICE

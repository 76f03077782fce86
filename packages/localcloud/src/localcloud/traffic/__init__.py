"""Requests of visitors as data: recordings, the file that holds one, and readers of other formats.

- `recording`: `Recording`, `RecordedRequest` and `Exchange`.
- `values`: the values in a request, each with its place.
- `given`: the values that an answer gives out. `sources`: which of them a request has, and what to send instead.
"""

from localcloud.traffic.recording import Answer, Exchange, RecordedRequest, Recording, Source, Taken
from localcloud.traffic.sources import find_taken, look_up, substitute

__all__ = [
    "Answer",
    "Exchange",
    "RecordedRequest",
    "Recording",
    "Source",
    "Taken",
    "find_taken",
    "look_up",
    "substitute",
]

"""Requests of visitors as data: recordings, the file that holds one, and readers of other formats.

- `recording`: `Recording`, `RecordedRequest` and `Exchange`.
"""

from localcloud.traffic.recording import Answer, Exchange, RecordedRequest, Recording, Source, Taken

__all__ = ["Answer", "Exchange", "RecordedRequest", "Recording", "Source", "Taken"]

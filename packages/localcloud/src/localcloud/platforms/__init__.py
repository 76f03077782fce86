"""What apps were seen to receive on each platform, as data, and where the local cloud differs on purpose."""

from localcloud.platforms.record import Entry, Record, Source, records

__all__ = ["Entry", "Record", "Source", "records"]

"""Records of what apps receive on each platform, and of how the local cloud differs on purpose.

- `record`: reads the YAML files, one for each platform; `here.yaml` has what the local cloud adds everywhere.
"""

from localcloud.platforms.record import Entry, Record, Source, records

__all__ = ["Entry", "Record", "Source", "records"]

"""What an app has done: the entities, tasks, mails and cache keys it has written, and the calls it has made.

- `effects`: `Effects` and what it consists of.
"""

from localcloud.effects.effects import CacheWrite, Effects, EntityChange, MailSent, PropertyValue, TaskAdded

__all__ = ["CacheWrite", "Effects", "EntityChange", "MailSent", "PropertyValue", "TaskAdded"]

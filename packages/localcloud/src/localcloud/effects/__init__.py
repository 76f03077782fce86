"""What an app has done: the entities, tasks, mails and cache keys it has written, and the calls it has made.

- `effects`: `Effects` and what it consists of.
- `watch`: `EffectsWatch`, which collects them in a cloud.
- `entities`, `tasks`, `mails` and `cache_writes` make them of what the services report.
- `values`: values of entities as text. `pickles`: calls in pickles as text.
"""

from localcloud.effects.effects import CacheWrite, Effects, EntityChange, MailSent, PropertyValue, TaskAdded
from localcloud.effects.watch import EffectsWatch

__all__ = [
    "CacheWrite",
    "Effects",
    "EffectsWatch",
    "EntityChange",
    "MailSent",
    "PropertyValue",
    "TaskAdded",
]

"""The services that apps share, one class each. Every one has `outage()`, a context manager that takes it away.

- `datastore`: `EmbeddedDatastore`, and `ExternalDatastore` for --datastore HOST:PORT.
- `memcache`: `Memcache`, of the bundled services' API server.
- `memorystore`: `Memorystore`, a Valkey or Redis server of our own; `external_redis`: `ExternalRedis`, for --redis.
- `redis_watch`: `RedisWatch`, which reports each call to our own. `redis_commands`: what a call writes.
- `cache`: the protocol that the caches share. `clock`: a clock that can be moved forward.

An app receives their addresses as `localcloud.runtimes.ServiceAddresses`.
"""

from localcloud.services.cache import Cache
from localcloud.services.datastore import DatastoreService, EmbeddedDatastore, ExternalDatastore
from localcloud.services.external_redis import ExternalRedis
from localcloud.services.memcache import Memcache
from localcloud.services.memorystore import Memorystore, Security
from localcloud.services.redis_watch import RedisWatch

__all__ = [
    "Cache",
    "DatastoreService",
    "EmbeddedDatastore",
    "ExternalDatastore",
    "ExternalRedis",
    "Memcache",
    "Memorystore",
    "RedisWatch",
    "Security",
]

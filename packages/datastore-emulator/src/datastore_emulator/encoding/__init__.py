"""Messages as bytes that sort as Datastore sorts them, and the rules for what a message may hold.

- `keys`: check keys and partitions, and encode paths. Everything else here uses it.
- `values`: check property values and encode those that are indexed.
- `masks`: property paths and property masks.
- `transforms`: apply property transforms.
- `results`: write a stored entity into a result of the API.
- `damage`: the error for stored bytes that cannot be decoded.

Above this room are `storage` and `query`; below it are only `messages` and `errors`.
"""

from datastore_emulator.encoding import damage, keys, masks, results, transforms, values

__all__ = ["damage", "keys", "masks", "results", "transforms", "values"]

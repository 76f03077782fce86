"""The console: pages that show and change what a local cloud holds, as dev_appserver's admin server had them.

- `server`: `Console`, which serves the pages at an address that only the user knows.
- `app`: makes the Flask app, from one panel for each subject. `panels`: what a panel is.
- `entity_pages`: the entities of the Datastore; `store` reads and writes them, `values` and `keys` are their text.
- `task_pages`, `mail_pages`, `blob_pages`: push and pull queues, mails that an app has sent, and uploads.
- `memcache_pages`, `redis_pages`: the caches.
- `request_pages`: the last requests, with the calls that each made.
"""

from localcloud.console.server import Console

__all__ = ["Console"]

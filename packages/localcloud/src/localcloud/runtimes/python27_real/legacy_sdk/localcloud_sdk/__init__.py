"""What the local cloud changes in the legacy SDK's dev_appserver, in memory: each change has its reason beside it.

- `services`: bundled services that the local cloud's API server answers, each by a `remote_stub`; `blobs` has more.
- `addresses`: the addresses that visitors see.
- `visits`: the requests of visitors and of App Engine itself.
"""

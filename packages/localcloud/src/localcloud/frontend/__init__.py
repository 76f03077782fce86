"""The front end: a reverse proxy between visitors and an app, as each platform has one.

- `front_end`: `FrontEnd`, the proxy itself.
- `headers`: the headers that each platform removes and adds.
- `static`: App Engine's static files.
- `sockets`: the addresses on both sides of the proxy.
"""

from localcloud.frontend.front_end import FrontEnd

__all__ = ["FrontEnd"]

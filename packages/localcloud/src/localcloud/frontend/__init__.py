"""The front end: a reverse proxy between visitors and an app, as each platform has one.

- `front_end`: `FrontEnd`, the proxy itself.
- `request_log`: `RequestLog`, the last requests with the calls that each made.
- `exchange`: `SeenExchange`, one request with its answer, copied for a recording.
- `transfer`: the bytes of a request and its answer. `blobs`: uploads to the Blobstore, and blobs as answers.
- `headers`: the headers that each platform removes and adds.
- `sign_in`: the sign-in page of the users service, and `login:` of app.yaml.
- `static`: App Engine's static files.
- `sockets`: the addresses on both sides of the proxy.
"""

from localcloud.frontend.exchange import SeenExchange
from localcloud.frontend.front_end import TICKET, FrontEnd
from localcloud.frontend.request_log import LoggedRequest, RequestLog

__all__ = ["TICKET", "FrontEnd", "LoggedRequest", "RequestLog", "SeenExchange"]

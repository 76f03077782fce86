"""What stands between a visitor and the app on each platform: addresses, headers, static files, plain errors."""

from localcloud.frontend.server import FrontEnd
from localcloud.http.eventloop import EventLoopThread

__all__ = ["EventLoopThread", "FrontEnd"]

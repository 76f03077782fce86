"""What stands between a visitor and the app on each platform: addresses, headers, static files, plain errors."""

from localcloud.frontend.eventloop import EventLoopThread
from localcloud.frontend.server import FrontEnd

__all__ = ["EventLoopThread", "FrontEnd"]

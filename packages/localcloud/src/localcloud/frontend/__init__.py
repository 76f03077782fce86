"""What stands between a visitor and the app on each platform: addresses, headers, static files, plain errors."""

from datastore_emulator.http.eventloop import EventLoopThread
from localcloud.frontend.front_end import FrontEnd

__all__ = ["EventLoopThread", "FrontEnd"]

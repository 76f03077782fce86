"""What webapp2 for Python 3 does in another way than webapp2 for Python 2."""

import webapp2
import webob


def install():
    """Let handlers write any bytes, such as an image: webapp2 for Python 3 takes them for UTF-8."""
    write_text = webapp2.Response.write

    def write(self, text):
        if isinstance(text, bytes):
            webob.Response.write(self, text)
        else:
            write_text(self, text)

    webapp2.Response.write = write

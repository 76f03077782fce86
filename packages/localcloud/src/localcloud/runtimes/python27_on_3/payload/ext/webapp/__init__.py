"""google.appengine.ext.webapp: webapp2 under its predecessor's name, as on python27."""

from webapp2 import *  # noqa: F403
from webapp2 import RequestHandler, WSGIApplication  # noqa: F401

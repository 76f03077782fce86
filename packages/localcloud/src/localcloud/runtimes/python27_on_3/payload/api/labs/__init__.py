"""google.appengine.api.labs: the first name of the task queue."""

from google.appengine.api import taskqueue  # noqa: F401

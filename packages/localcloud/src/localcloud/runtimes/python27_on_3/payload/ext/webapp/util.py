"""google.appengine.ext.webapp.util: the functions that old scripts call in their last lines."""

from wsgiref.handlers import CGIHandler


def run_bare_wsgi_app(application):
    """Serve one request by CGI."""
    CGIHandler().run(application)


run_wsgi_app = run_bare_wsgi_app

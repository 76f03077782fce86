"""google.appengine.ext.webapp.util: what the last lines of old scripts call."""

from wsgiref.handlers import CGIHandler


def run_bare_wsgi_app(application):
    """Serve one request by CGI."""
    CGIHandler().run(application)


run_wsgi_app = run_bare_wsgi_app

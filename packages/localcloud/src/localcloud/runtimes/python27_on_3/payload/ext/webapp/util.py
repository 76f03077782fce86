"""google.appengine.ext.webapp.util: the functions that old scripts call in their last lines."""

from wsgiref.handlers import CGIHandler

from webapp2_extras.appengine.users import login_required  # noqa: F401


def run_bare_wsgi_app(application):
    """Serve one request by CGI."""
    CGIHandler().run(application)


def add_wsgi_middleware(application):
    """Return the application as it is: the server puts the middleware of appengine_config around every one."""
    return application


run_wsgi_app = run_bare_wsgi_app

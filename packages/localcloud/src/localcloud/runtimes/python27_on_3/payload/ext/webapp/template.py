"""google.appengine.ext.webapp.template on Django's own template engine."""

import functools
import os

import django
from django.conf import settings
from django.template import Context, Engine

settings.configure(USE_TZ=False, USE_I18N=False)
django.setup()


@functools.cache
def _engine(directory):
    return Engine(dirs=[directory], debug=False)


def load(path, debug=False):
    """Return the template in this file; templates that it extends or includes come from the same directory."""
    directory, name = os.path.split(os.path.abspath(path))
    return _engine(directory).get_template(name)


def render(template_path, template_dict, debug=False):
    """Return the template in this file, filled in."""
    return load(template_path).render(Context(template_dict))

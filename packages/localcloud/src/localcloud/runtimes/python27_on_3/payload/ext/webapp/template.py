"""google.appengine.ext.webapp.template on Django's own template engine."""

import functools
import os

import django
from django.conf import settings
from django.template import Context, Engine, Library, Template  # noqa: F401

settings.configure(USE_TZ=False, USE_I18N=False)
django.setup()

# Tags and filters that every template may use.
_LIBRARIES = ["google.appengine.ext.webapp.old_tags"]


@functools.cache
def _engine(directory, libraries):
    return Engine(dirs=[directory], debug=False, builtins=[*Engine.default_builtins, *libraries])


def load(path, debug=False):
    """Return the template in this file; templates that it extends or includes come from the same directory."""
    directory, name = os.path.split(os.path.abspath(path))
    return _engine(directory, tuple(_LIBRARIES)).get_template(name)


def render(template_path, template_dict, debug=False):
    """Return the template in this file, filled in."""
    return load(template_path).render(Context(template_dict))


def create_template_register():
    """Return a library, to which an app adds tags and filters of its own."""
    return Library()


def register_template_library(package_name):
    """Let templates use the tags and filters of a module, whose library is named `register`."""
    if package_name not in _LIBRARIES:
        _LIBRARIES.append(package_name)

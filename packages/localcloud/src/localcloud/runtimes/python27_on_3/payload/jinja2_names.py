"""Names that Jinja2 dropped in 3.1, and that apps written for App Engine's 2.6 use: Google's own samples among them."""

import jinja2
import jinja2.ext
import markupsafe


class BuiltIn(jinja2.ext.Extension):
    """An extension that became part of the language itself, so that there is nothing left for it to do."""


def install():
    """Make the names known to this process; webapp2_extras.jinja2 asks for the extensions by itself."""
    jinja2.ext.autoescape = jinja2.ext.with_ = BuiltIn
    jinja2.Markup, jinja2.escape = markupsafe.Markup, markupsafe.escape
    jinja2.contextfilter = jinja2.contextfunction = jinja2.pass_context
    jinja2.environmentfilter = jinja2.environmentfunction = jinja2.pass_environment
    jinja2.evalcontextfilter = jinja2.evalcontextfunction = jinja2.pass_eval_context

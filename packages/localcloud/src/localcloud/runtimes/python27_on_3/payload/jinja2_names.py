"""Names that Jinja2 dropped in 3.1, and that apps written for App Engine's 2.6 use, such as Google's own samples."""

import jinja2
import jinja2.ext
import markupsafe


class BuiltIn(jinja2.ext.Extension):
    """An extension that is built into Jinja2 by now, so it does nothing."""


def install():
    """Define the names in this process; webapp2_extras.jinja2 uses the extensions."""
    jinja2.ext.autoescape = jinja2.ext.with_ = BuiltIn
    jinja2.Markup, jinja2.escape = markupsafe.Markup, markupsafe.escape
    jinja2.contextfilter = jinja2.contextfunction = jinja2.pass_context
    jinja2.environmentfilter = jinja2.environmentfunction = jinja2.pass_environment
    jinja2.evalcontextfilter = jinja2.evalcontextfunction = jinja2.pass_eval_context

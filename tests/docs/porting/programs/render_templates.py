"""Renders templates by Django or by Flask's Jinja2, and answers the texts. Python 2 reads this file, too.

The job has the engine, the templates by name, a source that defines `context`, and the sources of filters and tags.
"""

import json
import logging
import os
import shutil
import sys
import tempfile
import types


def run_source(source):
    """Return the names that a source defines."""
    names = {"__name__": "page"}
    exec(compile(source, "page.py", "exec"), names)
    return names


def django_renderer(directory, job):
    """Return a function that renders by the installed Django."""
    import django
    from django.conf import settings
    from django.template import Context, Engine

    urls = types.ModuleType("urls")
    sys.modules["urls"] = urls
    sys.modules["shop_tags"] = types.ModuleType("shop_tags")
    settings.configure(USE_TZ=False, USE_I18N=False, ROOT_URLCONF="urls")
    django.setup()
    from django.urls import path

    urls.urlpatterns = [path("item/<int:number>", lambda request, number: None, name="item")]
    vars(sys.modules["shop_tags"]).update(run_source(job["library"]))
    engine = Engine(dirs=[directory], libraries={"shop_tags": "shop_tags"})
    return lambda name, context: engine.get_template(name).render(Context(context))


def webapp_renderer(directory, job):
    """Return a function that renders by the Django 1.2 in App Engine's SDK, as google.appengine.ext.webapp does."""
    from google.appengine.ext.webapp import template

    def render(name, context):
        return template.render(os.path.join(directory, name), context)

    import shop

    shop.shop_tags = sys.modules["shop.shop_tags"] = types.ModuleType("shop.shop_tags")
    vars(shop.shop_tags).update(run_source(job["webapp library"]))
    template.register_template_library("shop.shop_tags")
    return render


def flask_renderer(directory, job):
    """Return a function that renders by Flask."""
    from flask import render_template

    app = run_source(job["app"])["app"]
    app.template_folder = directory

    def render(name, context):
        with app.test_request_context():
            return render_template(name, **context)

    return render


RENDERERS = {"django": django_renderer, "flask": flask_renderer, "webapp": webapp_renderer}


def text(render, name, context):
    """Return a rendered template, or the name of the error."""
    try:
        return {"text": render(name, context)}
    except Exception as error:
        return {"error": type(error).__name__}


def main(job):
    """Print the text of each template."""
    directory = tempfile.mkdtemp()
    try:
        for name, source in job["templates"].items():
            with open(os.path.join(directory, name), "wb") as file:
                file.write(source.encode("utf-8"))
        render = RENDERERS[job["engine"]](directory, job)
        names = job["templates"]
        json.dump({name: text(render, name, run_source(job["context"])["context"]) for name in names}, sys.stdout)
    finally:
        shutil.rmtree(directory)


logging.disable(logging.CRITICAL)
main(json.load(sys.stdin))

"""Texts of which tests put their app.yaml together, and a main.py for it."""

APP = "app = None\n"
PYTHON27 = "runtime: python27\napi_version: 1\nthreadsafe: true\n"
CGI = "runtime: python\napi_version: 1\nhandlers:\n"
ALL_TO_MAIN = "handlers:\n- url: .*\n  script: main.app\n"

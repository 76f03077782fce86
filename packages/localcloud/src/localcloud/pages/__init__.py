"""The base of local pages in the browser, such as the console: a guarded server, form tokens, and a first look.

- `app`: `make_page_app`, a Flask app with the guard and the shared templates and styles.
- `guard`: a token in each form, and the policy of what a page may load.
- `wsgi`: serves a WSGI app on a listener that refuses requests of foreign pages.
"""

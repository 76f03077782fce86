import os

from flask import abort

# The visitor's address: what the last PROXY_HOPS proxies wrote, never more
PROXY_HOPS = int(os.environ.get('PROXY_HOPS', 1))


def check(request, path, methods):
    """Answer 404 to other paths and 405 to other methods, as a route does."""
    if request.path != path:
        abort(404)
    if request.method not in methods:
        abort(405, methods)


def visitor_address(request):
    """Return the address of the visitor behind the proxies."""
    remote_addr = request.remote_addr
    forwarded_for = request.headers.get('X-Forwarded-For', remote_addr).split(',')
    if 0 < PROXY_HOPS <= len(forwarded_for):
        remote_addr = forwarded_for[-PROXY_HOPS].strip()
    return remote_addr

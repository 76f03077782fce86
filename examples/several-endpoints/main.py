from datetime import datetime, timezone
import os

from flask import abort, redirect, render_template
from google.cloud import datastore

# The visitor's address: what the last PROXY_HOPS proxies wrote, never more
PROXY_HOPS = int(os.environ.get('PROXY_HOPS', 1))
client = datastore.Client()


def store_visit(remote_addr, name):
    """Create a new Visit entity in Datastore."""
    visit = datastore.Entity(client.key('Visit'), exclude_from_indexes=['visitor'])
    visit['visitor'] = '%s: %s' % (remote_addr, name)
    visit['timestamp'] = datetime.now(timezone.utc)
    client.put(visit, timeout=10)


def fetch_visits(limit):
    """Return the most recent visits, newest first."""
    query = client.query(kind='Visit', order=['-timestamp'])
    return list(query.fetch(limit, timeout=10))


def visitor_address(request):
    """Return the address of the visitor behind the proxies."""
    remote_addr = request.remote_addr
    forwarded_for = request.headers.get('X-Forwarded-For', remote_addr).split(',')
    if 0 < PROXY_HOPS <= len(forwarded_for):
        remote_addr = forwarded_for[-PROXY_HOPS].strip()
    return remote_addr


def page(request):
    """Store a visit, and show the last ones."""
    store_visit(visitor_address(request), request.headers.get('User-Agent', ''))
    return render_template('index.html', visits=fetch_visits(10))


def visits(request):
    """Return the last visits to another program, as JSON."""
    return [{'visitor': visit['visitor'], 'timestamp': visit['timestamp'].isoformat()}
            for visit in fetch_visits(100)]


def sign(request):
    """Store a visit under a name, and go back to the page."""
    name = request.form.get('name', '').strip()
    if not 0 < len(name) <= 100:
        abort(400)
    store_visit(visitor_address(request), name)
    return redirect('/', 303)


ENDPOINTS = {
    '/': (page, ['GET', 'HEAD']),
    '/visits': (visits, ['GET', 'HEAD']),
    '/sign': (sign, ['POST']),
}


def visitme(request):
    """Entry point: call the endpoint of the path."""
    if request.path not in ENDPOINTS:
        abort(404)
    endpoint, methods = ENDPOINTS[request.path]
    if request.method not in methods:
        abort(405, methods)
    return endpoint(request)

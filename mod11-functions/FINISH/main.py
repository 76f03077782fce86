import os

from flask import abort, render_template
from google.cloud import ndb

# The visitor's address: what the last PROXY_HOPS proxies wrote, never more
PROXY_HOPS = int(os.environ.get('PROXY_HOPS', 1))
client = ndb.Client()


class Visit(ndb.Model):
    """A visit: who came, and when (UTC)."""
    visitor = ndb.TextProperty()
    timestamp = ndb.DateTimeProperty(auto_now_add=True)


def store_visit(remote_addr, user_agent):
    """Create a new Visit entity in Datastore."""
    Visit(visitor='%s: %s' % (remote_addr, user_agent)).put(timeout=10)


def fetch_visits(limit):
    """Return the most recent visits, newest first."""
    return Visit.query().order(-Visit.timestamp).fetch(limit, timeout=10)


def visitme(request):
    """Main application handler."""
    if request.path != '/':
        abort(404)
    if request.method not in ('GET', 'HEAD'):
        abort(405, ['GET', 'HEAD'])
    remote_addr = request.remote_addr
    forwarded_for = request.headers.get('X-Forwarded-For', remote_addr).split(',')
    if 0 < PROXY_HOPS <= len(forwarded_for):
        remote_addr = forwarded_for[-PROXY_HOPS].strip()
    with client.context():
        store_visit(remote_addr, request.headers.get('User-Agent', ''))
        visits = fetch_visits(10)
    return render_template('index.html', visits=visits)

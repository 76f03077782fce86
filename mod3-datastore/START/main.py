import os

from flask import Flask, render_template, request
from google.cloud import ndb
from werkzeug.middleware.proxy_fix import ProxyFix

app = Flask(__name__)
# The visitor's address: what the last PROXY_HOPS proxies wrote, never more
app.wsgi_app = ProxyFix(app.wsgi_app, x_for=int(os.environ.get('PROXY_HOPS', 1)))
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


@app.route('/')
def root():
    """Main application handler."""
    with client.context():
        store_visit(request.remote_addr, request.headers.get('User-Agent', ''))
        visits = fetch_visits(10)
    return render_template('index.html', visits=visits)

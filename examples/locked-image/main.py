from datetime import datetime, timezone
import os

from flask import Flask, render_template, request
from google.cloud import datastore
from werkzeug.middleware.proxy_fix import ProxyFix

app = Flask(__name__)
# The visitor's address: what the last PROXY_HOPS proxies wrote, never more
app.wsgi_app = ProxyFix(app.wsgi_app, x_for=int(os.environ.get('PROXY_HOPS', 1)))
client = datastore.Client()


def store_visit(remote_addr, user_agent):
    """Create a new Visit entity in Datastore."""
    visit = datastore.Entity(client.key('Visit'), exclude_from_indexes=['visitor'])
    visit['visitor'] = '%s: %s' % (remote_addr, user_agent)
    visit['timestamp'] = datetime.now(timezone.utc)
    client.put(visit, timeout=10)


def fetch_visits(limit):
    """Return the most recent visits, newest first."""
    query = client.query(kind='Visit', order=['-timestamp'])
    return list(query.fetch(limit, timeout=10))


@app.route('/')
def root():
    """Main application handler."""
    store_visit(request.remote_addr, request.headers.get('User-Agent', ''))
    visits = fetch_visits(10)
    return render_template('index.html', visits=visits)

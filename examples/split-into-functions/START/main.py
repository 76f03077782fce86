from datetime import datetime, timezone
import os

from flask import Flask, abort, redirect, render_template, request
from google.cloud import datastore
from werkzeug.middleware.proxy_fix import ProxyFix

app = Flask(__name__)
# The visitor's address: what the last PROXY_HOPS proxies wrote, never more
app.wsgi_app = ProxyFix(app.wsgi_app, x_for=int(os.environ.get('PROXY_HOPS', 1)))
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


@app.route('/')
def page():
    """Store a visit, and show the last ones."""
    store_visit(request.remote_addr, request.headers.get('User-Agent', ''))
    return render_template('index.html', visits=fetch_visits(10))


@app.route('/visits')
def visits():
    """Return the last visits to another program, as JSON."""
    return [{'visitor': visit['visitor'], 'timestamp': visit['timestamp'].isoformat()}
            for visit in fetch_visits(100)]


@app.route('/sign', methods=['POST'])
def sign():
    """Store a visit under a name, and go back to the page."""
    name = request.form.get('name', '').strip()
    if not 0 < len(name) <= 100:
        abort(400)
    store_visit(request.remote_addr, name)
    return redirect('/', 303)

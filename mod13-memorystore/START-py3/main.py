import json

from flask import Flask, render_template, request
from google.appengine.api import memcache, wrap_wsgi_app
from google.appengine.ext import ndb

HOUR = 3600
app = Flask(__name__)
app.wsgi_app = wrap_wsgi_app(app.wsgi_app)


class Visit(ndb.Model):
    """A visit: who came, and when (UTC)."""
    visitor = ndb.TextProperty()
    timestamp = ndb.DateTimeProperty(auto_now_add=True)


def store_visit(remote_addr, user_agent):
    """Create a new Visit entity in Datastore."""
    Visit(visitor='%s: %s' % (remote_addr, user_agent)).put()


def fetch_visits(limit):
    """Return the most recent visits, newest first, as data a cache can hold."""
    visits = Visit.query().order(-Visit.timestamp).fetch(limit)
    return [{'timestamp': visit.timestamp.ctime(), 'visitor': visit.visitor}
            for visit in visits]


def cached_visits():
    """Return the cached visits, or [] if there are none that this version can read."""
    try:
        visits = json.loads(memcache.get('visits') or '[]')
        return [{'timestamp': visit['timestamp'], 'visitor': visit['visitor']}
                for visit in visits]
    except Exception as error:  # another version's value can fail in any way
        app.logger.warning('Cannot read the cached visits: %r', error)
        return []


@app.route('/')
def root():
    """Main application handler."""
    remote_addr = request.remote_addr
    user_agent = request.headers.get('User-Agent', '')
    visits = cached_visits()
    # The same visitor within the hour gets the cached list and adds no visit
    if not visits or visits[0]['visitor'] != '%s: %s' % (remote_addr, user_agent):
        store_visit(remote_addr, user_agent)
        visits = fetch_visits(10)
        memcache.set('visits', json.dumps(visits), time=HOUR)  # add() keeps the old
    return render_template('index.html', visits=visits)

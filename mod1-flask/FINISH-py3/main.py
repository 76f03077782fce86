from flask import Flask, render_template, request
from google.appengine.api import wrap_wsgi_app
from google.appengine.ext import ndb

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
    """Return the most recent visits, newest first."""
    return Visit.query().order(-Visit.timestamp).fetch(limit)


@app.route('/')
def root():
    """Main application handler."""
    store_visit(request.remote_addr, request.headers.get('User-Agent', ''))
    visits = fetch_visits(10)
    return render_template('index.html', visits=visits)

import os

from google.appengine.ext import ndb
from google.appengine.ext.webapp import template
import webapp2


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


class MainHandler(webapp2.RequestHandler):
    """Main application handler."""

    def get(self):
        user_agent = self.request.headers.get('User-Agent', '')
        if isinstance(user_agent, bytes):  # webapp2 on Python 2 hands out bytes
            user_agent = user_agent.decode('latin-1')
        store_visit(self.request.remote_addr, user_agent)
        visits = fetch_visits(10)
        path = os.path.join(os.path.dirname(__file__), 'index.html')
        self.response.out.write(template.render(path, {'visits': visits}))

    head = get  # webapp2 answers HEAD only if told to


app = webapp2.WSGIApplication([('/', MainHandler)])

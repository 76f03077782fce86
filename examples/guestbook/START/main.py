import json
import os
import uuid

from google.appengine.api import app_identity, mail, memcache, taskqueue, users
from google.appengine.ext import ndb
import jinja2
import webapp2
from webapp2_extras import sessions

MINUTE = 60
PER_PAGE = 10
TEMPLATES = os.path.join(os.path.dirname(__file__), 'templates')
JINJA = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True)


class Secret(ndb.Model):
    """A random text that only this app knows."""
    text = ndb.StringProperty(indexed=False)


class Greeting(ndb.Model):
    """A greeting: who wrote it, what, and when (UTC)."""
    author = ndb.StringProperty()
    author_id = ndb.StringProperty()
    message = ndb.StringProperty(indexed=False)
    date = ndb.DateTimeProperty(auto_now_add=True)


def session_secret():
    """Return the text that signs sessions. The first instance makes it."""
    return str(Secret.get_or_insert('sessions', text=uuid.uuid4().hex).text)


def store_greeting(user, message):
    """Create a new Greeting entity, and a task to mail it."""
    greeting = Greeting(author=user.nickname(), author_id=user.user_id(),
                        message=message)
    greeting.put()
    memcache.delete('count')
    taskqueue.add(url='/tasks/mail', queue_name='mail',
                  params={'id': greeting.key.id()})


def fetch_greetings(page):
    """Return a page of greetings, newest first, and whether there are more."""
    query = Greeting.query().order(-Greeting.date)
    greetings = query.fetch(PER_PAGE + 1, offset=(page - 1) * PER_PAGE)
    return greetings[:PER_PAGE], len(greetings) > PER_PAGE


def fetch_greetings_of(author):
    """Return the most recent greetings of an author, or of all, newest first."""
    query = Greeting.query().order(-Greeting.date)
    if author:
        query = query.filter(Greeting.author == author)
    return query.fetch(PER_PAGE)


def count_greetings():
    """Return the number of greetings, which is cached for a minute."""
    count = memcache.get('count')
    if count is None:
        count = Greeting.query().count()
        memcache.set('count', count, time=MINUTE)
    return count


class BaseHandler(webapp2.RequestHandler):
    """A handler with a session, which is in a signed cookie."""

    def dispatch(self):
        self.session_store = sessions.get_store(request=self.request)
        try:
            super(BaseHandler, self).dispatch()
        finally:
            self.session_store.save_sessions(self.response)

    @webapp2.cached_property
    def session(self):
        return self.session_store.get_session()

    def csrf_token(self):
        """Return the token that this visitor's forms have to send."""
        if 'csrf' not in self.session:
            self.session['csrf'] = uuid.uuid4().hex
        return self.session['csrf']

    def check_csrf_token(self):
        """Refuse a form that another site has made."""
        if self.request.get('csrf') != self.csrf_token():
            self.abort(403)


class MainHandler(BaseHandler):
    """Show a page of greetings, and the form to those who have signed in."""

    def get(self):
        page = self.request.get_range('page', 1, 100, default=1)
        greetings, has_more = fetch_greetings(page)
        user = users.get_current_user()
        self.response.write(JINJA.get_template('index.html').render(
            greetings=greetings, page=page, has_more=has_more, count=count_greetings(),
            user=user, csrf=self.csrf_token() if user else None,
            flashes=[text for text, _ in self.session.get_flashes()],
            login_url=users.create_login_url('/'),
            logout_url=users.create_logout_url('/')))

    head = get  # webapp2 answers HEAD only if told to


class SignHandler(BaseHandler):
    """Store a greeting."""

    def post(self):
        self.check_csrf_token()
        message = self.request.get('message').strip()[:500]
        if message:
            store_greeting(users.get_current_user(), message)
            self.session.add_flash('Thank you for your greeting.')
        else:
            self.session.add_flash('Please write something first.')
        self.redirect('/')


class DeleteHandler(BaseHandler):
    """Delete a greeting, if the visitor wrote it."""

    def post(self, number):
        self.check_csrf_token()
        greeting = Greeting.get_by_id(int(number))
        if not greeting or greeting.author_id != users.get_current_user().user_id():
            self.abort(404)
        greeting.key.delete()
        memcache.delete('count')
        self.session.add_flash('Your greeting is deleted.')
        self.redirect('/')


class JsonHandler(webapp2.RequestHandler):
    """List the most recent greetings, of all or of one author, for programs."""

    def get(self):
        greetings = [
            {'author': greeting.author, 'message': greeting.message,
             'date': greeting.date.isoformat()}
            for greeting in fetch_greetings_of(self.request.get('author'))]
        self.response.headers['Content-Type'] = 'application/json'
        self.response.write(json.dumps({'greetings': greetings}))

    head = get


class MailHandler(webapp2.RequestHandler):
    """Mail a greeting to the administrators. The task queue calls this."""

    def post(self):
        greeting = Greeting.get_by_id(int(self.request.get('id')))
        if greeting:  # its author may have deleted it
            sender = 'guestbook@%s.appspotmail.com' % app_identity.get_application_id()
            subject = 'A greeting of %s' % greeting.author
            mail.send_mail_to_admins(sender, subject, greeting.message)


app = webapp2.WSGIApplication([
    ('/', MainHandler),
    ('/sign', SignHandler),
    (r'/delete/(\d+)', DeleteHandler),
    ('/greetings.json', JsonHandler),
    ('/tasks/mail', MailHandler),
], config={'webapp2_extras.sessions': {
    'secret_key': session_secret(),
    'cookie_args': {'secure': True, 'httponly': True},
}})

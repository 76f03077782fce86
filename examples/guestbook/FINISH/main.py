import uuid

from flask import (Flask, abort, flash, get_flashed_messages, jsonify, redirect,
                   render_template, request, session)
from google.appengine.api import (app_identity, mail, memcache, taskqueue, users,
                                  wrap_wsgi_app)
from google.cloud import ndb

MINUTE = 60
PER_PAGE = 10
app = Flask(__name__)
app.config.update(SESSION_COOKIE_SECURE=True, SESSION_COOKIE_SAMESITE='Lax')
client = ndb.Client()


def with_context(wsgi_app):
    """Open one Datastore context around each request."""
    def wrapped(environ, start_response):
        with client.context():
            return wsgi_app(environ, start_response)
    return wrapped


app.wsgi_app = wrap_wsgi_app(with_context(app.wsgi_app))


class Secret(ndb.Model):
    """A random text that only this app knows."""
    text = ndb.TextProperty()


class Greeting(ndb.Model):
    """A greeting: who wrote it, what, and when (UTC)."""
    author = ndb.StringProperty()
    author_id = ndb.StringProperty()
    message = ndb.TextProperty()
    date = ndb.DateTimeProperty(auto_now_add=True)


def session_secret():
    """Return the text that signs sessions. The first instance makes it."""
    return Secret.get_or_insert('sessions', text=uuid.uuid4().hex).text


def store_greeting(user, message):
    """Create a new Greeting entity, and a task to mail it."""
    greeting = Greeting(author=user.nickname(), author_id=user.user_id(),
                        message=message)
    greeting.put(timeout=10)
    memcache.delete('count')
    taskqueue.add(url='/tasks/mail', queue_name='mail',
                  params={'id': greeting.key.id()})


def fetch_greetings(page):
    """Return a page of greetings, newest first, and whether there are more."""
    query = Greeting.query().order(-Greeting.date)
    greetings = query.fetch(PER_PAGE + 1, offset=(page - 1) * PER_PAGE, timeout=10)
    return greetings[:PER_PAGE], len(greetings) > PER_PAGE


def fetch_greetings_of(author):
    """Return the most recent greetings of an author, or of all, newest first."""
    query = Greeting.query().order(-Greeting.date)
    if author:
        query = query.filter(Greeting.author == author)
    return query.fetch(PER_PAGE, timeout=10)


def count_greetings():
    """Return the number of greetings, which is cached for a minute."""
    count = memcache.get('count')
    if count is None:
        count = Greeting.query().count(timeout=10)
        memcache.set('count', count, time=MINUTE)
    return count


def csrf_token():
    """Return the token that this visitor's forms have to send."""
    if 'csrf' not in session:
        session['csrf'] = uuid.uuid4().hex
    return session['csrf']


def check_csrf_token():
    """Refuse a form that another site has made."""
    if request.values.get('csrf') != csrf_token():
        abort(403)


@app.after_request
def forbid_caching(response):
    """Let no cache show a visitor's page to another, as webapp2 did by itself."""
    if response.status_code < 400:
        response.headers['Cache-Control'] = 'no-cache'
    return response


@app.route('/')
def root():
    """Show a page of greetings, and the form to those who have signed in."""
    page = min(max(request.values.get('page', 1, type=int), 1), 100)
    greetings, has_more = fetch_greetings(page)
    user = users.get_current_user()
    return render_template(
        'index.html',
        greetings=greetings, page=page, has_more=has_more, count=count_greetings(),
        user=user, csrf=csrf_token() if user else None,
        flashes=get_flashed_messages(),
        login_url=users.create_login_url('/'),
        logout_url=users.create_logout_url('/'))


@app.route('/sign', methods=['POST'])
def sign():
    """Store a greeting."""
    check_csrf_token()
    message = request.values.get('message', '').strip()[:500]
    if message:
        store_greeting(users.get_current_user(), message)
        flash('Thank you for your greeting.')
    else:
        flash('Please write something first.')
    return redirect('/')


@app.route('/delete/<int:number>', methods=['POST'])
def delete(number):
    """Delete a greeting, if the visitor wrote it."""
    check_csrf_token()
    greeting = Greeting.get_by_id(number, timeout=10)
    if not greeting or greeting.author_id != users.get_current_user().user_id():
        abort(404)
    greeting.key.delete(timeout=10)
    memcache.delete('count')
    flash('Your greeting is deleted.')
    return redirect('/')


@app.route('/greetings.json')
def list_greetings():
    """List the most recent greetings, of all or of one author, for programs."""
    greetings = [
        {'author': greeting.author, 'message': greeting.message,
         'date': greeting.date.isoformat()}
        for greeting in fetch_greetings_of(request.values.get('author'))]
    return jsonify({'greetings': greetings})


@app.route('/tasks/mail', methods=['POST'])
def mail_greeting():
    """Mail a greeting to the administrators. The task queue calls this."""
    greeting = Greeting.get_by_id(int(request.values['id']), timeout=10)
    if greeting:  # its author may have deleted it
        sender = 'guestbook@%s.appspotmail.com' % app_identity.get_application_id()
        subject = 'A greeting of %s' % greeting.author
        mail.send_mail_to_admins(sender, subject, greeting.message)
    return ''


with client.context():
    app.secret_key = session_secret()

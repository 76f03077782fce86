import json
import os

from flask import Flask, render_template, request
from google.cloud import ndb
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from werkzeug.middleware.proxy_fix import ProxyFix

HOUR = 3600
app = Flask(__name__)
# The visitor's address: what the last PROXY_HOPS proxies wrote, never more
app.wsgi_app = ProxyFix(app.wsgi_app, x_for=int(os.environ.get('PROXY_HOPS', 1)))
client = ndb.Client()
REDIS_HOST = os.environ.get('REDIS_HOST', 'localhost')
REDIS_TLS = os.environ.get('REDIS_TLS')
# A name has to be in the certificate; Memorystore's has no address to check
cache = redis.Redis(host=REDIS_HOST, port=int(os.environ.get('REDIS_PORT', 6379)),
                    password=os.environ.get('REDIS_PASSWORD'),
                    ssl=bool(REDIS_TLS), ssl_ca_certs=REDIS_TLS,
                    ssl_check_hostname=not REDIS_HOST.replace('.', '').isdigit(),
                    socket_connect_timeout=1, socket_timeout=1,
                    retry=Retry(NoBackoff(), 1, (redis.ConnectionError,)))


class Visit(ndb.Model):
    """A visit: who came, and when (UTC)."""
    visitor = ndb.TextProperty()
    timestamp = ndb.DateTimeProperty(auto_now_add=True)


def store_visit(remote_addr, user_agent):
    """Create a new Visit entity in Datastore."""
    Visit(visitor='%s: %s' % (remote_addr, user_agent)).put(timeout=10)


def fetch_visits(limit):
    """Return the most recent visits, newest first, as data a cache can hold."""
    visits = Visit.query().order(-Visit.timestamp).fetch(limit, timeout=10)
    return [{'timestamp': visit.timestamp.ctime(), 'visitor': visit.visitor}
            for visit in visits]


def cache_get(key):
    """Return the cached value, or None: a cache that is down is an empty one."""
    try:
        return cache.get(key)
    except redis.RedisError as error:
        app.logger.warning('Cannot read from Redis at %s: %s', REDIS_HOST, error)
        return None


def cache_set(key, value, seconds):
    """Cache the value for so many seconds, if there is a cache."""
    try:
        cache.set(key, value, ex=seconds)
    except redis.RedisError as error:
        app.logger.warning('Cannot write to Redis at %s: %s', REDIS_HOST, error)


def cached_visits():
    """Return the cached visits, or [] if there are none that this version can read."""
    try:
        visits = json.loads(cache_get('visitme:visits') or '[]')
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
        with client.context():
            store_visit(remote_addr, user_agent)
            visits = fetch_visits(10)
        cache_set('visitme:visits', json.dumps(visits), HOUR)
    return render_template('index.html', visits=visits)

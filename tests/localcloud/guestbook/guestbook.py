"""A guestbook as people wrote them for App Engine's first generation: users, blobs, tasks and mails."""

import os

import jinja2
import webapp2
from google.appengine.api import images, mail, taskqueue, users
from google.appengine.ext import blobstore, deferred, ndb
from google.appengine.ext.webapp import blobstore_handlers

OWNER = "owner@example.com"
SENDER = "guestbook@demo.appspotmail.com"
JINJA = jinja2.Environment(loader=jinja2.FileSystemLoader(os.path.dirname(__file__)), autoescape=True)


class Greeting(ndb.Model):
    author = ndb.StringProperty()
    content = ndb.TextProperty()
    picture = ndb.BlobKeyProperty()
    told = ndb.BooleanProperty(default=False)
    counted = ndb.IntegerProperty()
    date = ndb.DateTimeProperty(auto_now_add=True)


def count(key):
    greeting = key.get()
    greeting.counted = Greeting.query().count()
    greeting.put()


def keep(greeting):
    """Store a greeting, with a task and a deferred function for it."""

    def save():
        key = greeting.put()
        taskqueue.add(url="/tasks/tell", queue_name="tellers", params={"key": key.urlsafe()}, transactional=True)
        deferred.defer(count, key, _transactional=True)

    ndb.transaction(save, xg=True)


class Main(webapp2.RequestHandler):
    def get(self):
        user = users.get_current_user()
        link = users.create_logout_url("/") if user else users.create_login_url("/")
        template = JINJA.get_template("page.html")
        self.response.write(
            template.render(
                user=user,
                name=user.nickname() if user else "nobody",
                link=link,
                greetings=Greeting.query().order(Greeting.date),
                thumbnail=lambda key: images.get_serving_url(key, 32, crop=True),
                info=blobstore.BlobInfo.get,
            )
        )


class New(webapp2.RequestHandler):
    def get(self):
        url = blobstore.create_upload_url("/sign", max_bytes_per_blob=100000)
        self.response.write(
            '<form action="%s" method="post" enctype="multipart/form-data">'
            '<input name="content"><input name="picture" type="file"><input type="submit"></form>' % url
        )


class Sign(blobstore_handlers.BlobstoreUploadHandler):
    def post(self):
        pictures = self.get_uploads("picture")
        keep(
            Greeting(
                author=users.get_current_user().email(),
                content=self.request.get("content"),
                picture=pictures[0].key() if pictures else None,
            )
        )
        self.redirect("/")


class Picture(blobstore_handlers.BlobstoreDownloadHandler):
    def get(self, key):
        if not blobstore.get(key):
            self.abort(404)
        self.send_blob(key)


class Tell(webapp2.RequestHandler):
    def post(self):
        if self.request.headers["X-AppEngine-TaskRetryCount"] == "0":
            self.abort(503)
        greeting = ndb.Key(urlsafe=self.request.get("key")).get()
        mail.send_mail(SENDER, OWNER, "A greeting of %s" % greeting.author, greeting.content)
        greeting.told = True
        greeting.put()


class Digest(webapp2.RequestHandler):
    def get(self):
        if self.request.headers.get("X-Appengine-Cron") != "true":
            self.abort(403)
        mail.send_mail(SENDER, OWNER, "All greetings", "There are %d." % Greeting.query().count())


class Received(webapp2.RequestHandler):
    def post(self):
        message = mail.InboundEmailMessage(self.request.body)
        body = next(message.bodies("text/plain"))[1].decode()
        keep(Greeting(author=message.sender, content=body.strip()))


application = webapp2.WSGIApplication(
    [
        ("/", Main),
        ("/new", New),
        ("/sign", Sign),
        ("/picture/(.*)", Picture),
        ("/tasks/tell", Tell),
        ("/tasks/digest", Digest),
        ("/_ah/mail/.+", Received),
    ]
)

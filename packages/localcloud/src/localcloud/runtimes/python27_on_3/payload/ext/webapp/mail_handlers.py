"""google.appengine.ext.webapp.mail_handlers: mails that App Engine delivers, as requests to handlers of webapp2."""

from google.appengine.api import mail
from google.appengine.ext import webapp

MAIL_HANDLER_URL_PATTERN = "/_ah/mail/.+"
BOUNCE_NOTIFICATION_HANDLER_URL_PATH = "/_ah/bounce"

BounceNotification = mail.BounceNotification


class InboundMailHandler(webapp.RequestHandler):
    """A handler whose `receive` gets each mail."""

    def post(self):
        """Read the mail in the request's body."""
        self.receive(mail.InboundEmailMessage(self.request.body))

    def receive(self, mail_message):
        """Do nothing; subclasses override this."""

    @classmethod
    def mapping(cls):
        """Return the route of this handler."""
        return MAIL_HANDLER_URL_PATTERN, cls


class BounceNotificationHandler(webapp.RequestHandler):
    """A handler whose `receive` gets each mail that came back."""

    def post(self):
        """Read the notification in the request's form."""
        self.receive(BounceNotification(self.request.POST))

    def receive(self, bounce_notification):
        """Do nothing; subclasses override this."""

    @classmethod
    def mapping(cls):
        """Return the route of this handler."""
        return BOUNCE_NOTIFICATION_HANDLER_URL_PATH, cls

"""The one exception a user's mistake is reported with."""


class LocalCloudError(Exception):
    """A mistake the user can mend.

    The message is one line: where, what was expected, what was found, what to do next. The command line prints
    it without a traceback and exits 1; anything else that escapes is a bug and keeps its traceback.
    """

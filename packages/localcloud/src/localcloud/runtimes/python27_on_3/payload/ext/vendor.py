"""google.appengine.ext.vendor: `add` does nothing, as lib/ holds packages for Python 2 and the environment has them."""


def add(path, index=1):
    """Leave the path alone."""

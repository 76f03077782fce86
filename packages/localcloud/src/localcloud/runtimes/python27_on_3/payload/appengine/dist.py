"""google.appengine.dist: old apps choose the version of a library with it; here there is one of each."""


def use_library(name, version):
    """Do nothing: the version is that of the environment."""

"""Advice that several messages end with."""

ON_PYTHON27 = "run the app on a real Python 2.7 with --python27 (pyenv install 2.7.18 installs one)"
"""What to do about a part of an old app that Python 3 cannot run."""

"""Prints what the commands return, for a person at a terminal.

- `learner`: `Terminal`, for the commands of a learner.
- `assessment`: an assessment. Only `codelab assess` imports it, with all that reads an app.
"""

from codelab.terminal.learner import Terminal

__all__ = ["Terminal"]

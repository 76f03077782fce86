"""Prints what the commands return, for a person at a terminal."""

from codelab.terminal.assessment import print_assessment
from codelab.terminal.learner import Terminal

__all__ = ["Terminal", "print_assessment"]

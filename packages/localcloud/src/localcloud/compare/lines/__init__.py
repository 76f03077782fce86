"""Answers and effects as lines of text."""

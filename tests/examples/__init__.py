"""The texts are checked against the code."""

"""A module beside the code of the page about Python 2."""

VAT = 19

"""The grammar of Python 2: whether text that Python 3 cannot read is Python 2 at all."""

from __future__ import annotations


def is_python2(text: str) -> bool:
    """Return whether Python 2's grammar takes the text. Takes a tenth of a second for its first text."""
    # lib2to3, which Python had until 3.12, in a package of its own.
    from fissix import pygram, pytree
    from fissix.pgen2 import driver, parse, tokenize

    try:
        driver.Driver(pygram.python_grammar, pytree.convert).parse_string(text if text.endswith("\n") else f"{text}\n")
    except (parse.ParseError, tokenize.TokenError, IndentationError, ValueError, RecursionError):
        return False
    return True

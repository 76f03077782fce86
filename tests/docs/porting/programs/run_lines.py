"""Runs lists of lines from standard input, each as code of the module shop.cart, and answers what they give.

That is what they print, or the value of the last line, or the name of the exception. Python 2 reads this file, too.
"""

import ast
import importlib
import io
import json
import sys

TEXT = type(b"".decode("ascii"))


class Output(io.StringIO):
    """Text that is written, also as the bytes of Python 2's print."""

    def write(self, text):
        return io.StringIO.write(self, text if isinstance(text, TEXT) else text.decode("utf-8"))


def run(lines):
    """Return what the lines give."""
    names = {"__name__": "shop.cart", "__package__": "shop"}
    printed, usual = Output(), sys.stdout
    sys.stdout = printed
    try:
        tree = ast.parse("\n".join(lines).encode("utf-8"), "cart.py")
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "cart.py", "exec"), names)
        value = eval(compile(ast.Expression(last.value), "cart.py", "eval"), names) if last else None
    except Exception as error:
        return {"error": type(error).__name__}
    finally:
        sys.stdout = usual
    return {"value": printed.getvalue().rstrip("\n") if printed.getvalue() else value}


def literal(answer):
    """Return an answer as JSON can hold it."""
    return {"literal": repr(answer["value"])} if "value" in answer else answer


importlib.import_module("shop")  # the package of the lines' module: relative imports look for it
json.dump([literal(run(lines)) for lines in json.load(sys.stdin)], sys.stdout)

"""Python 2 text as text that Python 3's `ast` parses, line for line, with what had to be rewritten.

fissix has the grammar of Python 2. The words of its tree are changed in place, so that each name keeps its line. The
rewritten text is only to be read: it does not do what the old one did.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

_OCTAL = re.compile(r"0[0-7]+[lL]?")
# Words of Python 3 that were names in Python 2.
_NEW_WORDS = frozenset({"async", "await", "nonlocal"})


@dataclass(frozen=True)
class Rewritten:
    """A piece of Python 2 syntax by the name of its kind in docs/porting-python2.md."""

    line: int
    kind: str


@dataclass(frozen=True)
class Parsed:
    """A module's tree, and the syntax of Python 2 that it had."""

    tree: ast.Module
    rewritten: tuple[Rewritten, ...] = ()


class UnreadableError(Exception):
    """A text that neither Python 2 nor Python 3 reads."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


def parse_either(text: str) -> Parsed:
    """Return the tree of a module of Python 2 or 3; raises UnreadableError if it is neither."""
    try:
        return Parsed(_parse(text))
    except SyntaxError as error:
        first = error
    except (RecursionError, MemoryError) as error:
        raise UnreadableError(0, "it is nested too deep") from error
    except ValueError as error:  # a NUL byte, before Python 3.12
        raise UnreadableError(0, str(error)) from error
    try:
        rewritten, found = _rewrite(text)
        tree = _parse_indented(rewritten, found)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise UnreadableError(first.lineno or 0, f"neither Python 2 nor Python 3 reads it ({first.msg})") from error
    if not found:
        found.append(Rewritten(first.lineno or 0, "other syntax"))
    return Parsed(tree, tuple(sorted(found, key=lambda item: item.line)))


def _parse_indented(text: str, found: list[Rewritten]) -> ast.Module:
    """Parse a text whose tabs may count as eight columns, as in Python 2."""
    try:
        return _parse(text)
    except TabError as error:
        found.append(Rewritten(error.lineno or 0, "tabs and spaces"))
        return _parse("\n".join(_expand_indentation(line) for line in text.split("\n")))


def _parse(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the app's own: an invalid escape, `is` with a literal
        return ast.parse(text)


def _rewrite(text: str) -> tuple[str, list[Rewritten]]:
    # Imported here, since most files of a newer app need it not.
    from fissix import pygram, pytree
    from fissix.pgen2 import driver, parse, token, tokenize

    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text if text.endswith("\n") else f"{text}\n"
    problem: Exception | None = None
    for grammar in (pygram.python_grammar, pygram.python_grammar_no_print_statement):
        try:
            tree = driver.Driver(grammar, pytree.convert).parse_string(text)
        except (parse.ParseError, tokenize.TokenError, IndentationError) as error:
            problem = error
        else:
            rewriter = _Rewriter(pygram.python_symbols, token.NAME)
            rewriter.visit(tree)
            return str(tree), rewriter.found
    raise ValueError(str(problem))


def _expand_indentation(line: str) -> str:
    code = line.lstrip(" \t\f")
    return line[: len(line) - len(code)].replace("\f", "").expandtabs(8) + code


class _Rewriter:
    """Rewrites a tree of fissix in place, and notes the kind and the line of each change."""

    def __init__(self, symbols: Any, name: int) -> None:
        self.found: list[Rewritten] = []
        self._name = name
        self._rules: dict[int, Callable[[Any], None]] = {
            symbols.print_stmt: self._print,
            symbols.exec_stmt: self._exec,
            symbols.except_clause: self._except,
            symbols.raise_stmt: self._raise,
            symbols.tfpdef: self._pair,
            symbols.vfpdef: self._pair,
            symbols.atom: self._atom,
            symbols.lambdef: self._lambda,
            symbols.old_lambdef: self._lambda,
            symbols.comp_for: self._loop,
        }
        self._lists = (symbols.testlist_safe, symbols.testlist)

    def visit(self, tree: Any) -> None:
        """Rewrite what is in a tree, the inner parts first."""
        for node in tree.post_order():
            if not node.children:
                self._word(node)
            elif rule := self._rules.get(node.type):
                rule(node)

    def _note(self, node: Any, kind: str) -> None:
        self.found.append(Rewritten(node.get_lineno(), kind))

    def _word(self, leaf: Any) -> None:
        value = getattr(leaf, "value", "")
        if value == "<>":
            leaf.value = "!="
            self._note(leaf, "not equal")
        elif value[:1].isdigit():
            if _OCTAL.fullmatch(value):
                leaf.value = f"0o{value.rstrip('lL')}"
                self._note(leaf, "octal numbers")
            elif value[-1] in "lL":
                leaf.value = value[:-1]
                self._note(leaf, "long numbers")
        elif value[:2].lower() == "ur" and value[2:3] in ("'", '"'):
            leaf.value = value[1:]
            self._note(leaf, "raw text")
        elif value in _NEW_WORDS and leaf.type == self._name:
            leaf.value = f"{value}_"
            self._note(leaf, "new words")

    def _print(self, node: Any) -> None:
        to_file = len(node.children) > 1 and getattr(node.children[1], "value", "") == ">>"
        if to_file:
            node.children[1].value = ""
        _call(node, "print")
        self._note(node, "print to a file" if to_file else "print")

    def _exec(self, node: Any) -> None:
        for child in node.children:
            if getattr(child, "value", "") == "in":
                child.value, child.prefix = ",", ""
        _call(node, "exec")
        self._note(node, "exec")

    def _except(self, node: Any) -> None:
        # except CLASS, NAME: the comma is the third child.
        if len(node.children) == 4 and getattr(node.children[2], "value", "") == ",":
            comma, target = node.children[2], node.children[3]
            comma.value, comma.prefix = "as", " "
            if target.children or not target.value.isidentifier():
                _replace(target, "_")
            target.prefix = target.prefix or " "
            self._note(node, "exceptions")

    def _loop(self, node: Any) -> None:
        """Rewrite `[x for x in 1, 2]`, whose list has no brackets."""
        for child in node.children:
            if child.type in self._lists:
                _surround(child, child)

    def _raise(self, node: Any) -> None:
        if any(getattr(child, "value", "") == "," for child in node.children):
            first, last = node.children[1], node.children[-1]
            _surround(first, last)
            self._note(node, "raise")

    def _pair(self, node: Any) -> None:
        if getattr(node.children[0], "value", "") == "(":
            # `lambda(a, b): ...` has no space in front.
            first = _first_leaf(node)
            _replace(node, f"_pair{node.get_lineno()}_{len(self.found)}", prefix=first.prefix or " ")
            self._note(node, "pairs as parameters")

    def _lambda(self, node: Any) -> None:
        """Rewrite `lambda (a, b): ...`, whose one parameter is an atom for some grammars."""
        parameters = node.children[1]
        if parameters.children and getattr(parameters.children[0], "value", "") == "(":
            _replace(parameters, "_pair", prefix=" ")
            self._note(node, "pairs as parameters")

    def _atom(self, node: Any) -> None:
        if getattr(node.children[0], "value", "") == "`":
            node.children[0].value, node.children[-1].value = "repr((", "))"
            self._note(node, "backquotes")


def _call(node: Any, name: str) -> None:
    """Write a statement as the call of a function."""
    word, rest = node.children[0], node.children[1:]
    if not rest:
        word.value = f"{name}()"
        return
    word.value = f"{name}("
    _last_leaf(rest[-1]).value += ")"


def _surround(first: Any, last: Any) -> None:
    start, end = _first_leaf(first), _last_leaf(last)
    start.value = f"({start.value}"
    end.value = f"{end.value})"


def _replace(node: Any, name: str, prefix: str | None = None) -> None:
    """Put a name in place of a node, without changing the number of lines."""
    leaves = list(_leaves(node))
    lines = "".join(leaf.prefix + leaf.value for leaf in leaves[1:]).count("\n")
    leaves[0].value = name + "\\\n" * lines
    if prefix is not None:
        leaves[0].prefix = prefix
    for leaf in leaves[1:]:
        leaf.value = leaf.prefix = ""


def _leaves(node: Any) -> Iterator[Any]:
    return (each for each in node.pre_order() if not each.children)


def _first_leaf(node: Any) -> Any:
    return next(_leaves(node))


def _last_leaf(node: Any) -> Any:
    return list(_leaves(node))[-1]

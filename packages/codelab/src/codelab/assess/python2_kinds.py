"""Python 2 code by kind. A kind has the name of its row in docs/porting-python2.md, if it has one there."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from codelab.assess.guide import Guide
from codelab.assess.imports import Module
from codelab.assess.python2_lists import find_changes_while_read, find_list_methods, iterator_of
from codelab.assess.removed import find_removed, lost_module
from codelab.check.deployable.nodes import last_name

_Found = tuple[str, int, str]
_TYPES = frozenset({"basestring", "unicode", "xrange", "long", "unichr", "buffer", "file"})
_FUNCTIONS = frozenset({"apply", "coerce", "execfile", "intern", "raw_input", "reduce", "reload", "cmp"})
_DICT = frozenset({"iteritems", "iterkeys", "itervalues", "viewitems", "viewkeys", "viewvalues"})
_LISTS_OF_ITERTOOLS = frozenset({"itertools.izip", "itertools.imap", "itertools.ifilter", "itertools.izip_longest"})
_CODECS = frozenset({"hex", "base64", "rot13", "rot-13", "zlib", "bz2", "string-escape", "string_escape"})
_URLS = frozenset(
    {
        "quote",
        "quote_plus",
        "unquote",
        "unquote_plus",
        "urlencode",
        "urlopen",
        "urlretrieve",
        "pathname2url",
        "FancyURLopener",
    }
)
_STRING = frozenset(
    {
        "atof", "atoi", "capitalize", "count", "find", "index", "join", "joinfields", "letters", "lower", "lowercase",
        "lstrip", "maketrans", "replace", "rfind", "rstrip", "split", "splitfields", "strip", "translate", "upper",
        "uppercase", "zfill",
    }
)  # fmt: skip
_RENAMED_NAMES = {
    "sys.maxint": "sys.maxsize", "sys.setdefaultencoding": "nothing: UTF-8 is the default", "os.getcwdu": "os.getcwd",
    "base64.encodestring": "base64.encodebytes", "base64.decodestring": "base64.decodebytes",
    "types.StringType": "str", "types.StringTypes": "str", "types.UnicodeType": "str", "types.ListType": "list",
    "types.DictType": "dict", "types.TupleType": "tuple", "types.IntType": "int", "types.LongType": "int",
    "types.NoneType": "type(None)", "types.ClassType": "type", "types.InstanceType": "object",
    "os.popen2": "subprocess", "os.popen3": "subprocess", "sys.exc_clear": "nothing", "sys.exc_type": "sys.exc_info()",
    "string.letters": "string.ascii_letters", "string.lowercase": "string.ascii_lowercase",
    "string.uppercase": "string.ascii_uppercase",
}  # fmt: skip
_MEMBERS = {
    "__metaclass__": "metaclass",
    "__nonzero__": "truth of an object", "__cmp__": "comparison", "__unicode__": "text of an object",
    "__div__": "division", "__getslice__": "methods with a new name", "__setslice__": "methods with a new name",
    "__delslice__": "methods with a new name", "__coerce__": "methods with a new name",
}  # fmt: skip
# Kinds that no app on Python 3 has.
PROOFS = frozenset({"modules with a new name", "names of types", "names of functions", "URLs", "metaclass"})
# A class that has this one, too, is written for both.
_SUCCESSORS = {"__nonzero__": "__bool__", "__unicode__": "__str__", "__div__": "__truediv__", "__cmp__": "__lt__"}
# Functions that take bytes: the hash of a text.
_HASHES = frozenset(
    {
        "hash",
        "hmac.new",
        "hmac.HMAC",
        "md5.new",
        "md5.md5",
        "sha.new",
        "sha.sha",
        *(f"hashlib.{name}" for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")),
    }
)
# Functions that give bytes.
_BASE64 = frozenset(
    f"base64.{name}" for name in ("b64encode", "urlsafe_b64encode", "b64decode", "urlsafe_b64decode", "b32encode")
)


def find_python2(
    module: Module,
    guide: Guide,
    *,
    runs_on_python2: bool,
    siblings: frozenset[str] = frozenset(),
    own: frozenset[str] = frozenset(),
) -> Iterator[_Found]:
    """Yield the kind, the line and what is there.

    What means something else on Python 2 alone, such as `/`, is a finding only if the app runs there. `siblings` are
    the modules beside this one in its package, which Python 2 imports by their names alone. `own` are the app's other
    modules: one of them may have the name of an old module of Python.
    """
    yield from _imports(module, guide, siblings, own)
    yield from find_removed(module)
    yield from find_list_methods(module)
    guarded = _guarded_names(module)
    for node in module.nodes:
        if isinstance(node, ast.Name):
            if id(node) not in guarded:
                yield from _name(node, module)
        elif isinstance(node, ast.Attribute):
            yield from _attribute(node, module)
        elif isinstance(node, ast.Call):
            yield from _call(node, module)
        elif isinstance(node, ast.ClassDef):
            yield from _class(node)
        elif isinstance(node, ast.Subscript):
            if what := iterator_of(node.value, module):
                kind = "methods of dict" if what.startswith(".") else "lists that are iterators now"
                yield kind, node.lineno, f"{what}[...]"
        elif isinstance(node, ast.ExceptHandler):
            yield from _messages(node)
        elif isinstance(node, ast.For):
            yield from find_changes_while_read(node)
        if runs_on_python2:
            yield from _with_another_meaning(node, module)


def _imports(module: Module, guide: Guide, siblings: frozenset[str], own: frozenset[str]) -> Iterator[_Found]:
    own_level = {
        use.line: use.node.level for use in module.uses if use.is_import and isinstance(use.node, ast.ImportFrom)
    }
    absolute = "__future__.absolute_import" in module.imported
    seen = set()
    for use in module.uses:
        if not use.is_import or own_level.get(use.line) or use.name.startswith("."):
            continue
        top = use.name.partition(".")[0]
        if (use.line, top) in seen:
            continue
        if top in siblings:
            if not absolute:
                seen.add((use.line, top))
                yield "modules of your package", use.line, f"import {use.name}"
        elif top in own:
            continue
        elif top in guide.renamed and use.node not in module.tried:
            seen.add((use.line, top))
            yield "modules with a new name", use.line, f"{top}: {guide.renamed[top]}"
        elif top in guide.gone and use.node not in module.tried:
            seen.add((use.line, top))
            yield "modules that Python 3 has not", use.line, f"{top}: {guide.gone[top]}"
        elif use.node not in module.tried and (lost := lost_module(use.name)):
            seen.add((use.line, top))
            yield "modules that Python 3 has not", use.line, lost
        elif use.name in _LISTS_OF_ITERTOOLS:
            yield "lists that are iterators now", use.line, use.name
        elif use.name.startswith("urllib.") and use.name.partition(".")[2] in _URLS:
            yield "URLs", use.line, use.name


def _guarded_names(module: Module) -> set[int]:
    """Return the ids of names whose absence is expected: `try: text = unicode`, `except NameError: text = str`."""
    return {
        id(node)
        for attempt in module.nodes
        if isinstance(attempt, ast.Try) and any(_catches(handler, "NameError") for handler in attempt.handlers)
        for statement in attempt.body
        for node in ast.walk(statement)
    }


def _catches(handler: ast.ExceptHandler, name: str) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(each is not None and last_name(each) == name for each in caught)


def _name(node: ast.Name, module: Module) -> Iterator[_Found]:
    if not isinstance(node.ctx, ast.Load) or node.id in module.own_names:
        return
    if node.id in _TYPES:
        yield "names of types", node.lineno, node.id
    elif node.id in _FUNCTIONS:
        yield "names of functions", node.lineno, node.id


def _attribute(node: ast.Attribute, module: Module) -> Iterator[_Found]:
    name = module.name_of(node)
    if name in _RENAMED_NAMES:
        yield "names with a new name", node.lineno, f"{name}: {_RENAMED_NAMES[name]}"
    elif name.startswith("string.") and name.partition(".")[2] in _STRING:
        yield "functions of string", node.lineno, name
    elif name in _LISTS_OF_ITERTOOLS:
        yield "lists that are iterators now", node.lineno, name
    elif name.startswith("urllib.") and name.partition(".")[2] in _URLS:
        yield "URLs", node.lineno, name
    elif name == "cgi.escape":
        yield "HTML", node.lineno, name


def _call(node: ast.Call, module: Module) -> Iterator[_Found]:
    line, function = node.lineno, node.func
    name = module.name_of(function)
    if isinstance(function, ast.Attribute):
        method = function.attr
        if method in _DICT and not node.args:
            yield "methods of dict", line, f".{method}()"
        elif method == "has_key" and len(node.args) == 1:
            yield "methods of dict", line, ".has_key()"
        elif method == "next" and not node.args and not node.keywords and "." not in name.rpartition(".next")[0]:
            yield "lists that are iterators now", line, ".next()"
        elif method == "sort" and (node.args or _has_keyword(node, "cmp")):
            yield "sort with cmp", line, ".sort(cmp)"
        elif method in ("encode", "decode") and _codec(node) in _CODECS:
            yield "codecs", line, f'.{method}("{_codec(node)}")'
        elif method == "decode" and isinstance(function.value, ast.Constant) and isinstance(function.value.value, str):
            yield "bytes to text", line, '"...".decode()'
    if isinstance(function, ast.Name) and function.id not in module.own_names:
        if function.id == "sorted" and (len(node.args) > 1 or _has_keyword(node, "cmp")):
            yield "sort with cmp", line, "sorted(cmp)"
        elif function.id == "len" and node.args and (what := iterator_of(node.args[0], module, views=False)):
            yield "lists that are iterators now", line, f"len({what})"
    if name.rpartition(".")[2] in ("load", "loads") and name.partition(".")[0] in ("pickle", "cPickle"):
        yield "pickles of Python 2", line, name


def _has_keyword(node: ast.Call, name: str) -> bool:
    return any(keyword.arg == name for keyword in node.keywords)


def _codec(node: ast.Call) -> str:
    first = node.args[0] if node.args else None
    return first.value.lower() if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""


def _class(node: ast.ClassDef) -> Iterator[_Found]:
    lines = {each.name: each.lineno for each in node.body if isinstance(each, ast.FunctionDef)}
    for each in node.body:
        if isinstance(each, ast.Assign):
            lines |= {target.id: each.lineno for target in each.targets if isinstance(target, ast.Name)}
    for name, kind in _MEMBERS.items():
        if name in lines and _SUCCESSORS.get(name) not in lines:
            yield kind, lines[name], name
    if "next" in lines and "__next__" not in lines and ("__iter__" in lines or _stops(node)):
        yield "lists that are iterators now", lines["next"], "def next"
    if "__eq__" in lines and "__hash__" not in lines:
        yield "objects in a set", lines["__eq__"], "__eq__ without __hash__"


def _stops(node: ast.ClassDef) -> bool:
    """Return whether a class's `next` raises StopIteration, so that it is an iterator's."""
    return any(
        isinstance(each, ast.FunctionDef)
        and each.name == "next"
        and any(isinstance(inner, ast.Name) and inner.id == "StopIteration" for inner in ast.walk(each))
        for each in node.body
    )


def _messages(handler: ast.ExceptHandler) -> Iterator[_Found]:
    for node in ast.walk(handler):
        owner = node.value if isinstance(node, ast.Attribute) and node.attr == "message" else None
        if isinstance(owner, ast.Name) and owner.id == handler.name:
            yield "message of an exception", owner.lineno, f"{handler.name}.message"


def _with_another_meaning(node: ast.AST, module: Module) -> Iterator[_Found]:
    """Yield what both versions run, and each in its own way."""
    if isinstance(node, ast.BinOp):
        yield from _operator(node, module)
    elif isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Div):
        if not _has_true_division(module) and not _is_fraction(node.value, module):
            yield "division", node.lineno, "/="
    elif isinstance(node, (ast.Assign, ast.Return)):
        if node.value and (what := iterator_of(node.value, module, views=False)):
            yield "iterators read twice", node.lineno, what
    elif isinstance(node, ast.Expr) and module.name_of(node.value) == "print":
        yield "print", node.lineno, "print"
    elif isinstance(node, (ast.If, ast.While, ast.IfExp)) and (what := iterator_of(node.test, module, views=False)):
        yield "iterators are true", node.lineno, f"if {what}"
    elif isinstance(node, ast.UnaryOp) and (what := iterator_of(node.operand, module, views=False)):
        yield "iterators are true", node.lineno, f"not {what}"
    elif isinstance(node, ast.BoolOp):
        for each in node.values:
            if what := iterator_of(each, module, views=False):
                yield "iterators are true", node.lineno, f"{what} in a condition"
    elif isinstance(node, ast.Call):
        yield from _function_with_another_meaning(node, module)
        yield from _method_with_another_meaning(node)


def _function_with_another_meaning(node: ast.Call, module: Module) -> Iterator[_Found]:
    name = module.name_of(node.func)
    if name == "round" and "round" not in module.own_names:
        yield "rounding, of positive numbers", node.lineno, "round()"
    elif name == "print" and len(node.args) > 1 and "__future__.print_function" not in module.imported:
        yield "print", node.lineno, "print of a pair"
    elif name == "bool" and node.args and (what := iterator_of(node.args[0], module, views=False)):
        yield "iterators are true", node.lineno, f"bool({what})"
    elif name in _HASHES and node.args and not _is_encoded(node.args[-1]):
        yield "hashes", node.lineno, name
    elif (name == "str" and node.args and _is_encoded(node.args[0])) or name in _BASE64:
        yield "bytes in a text", node.lineno, name


def _method_with_another_meaning(node: ast.Call) -> Iterator[_Found]:
    if not isinstance(node.func, ast.Attribute):
        return
    method, is_text = node.func.attr, isinstance(node.func.value, ast.Constant)
    if _codec(node) not in _CODECS and (method == "encode" or (method == "decode" and not is_text)):
        yield "text and bytes together", node.lineno, f".{method}()"
    elif method == "urlsafe" and not node.args:
        yield "keys of Datastore in URLs", node.lineno, ".urlsafe()"


def _operator(node: ast.BinOp, module: Module) -> Iterator[_Found]:
    left_is_print = isinstance(node.left, ast.Call) and module.name_of(node.left.func) == "print"
    if isinstance(node.op, ast.Div) and not _has_true_division(module):
        if not _is_fraction(node.left, module) and not _is_fraction(node.right, module):
            yield "division", node.lineno, "/"
    elif isinstance(node.op, ast.RShift) and module.name_of(node.left) == "print":
        yield "print to a file", node.lineno, "print >>"
    elif isinstance(node.op, ast.Mod) and left_is_print:
        yield "print", node.lineno, 'print ("...") % ...'
    elif isinstance(node.op, ast.Add):
        for side in (node.left, node.right):
            if what := iterator_of(side, module):
                yield "lists that are iterators now", node.lineno, f"{what} + ..."


def _has_true_division(module: Module) -> bool:
    return "__future__.division" in module.imported


def _is_fraction(node: ast.AST, module: Module) -> bool:
    """Return whether a value is a float for sure, or no number at all."""
    if isinstance(node, ast.Constant):
        return not isinstance(node.value, int)
    if isinstance(node, ast.BinOp):
        return _is_fraction(node.left, module) or _is_fraction(node.right, module)
    if isinstance(node, ast.UnaryOp):
        return _is_fraction(node.operand, module)
    return isinstance(node, ast.Call) and (
        module.name_of(node.func) == "float"
        or module.name_of(node.func).startswith(("math.", "time.time", "random.random"))
    )


def _is_encoded(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "encode"

"""Python 2 text becomes text that Python 3 parses, with the same lines."""

from __future__ import annotations

import ast

import pytest

from codelab.assess.python2 import UnreadableError, parse_either

SYNTAX = [
    ('print "a", 1,\n', "print"),
    ('print >>out, "a",\\\n  `b`\n', "print to a file"),
    ('exec "x = 1" in names\n', "exec"),
    ("try: pass\nexcept (A, B), e: pass\n", "exceptions"),
    ("try: pass\nexcept E, (a,\n  b): pass\n", "exceptions"),
    ("raise E, 'v', tb\n", "raise"),
    ("x = 0777\n", "octal numbers"),
    ("x = 10L\n", "long numbers"),
    ("x = 0xFFL\n", "long numbers"),
    ("x = 1 <> 2\n", "not equal"),
    ("x = `1, 2`\n", "backquotes"),
    ("def f(a, (b,\n  c), d): pass\n", "pairs as parameters"),
    ("f = lambda (a, b): a\n", "pairs as parameters"),
    ("f = lambda(a, b): a\n", "pairs as parameters"),
    ("f = lambda x, (a, b): a\n", "pairs as parameters"),
    ("x = ur'\\d'\n", "raw text"),
    ("call(async=True)\n", "new words"),
]


@pytest.mark.parametrize(("text", "kind"), SYNTAX, ids=[text for text, _ in SYNTAX])
def test_python2_syntax_is_named_and_later_lines_keep_their_numbers(text: str, kind: str) -> None:
    parsed = parse_either(text + "last = 1\n")

    assert kind in {each.kind for each in parsed.rewritten}
    assert parsed.tree.body[-1].lineno == text.count("\n") + 1


def test_what_a_rewritten_statement_calls_stays_in_the_tree() -> None:
    text = 'print >>out, get("a")\nraise E, get("b")\nexec get("c") in get("d")\nx = [y for y in get("e"), 1]\n'

    tree = parse_either(text).tree

    calls = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert {f"get('{name}')" for name in "abcde"} <= set(calls)


@pytest.mark.parametrize(
    "text",
    [
        'print("a")\n',
        "async def f(): await g()\n",
        "x = f'{y!r:>{width}}'\n",
        "match x:\n    case {'a': [1, *rest]}: pass\n",
    ],
)
def test_python3_text_has_nothing_of_python2(text: str) -> None:
    assert not parse_either(text).rewritten


def test_tabs_and_spaces_as_python2_counts_them_are_read() -> None:
    text = 'if a:\n\tif b:\n            print "x"\n        c = 1\n'

    assert [each.kind for each in parse_either(text).rewritten] == ["print", "tabs and spaces"]


@pytest.mark.parametrize("text", ["<?php echo 1;\n", 'x = "\n', "def f(:\n", "a\0b\n", "(" * 5000])
def test_text_of_no_python_is_refused(text: str) -> None:
    with pytest.raises(UnreadableError):
        parse_either(text)

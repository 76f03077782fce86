"""Facts of a template: the values that it puts into the page."""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import Environment, TemplateSyntaxError, nodes

from codelab.check.facts.fact import Fact, Kind, UnreadableError, line_of, quoted

_NOT_VALID = "not a valid Jinja2 template"


def template_facts(file: str, text: str) -> Iterator[Fact]:
    """Yield each value that is put out, such as ".timestamp.ctime()". The name of a loop's items does not count."""
    try:
        template = Environment(autoescape=True).parse(text)
    except TemplateSyntaxError as error:
        words = line_of(text, error.lineno)
        raise UnreadableError(error.lineno, f"{_NOT_VALID}: {quoted(words, error.message)}") from error
    except (ValueError, OverflowError) as error:  # a number that Python cannot read
        raise UnreadableError(0, f"{_NOT_VALID}: {error}") from error
    items = {name.name for loop in template.find_all(nodes.For) for name in loop.target.find_all(nodes.Name)}
    items |= {loop.target.name for loop in template.find_all(nodes.For) if isinstance(loop.target, nodes.Name)}
    for output in template.find_all(nodes.Output):
        for node in output.nodes:
            if not isinstance(node, nodes.TemplateData):
                yield Fact(file, Kind.OUTPUT, _spelled(node, items), line_of(text, node.lineno), node.lineno)


def _spelled(node: nodes.Node, items: set[str]) -> str:
    if isinstance(node, nodes.Name):
        return "" if node.name in items else node.name
    if isinstance(node, nodes.Getattr):
        return f"{_spelled(node.node, items)}.{node.attr}"
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        return f"{_spelled(node.node, items)}.{node.arg.value}"
    if isinstance(node, nodes.Call):
        return f"{_spelled(node.node, items)}()"
    if isinstance(node, nodes.Filter) and node.node:
        return f"{_spelled(node.node, items)}|{node.name}"
    return repr(node)

"""Tags that Django had until 4.0: {% ifequal a b %} and {% ifnotequal a b %}."""

from django.template import Library, TemplateSyntaxError
from django.template.base import Node, NodeList

register = Library()


class _IfEqual(Node):
    def __init__(self, first, second, same, different):
        self._values = first, second
        self._same, self._different = same, different

    def render(self, context):
        first, second = (value.resolve(context, ignore_failures=True) for value in self._values)
        return (self._same if first == second else self._different).render(context)


def _parse(parser, token):
    tag, *arguments = token.split_contents()
    if len(arguments) != 2:
        raise TemplateSyntaxError(f"{tag!r} takes two arguments")
    first, second = map(parser.compile_filter, arguments)
    shown = parser.parse(("else", f"end{tag}"))
    otherwise = NodeList()
    if parser.next_token().contents == "else":
        otherwise = parser.parse((f"end{tag}",))
        parser.delete_first_token()
    if tag == "ifequal":
        return _IfEqual(first, second, shown, otherwise)
    return _IfEqual(first, second, otherwise, shown)


register.tag("ifequal", _parse)
register.tag("ifnotequal", _parse)

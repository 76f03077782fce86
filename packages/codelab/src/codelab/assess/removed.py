"""What a later version of Python 3 removed: code that ran on 3.7, and on Python 2, fails on the newest."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from codelab.assess.imports import Module
from codelab.check.deployable.nodes import guarded_nodes
from codelab.check.deployable.python3 import removed_in

KIND = "names that a later Python 3 lost"
# Name, the minor version that has it no more, and what to take. From the pages "What's New in Python 3.N".
_NAMES: dict[str, tuple[int, str]] = {
    "inspect.getargspec": (11, "inspect.getfullargspec"),
    "inspect.formatargspec": (11, "inspect.signature"),
    "inspect.getmoduleinfo": (6, "inspect.getmodulename"),
    "time.clock": (8, "time.perf_counter"),
    "platform.linux_distribution": (8, "platform.freedesktop_os_release"),
    "platform.dist": (8, "platform.freedesktop_os_release"),
    "fractions.gcd": (9, "math.gcd"),
    "sys.setcheckinterval": (9, "sys.setswitchinterval"),
    "cgi.parse_qs": (8, "urllib.parse.parse_qs"),
    "cgi.parse_qsl": (8, "urllib.parse.parse_qsl"),
    "xml.etree.cElementTree": (9, "xml.etree.ElementTree"),
    "gettext.lgettext": (11, "gettext.gettext"),
    "locale.format": (12, "locale.format_string"),
    "ssl.wrap_socket": (12, "ssl.SSLContext.wrap_socket"),
    "ssl.match_hostname": (12, "ssl.SSLContext"),
    "asyncio.coroutine": (11, "async def"),
    "unittest.makeSuite": (13, "unittest.TestLoader.loadTestsFromTestCase"),
    "locale.resetlocale": (13, "locale.setlocale"),
    "pkgutil.ImpImporter": (12, "importlib"),
    "pkgutil.find_loader": (14, "importlib.util.find_spec"),
    "importlib.find_loader": (12, "importlib.util.find_spec"),
    **{
        f"collections.{name}": (10, f"collections.abc.{name}")
        for name in (
            "Callable", "Container", "Hashable", "ItemsView", "Iterable", "Iterator", "KeysView", "Mapping",
            "MappingView", "MutableMapping", "MutableSequence", "MutableSet", "Sequence", "Set", "Sized", "ValuesView",
        )
    },
}  # fmt: skip
# Methods of unittest.TestCase that 3.12 has no more.
_TESTS = {
    "assertEquals": "assertEqual", "assertNotEquals": "assertNotEqual", "assert_": "assertTrue",
    "assertItemsEqual": "assertCountEqual", "assertRegexpMatches": "assertRegex",
    "assertNotRegexpMatches": "assertNotRegex", "assertRaisesRegexp": "assertRaisesRegex",
    "assertAlmostEquals": "assertAlmostEqual", "failUnless": "assertTrue", "failIf": "assertFalse",
    "failUnlessEqual": "assertEqual", "assertDictContainsSubset": "assertEqual",
}  # fmt: skip


def find_removed(module: Module) -> Iterator[tuple[str, int, str]]:
    """Yield each use of a name that the newest Python 3 has no more, outside of `try`."""
    tried = guarded_nodes(module.tree)
    for use in module.uses:
        found = _NAMES.get(use.name)
        if found and use.node not in tried:
            minor, take = found
            yield KIND, use.line, f"{use.name}: {take}, since 3.{minor} lost it"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _TESTS:
            owner = node.func.value
            if isinstance(owner, ast.Name) and owner.id == "self":
                yield KIND, node.lineno, f"self.{node.func.attr}: {_TESTS[node.func.attr]}"


def lost_module(name: str) -> str:
    """Return a sentence about a module that a version of Python 3 removed, "" for any other."""
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        known = ".".join(parts[:end])
        if minor := removed_in(known):
            return f"{known}: Python 3.{minor} lost it"
    return ""

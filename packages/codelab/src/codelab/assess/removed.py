"""What a later version of Python 3 removed: code that ran on 3.7, and on Python 2, fails on the newest."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from codelab.assess.imports import Module
from codelab.check.deployable.python3 import removed_in

KIND = "names that a later Python 3 lost"
# Name, the first minor version that does not have it, and what to take. From the pages "What's New in Python 3.N".
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
    "configparser.SafeConfigParser": (12, "configparser.ConfigParser"),
    "ConfigParser.SafeConfigParser": (12, "configparser.ConfigParser"),
    # Python 2 had both names of these modules.
    "email.Charset": (0, "email.charset"), "email.Encoders": (0, "email.encoders"), "email.Errors": (0, "email.errors"),
    "email.Generator": (0, "email.generator"), "email.Header": (0, "email.header"),
    "email.Iterators": (0, "email.iterators"), "email.MIMEAudio": (0, "email.mime.audio"),
    "email.MIMEBase": (0, "email.mime.base"), "email.MIMEImage": (0, "email.mime.image"),
    "email.MIMEMessage": (0, "email.mime.message"), "email.MIMEMultipart": (0, "email.mime.multipart"),
    "email.MIMEText": (0, "email.mime.text"), "email.Message": (0, "email.message"),
    "email.Parser": (0, "email.parser"), "email.Utils": (0, "email.utils"),
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
    for use in module.uses:
        name = _known(use.name)
        if name and use.node not in module.tried:
            minor, take = _NAMES[name]
            yield KIND, use.line, f"{name}: {take}, since 3.{minor} lost it"
    for node in module.nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _TESTS:
            owner = node.func.value
            if isinstance(owner, ast.Name) and owner.id == "self":
                yield KIND, node.lineno, f"self.{node.func.attr}: {_TESTS[node.func.attr]}"


def _known(name: str) -> str:
    """Return the part of a dotted name that the table has: "email.Utils" of "email.Utils.formatdate"; else ""."""
    parts = name.split(".")
    return next((known for end in range(2, len(parts) + 1) if (known := ".".join(parts[:end])) in _NAMES), "")


def lost_module(name: str) -> str:
    """Return a sentence about a module that a version of Python 3 removed, "" for any other."""
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        known = ".".join(parts[:end])
        if minor := removed_in(known):
            return f"{known}: Python 3.{minor} lost it"
    return ""

"""six, with all of six.moves loaded at once: dev_appserver's sandbox drops the import hook that loads it on demand."""

import imp
import os
import sys

_here = os.path.dirname(os.path.abspath(__file__))
_file, _path, _description = imp.find_module(
    "six", [place for place in sys.path if os.path.abspath(place or ".") != _here]
)
exec(compile(_file.read(), _path, "exec"), globals())

for _module in _importer.known_modules.values():  # noqa: F821
    if hasattr(_module, "_resolve"):
        try:
            _module = _module._resolve()
        except ImportError:  # of a package that is not installed, such as Tkinter
            continue
for _name in list(_importer.known_modules):  # noqa: F821
    try:
        __import__(_name)
    except ImportError:
        pass
for _name in dir(moves):  # noqa: F821
    try:
        getattr(moves, _name)  # noqa: F821
    except (AttributeError, ImportError):
        pass

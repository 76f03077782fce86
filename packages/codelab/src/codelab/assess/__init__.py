"""Read an app as it is, run nothing of it, and say what must change on the way to a destination.

- `folder`: the app's own files, within bounds, and the folders of other people's code.
- `python2`: Python 2 text as text that Python 3's `ast` parses, with the same lines.
- `imports`: the dotted names that a module's names stand for.
- `services`, `cloud_ndb`, `ext_db`, `python2_kinds`, `python2_lists`, `removed`, `habits`, `settings`, `packages`: one
  kind of finding each.
- `guide`: what becomes of each thing, from the tables of docs/assess.md and docs/which-way.md.
- `route`: the modules, in order.
- `assessment`: all of it together. `html` writes it as one page.
"""

from codelab.assess.assessment import Assessment, assess
from codelab.assess.finding import Area, Destination, Finding, Place, Verdict
from codelab.assess.route import Stop

__all__ = ["Area", "Assessment", "Destination", "Finding", "Place", "Stop", "Verdict", "assess"]

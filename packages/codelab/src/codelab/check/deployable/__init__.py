"""Finds what works here and would fail where the copy is deployed, and what a reviewer would remark.

- `folder.py`: a folder as the rules see it: its files, its facts, the syntax trees of its modules, its runtime.
- `pins.py`, `python27_syntax.py`, `python27_apis.py`: what the folder's Python cannot install, read or call.
  `python27.json` has the last versions for Python 2.7, and `python27_record.py` writes it.
- `python3.py`: versions of Python 3 that do not exist, and modules that the folder's version lacks (`python3.json`).
- `start.py`: servers on a wrong address or port or with a debugger, and a Dockerfile that hides the Procfile.
- `uploads.py`: needed files that `.gcloudignore` or `.dockerignore` keeps back, and private keys.
- `nodes.py`: what runs under `try`, and the names of nodes.
- `variables.py`, `placeholders.py`: what the deployment files set, and what the code reads.
- `code.py`: lines that harm a deployed app.
- `remarks.py`: a reviewer's remarks about the learner's own choices.
- `secrets.py`, `habits.py`: remarks about secrets in files, and about clients, deadlines, pickles and options.
- `rules.py`: all rules together.
"""

from codelab.check.deployable.fault import Fault
from codelab.check.deployable.folder import Folder
from codelab.check.deployable.remarks import has_long_time_outs
from codelab.check.deployable.rules import find_faults, find_remarks
from codelab.check.deployable.variables import redis_names

__all__ = ["Fault", "Folder", "find_faults", "find_remarks", "has_long_time_outs", "redis_names"]

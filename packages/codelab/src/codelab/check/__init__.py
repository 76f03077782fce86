"""Checks a learner's copy of an app against the steps of its track.

- `facts/`: facts about a folder's files that do not depend on spelling.
- `findings.py`: what a step still misses, one message for each file and line to write or to remove.
- `counterparts.py`: what the copy has in the place of something that is missing.
- `progress.py`: which steps are done.
- `checker.py`: works out the progress of a folder from its facts.
- `layout.py`: where a copy has what the codelab has in main.py and other files.
- `services.py`: the services that an app calls.
- `known.py`: the progress with what the app has shown when it was run last.
- `outcome.py`: runs the copy beside START where the app has to work, and compares their pages.
- `cache.py`: the cache that an app answers from.
- `addresses.py`: the reason why an app shows another address than the visitor's.
- `ignores.py`: the patterns of ignore files.
"""

from codelab.check.checker import Checker
from codelab.check.findings import Finding
from codelab.check.known import after_verdict, known_progress
from codelab.check.outcome import Outcome, RunResult, run_and_compare, will_run
from codelab.check.progress import Progress, StepStatus

__all__ = [
    "Checker",
    "Finding",
    "Outcome",
    "Progress",
    "RunResult",
    "StepStatus",
    "after_verdict",
    "known_progress",
    "run_and_compare",
    "will_run",
]

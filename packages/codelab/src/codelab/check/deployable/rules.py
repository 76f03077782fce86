"""All rules about what would fail where a copy is deployed, and all remarks."""

from __future__ import annotations

from collections.abc import Set

from codelab.check.deployable.code import find_harmful_code
from codelab.check.deployable.fault import Fault
from codelab.check.deployable.folder import Folder
from codelab.check.deployable.habits import find_costly_habits
from codelab.check.deployable.pins import find_impossible_pins
from codelab.check.deployable.placeholders import find_damaged_placeholders
from codelab.check.deployable.python3 import find_wrong_python3
from codelab.check.deployable.python27_apis import find_absent_apis
from codelab.check.deployable.python27_syntax import find_python3_syntax
from codelab.check.deployable.remarks import find_choices
from codelab.check.deployable.secrets import find_secrets
from codelab.check.deployable.start import find_stray_dockerfile, find_unusable_start
from codelab.check.deployable.uploads import find_wrong_uploads
from codelab.check.deployable.variables import find_wrong_variables
from codelab.check.findings import Finding


def find_faults(folder: Folder, expected: Folder, *, known: Set[str], goes_to_container: bool) -> list[Fault]:
    """Return the faults of a folder. `expected` is the codelab's folder at the same step.

    `known` are the environment variables of the codelab, and `goes_to_container` says that it ends on Cloud Run or
    functions.
    """
    if stray := list(find_stray_dockerfile(folder, expected)):
        # What it says about Python and commands is not what the codelab deploys.
        return stray
    return [
        *find_impossible_pins(folder),
        *find_python3_syntax(folder),
        *find_absent_apis(folder),
        *find_wrong_python3(folder),
        *find_unusable_start(folder),
        *find_wrong_uploads(folder, expected),
        *find_wrong_variables(folder, expected, known),
        *find_damaged_placeholders(folder, expected),
        *find_harmful_code(folder, expected, goes_to_container=goes_to_container),
    ]


def find_remarks(folder: Folder, expected: Folder) -> list[Finding]:
    """Return a reviewer's remarks about a folder."""
    return [*find_choices(folder, expected), *find_secrets(folder), *find_costly_habits(folder, expected)]

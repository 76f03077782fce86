"""A fault: something that works on this machine, and fails where the folder is deployed."""

from __future__ import annotations

from dataclasses import dataclass

from codelab.check.findings import Finding


@dataclass(frozen=True)
class Fault:
    """A fault, and the rule that found it."""

    rule: str
    finding: Finding

    @property
    def key(self) -> tuple[str, str]:
        """The rule and the file, which two faults of the same kind have in common."""
        return self.rule, self.finding.file


def fault(rule: str, file: str, line: int, message: str) -> Fault:
    """Make a fault; it always has to be corrected."""
    return Fault(rule, Finding(file, line, message, firm=True))

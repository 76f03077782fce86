"""Check histories of many clients: find one order in which their transactions could have run one after another.

Every transaction reads lists and appends its own name to some of them. The final lists show in which order each was
written. What a transaction has read shows which came before it and which after. If these constraints form a circle, no
order fits. (The idea is Elle's: Kingsbury and Alvaro, "Elle: Inferring Isolation Anomalies from Experimental
Observations", VLDB 2020.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

Lists = Mapping[str, tuple[str, ...]]
"""What each key holds: the names of those who appended to it, in their order."""


@dataclass(frozen=True)
class Committed:
    """A transaction that was acknowledged: what it read, where it appended, and when it ran by one clock."""

    name: str
    begun: float
    ended: float
    read: Lists
    appended: frozenset[str] = frozenset()


def anomaly(history: Sequence[Committed], final: Lists) -> str | None:
    """Return what no order of the transactions explains; None if the history is strictly serializable."""
    by_name = {transaction.name: transaction for transaction in history}
    for key, names in final.items():
        writers = [transaction.name for transaction in history if key in transaction.appended]
        if sorted(names) != sorted(writers):
            return f"{key}: expected appends of {sorted(writers)}, found {sorted(names)}"
    for transaction in history:
        for key, names in transaction.read.items():
            if final[key][: len(names)] != names:
                return f"{transaction.name} read {names} in {key}, which ended as {final[key]}"
    order: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(by_name, ()))
    for before, after in _edges(history, final):
        order.add(after, before)
    try:
        order.prepare()
    except CycleError as error:
        return f"a circle: {' before '.join(error.args[1])}"
    return None


def _edges(history: Sequence[Committed], final: Lists) -> Iterator[tuple[str, str]]:
    for names in final.values():
        yield from pairwise(names)
    for transaction in history:
        for key, names in transaction.read.items():
            rest = final[key][len(names) :]
            if names:
                yield names[-1], transaction.name
            if rest and rest[0] != transaction.name:
                yield transaction.name, rest[0]
    # What was acknowledged before another began comes before it.
    for transaction in history:
        for other in history:
            if other.ended < transaction.begun:
                yield other.name, transaction.name

"""The tree of one execution as one answer shows it, and what changed from one to the next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import pyarrow as pa

from incorta_loads.tree.statuses import OutcomeOf, RoleOf, is_final

Status = tuple[str | None, str | None]
"""State type and job status, as received."""

Place = tuple[str, int]
"""The path of a node, and its number among the nodes of the same path, from 0 on."""

_COLUMNS = (
    *("node_id", "parent_id", "last_descendant_id", "depth"),
    *("type", "name", "path", "schema_name", "state_type", "job_status"),
)


@dataclass(frozen=True, slots=True)
class Transition:
    """One node that another answer shows otherwise.

    Attributes:
        at: when the later answer was received.
        path: where the node is.
        number: among the nodes of the same path, from 0 on.
        before: its status before; None: it was not there.
        after: its status after; None: it is no longer there.
    """

    at: datetime
    path: str
    number: int
    before: Status | None
    after: Status | None


@dataclass(frozen=True, eq=False)
class SeenTree:
    """One answer.

    Attributes:
        fetched_at: when it was received.
        rows: its nodes in preorder, each with its outcome and its role.
    """

    fetched_at: datetime
    rows: list[dict[str, Any]]

    @classmethod
    def of(cls, nodes: pa.Table, outcome_of: OutcomeOf, role_of: RoleOf) -> SeenTree:
        """From the rows of table `nodes` of one execution."""
        rows = nodes.select(_COLUMNS).to_pylist()
        for row in rows:
            row["outcome"] = outcome_of(row["state_type"], row["job_status"])
            row["role"] = role_of(
                row["type"],
                is_leaf=row["last_descendant_id"] == row["node_id"],
                schema_name=row["schema_name"],
            )
        return cls(nodes["fetched_at"][0].as_py(), rows)

    @property
    def root(self) -> dict[str, Any]:
        """The node that all others are below of."""
        return self.rows[0]

    @cached_property
    def is_final(self) -> bool:
        """The root is in Terminator State and no node is in Load State."""
        return is_final([row["state_type"] for row in self.rows])

    @cached_property
    def tables(self) -> Counter[str]:
        """Number of tables by outcome."""
        return Counter(row["outcome"] for row in self.rows if row["role"] == "table")

    def statuses(self) -> Iterator[tuple[Place, Status]]:
        """Of each node, in preorder."""
        numbers: Counter[str] = Counter()
        for row in self.rows:
            path = row["path"]
            yield (path, numbers[path]), (row["state_type"], row["job_status"])
            numbers[path] += 1


def transitions(before: SeenTree, after: SeenTree) -> list[Transition]:
    """What changed: nodes in the order of the later answer, then those that are gone.

    Nodes are matched by path, and where several have the same one by their order.
    """
    gone = dict(before.statuses())
    changes = [
        Transition(after.fetched_at, *place, was, status)
        for place, status in after.statuses()
        if (was := gone.pop(place, None)) != status
    ]
    return changes + [
        Transition(after.fetched_at, *place, status, None) for place, status in gone.items()
    ]

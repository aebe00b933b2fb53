"""The tree of one execution in one answer, and the changes between two answers."""

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
"""State type and job status as received."""

Place = tuple[str, int]
"""The path of a node, and its number among the nodes with the same path, starting at 0."""

_COLUMNS = (
    *("node_id", "parent_id", "last_descendant_id", "depth"),
    *("type", "name", "path", "schema_name", "state_type", "job_status"),
)


@dataclass(frozen=True, slots=True)
class Transition:
    """The change of one node between two answers.

    Attributes:
        at: when the later answer was received.
        path: path of the node.
        number: number among the nodes with the same path, starting at 0.
        before: earlier status; None if the node did not exist.
        after: later status; None if the node no longer exists.
    """

    at: datetime
    path: str
    number: int
    before: Status | None
    after: Status | None


@dataclass(frozen=True, eq=False)
class SeenTree:
    """The tree in one answer.

    Attributes:
        fetched_at: when the answer was received.
        rows: nodes in preorder, each with its outcome and its role.
    """

    fetched_at: datetime
    rows: list[dict[str, Any]]

    @classmethod
    def of(cls, nodes: pa.Table, outcome_of: OutcomeOf, role_of: RoleOf) -> SeenTree:
        """Creates a tree from the rows of one execution in table `nodes`."""
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
        """The root node of the tree."""
        return self.rows[0]

    @cached_property
    def is_final(self) -> bool:
        """Whether the root is in Terminator State and no node is in Load State."""
        return is_final([row["state_type"] for row in self.rows])

    @cached_property
    def tables(self) -> Counter[str]:
        """Number of tables by outcome."""
        return Counter(row["outcome"] for row in self.rows if row["role"] == "table")

    def statuses(self) -> Iterator[tuple[Place, Status]]:
        """Yields the place and the status of each node in preorder."""
        numbers: Counter[str] = Counter()
        for row in self.rows:
            path = row["path"]
            yield (path, numbers[path]), (row["state_type"], row["job_status"])
            numbers[path] += 1


def transitions(before: SeenTree, after: SeenTree) -> list[Transition]:
    """Returns the changes: nodes in the order of the later answer, then nodes that are gone.

    Nodes are matched by path. Nodes with the same path are matched by their order.
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

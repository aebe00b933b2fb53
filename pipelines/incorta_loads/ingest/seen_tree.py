"""The tree of one execution in one answer, as `watch` shows it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import pyarrow as pa

from incorta_loads.tree.changes import Answer, answer_of
from incorta_loads.tree.statuses import OutcomeOf, RoleOf, is_final

_COLUMNS = (
    *("node_id", "parent_id", "last_descendant_id", "depth"),
    *("type", "name", "path", "schema_name", "state_type", "job_status"),
)


@dataclass(frozen=True, eq=False)
class SeenTree:
    """The tree in one answer.

    Attributes:
        fetched_at: when the answer was received.
        rows: nodes in preorder, each with its outcome and its role.
        answer: the nodes, to compare with those of another answer.
    """

    fetched_at: datetime
    rows: list[dict[str, Any]]
    answer: Answer = field(default_factory=dict)

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
        return cls(nodes["fetched_at"][0].as_py(), rows, answer_of(nodes))

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

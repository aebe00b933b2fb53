"""Detects whether a known id still belongs to the same execution when it is requested again.

A restored or migrated cluster may continue numbering its executions from an earlier id. A known id
then belongs to another execution, which must not replace the history.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from incorta_loads.base_tables import FETCHES, NODES, Batch
from incorta_loads.tree.nodes import NAMED_TYPES
from incorta_loads.tree.statuses import compared, is_final

_OF_ANSWER = [name for name in NODES.names if name != "fetched_at"]


def is_unchanged(before: pa.Table, after: pa.Table) -> bool:
    """Whether two answers for one execution show the same tree.

    Args:
        before: rows of `nodes` of the earlier answer, in preorder.
        after: rows of `nodes` of the later answer, in preorder.
    """
    return bool(before.select(_OF_ANSWER).equals(after.select(_OF_ANSWER)))


def is_over_and_unchanged(before: pa.Table, after: pa.Table) -> bool:
    """Whether an execution was already final and the later answer shows no change."""
    return is_final(before["state_type"].to_pylist()) and is_unchanged(before, after)


def why_another(before: pa.Table, batch: Batch, *, was_gone: bool) -> str | None:
    """Returns why an answer does not belong to the stored execution, or None if it may belong.

    The stored execution is considered gone in these cases:

    - The id no longer exists.
    - The plan has another name, and the answer has fewer than half of the stored tables.
    - The id did not exist at the last request, and the tree of a final execution has changed. One
      that was not final must change, so its plan decides.

    Args:
        before: stored nodes of the execution.
        batch: result of the new request, with exactly one answer.
        was_gone: whether the execution did not exist when it was last requested.
    """
    (answer,) = batch.fetches.select(["outcome", "message"]).to_pylist()
    if answer["outcome"] == "not_found":
        return str(answer["message"])
    if answer["outcome"] != "loaded":
        return None
    plan, plan_before = (rows["load_plan"][0].as_py() for rows in (batch.nodes, before))
    may_not_change = was_gone and is_final(before["state_type"].to_pylist())
    if may_not_change and not is_unchanged(before, batch.nodes):
        return f"execution of plan {plan!r}, whose tree changed while it was missing"
    tables = _tables(before)
    common = len(tables & _tables(batch.nodes))
    if plan == plan_before or (tables and 2 * common >= len(tables)):
        return None
    return f"execution of another plan, {plan!r} in place of {plan_before!r}"


def nodes_of(batch: Batch, execution_id: int) -> pa.Table:
    """Returns the nodes of one execution in a batch."""
    return batch.nodes.filter(pc.equal(batch.nodes["execution_id"], execution_id))


def as_gone(batch: Batch, reason: str) -> Batch:
    """Returns a batch with one answer as `not_found`, with the reason as its message.

    The nodes and invalid payloads are dropped.
    """
    (row,) = batch.fetches.to_pylist()
    row |= {"outcome": "not_found", "message": reason, "is_final": None}
    return Batch(fetches=pa.Table.from_pylist([row], FETCHES))


def without_executions(batch: Batch, ids: Sequence[int]) -> Batch:
    """Returns the batch without the nodes of these executions. Their ledger rows are kept."""
    is_left_out = pc.is_in(batch.nodes["execution_id"], value_set=pa.array(ids, pa.int64()))
    return Batch(batch.nodes.filter(pc.invert(is_left_out)), batch.invalid_payloads, batch.fetches)


def _tables(nodes: pa.Table) -> set[tuple[str | None, str | None]]:
    """Returns schema and name of each table.

    Tables are the nodes of type table, and leaves within a schema whose type is not in
    `NAMED_TYPES`.
    """
    columns = ["node_id", "last_descendant_id", "type", "name", "schema_name", "table_name"]
    return {
        (row["schema_name"], row["name"])
        for row in nodes.select(columns).to_pylist()
        if compared(row["type"]) == "table"
        or (
            row["node_id"] == row["last_descendant_id"]
            and row["schema_name"] is not None
            and compared(row["type"]) not in NAMED_TYPES
        )
    }

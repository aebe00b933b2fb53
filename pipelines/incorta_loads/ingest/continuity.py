"""Whether an execution that is here and is asked for again is still the same one.

A cluster that was restored or migrated counts its executions from an earlier id again. What it then
answers under a known id is another execution, which must not replace the history.
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
    """Whether two answers of one execution, rows of `nodes` in preorder, show the same tree."""
    return bool(before.select(_OF_ANSWER).equals(after.select(_OF_ANSWER)))


def is_over_and_unchanged(before: pa.Table, after: pa.Table) -> bool:
    """Whether an execution was final, and another answer shows nothing new."""
    return is_final(before["state_type"].to_pylist()) and is_unchanged(before, after)


def why_another(before: pa.Table, batch: Batch, *, was_gone: bool) -> str | None:
    """Why the one answer of a batch is not of the execution that is here; None: it may be.

    It is another one where there is none of this id any more, and where its plan has another name
    and fewer than half of its tables. One that was gone must come back as it was.

    Args:
        before: the nodes that are here.
        batch: what became of asking for it.
        was_gone: whether it did not exist when it was last asked for.
    """
    (answer,) = batch.fetches.select(["outcome", "message"]).to_pylist()
    if answer["outcome"] == "not_found":
        return str(answer["message"])
    if answer["outcome"] != "loaded":
        return None
    plan, plan_before = (rows["load_plan"][0].as_py() for rows in (batch.nodes, before))
    if was_gone and not is_unchanged(before, batch.nodes):
        return f"execution of plan {plan!r}, which is not as it was before it was gone"
    tables = _tables(before)
    common = len(tables & _tables(batch.nodes))
    if plan == plan_before or (tables and 2 * common >= len(tables)):
        return None
    return f"execution of another plan, {plan!r} in place of {plan_before!r}"


def nodes_of(batch: Batch, execution_id: int) -> pa.Table:
    """The nodes of one execution of a batch."""
    return batch.nodes.filter(pc.equal(batch.nodes["execution_id"], execution_id))


def as_gone(batch: Batch, reason: str) -> Batch:
    """The batch of one answer as that of an id that does not exist, for the reason given."""
    (row,) = batch.fetches.to_pylist()
    row |= {"outcome": "not_found", "message": reason}
    return Batch(fetches=pa.Table.from_pylist([row], FETCHES))


def without_executions(batch: Batch, ids: Sequence[int]) -> Batch:
    """The batch without the nodes of these executions; their ledger rows stay."""
    is_left_out = pc.is_in(batch.nodes["execution_id"], value_set=pa.array(ids, pa.int64()))
    return Batch(batch.nodes.filter(pc.invert(is_left_out)), batch.invalid_payloads, batch.fetches)


def _tables(nodes: pa.Table) -> set[tuple[str | None, str | None]]:
    """Schema and name of each table: of a node of this type, or of another leaf of a schema."""
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

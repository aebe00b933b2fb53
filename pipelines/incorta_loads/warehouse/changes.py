"""Writes `status_changes`: what changed from one response for an execution to the next.

The changes of a response are written before its nodes. If a run is killed between the two, the next
one deletes them, and compares the same earlier response with a later one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from incorta_loads.base_tables import NODES, STATUS_CHANGES, Batch, refuse_other_schema
from incorta_loads.tree.changes import (
    COMPARED,
    Look,
    NodeChange,
    answer_before,
    answer_of,
    changed_nodes,
    changes_between,
)

_ABSENT: tuple[None, None] = (None, None)


class _Stored(NamedTuple):
    """The nodes of an execution in the warehouse, and when they were last received."""

    at: datetime
    nodes: pa.Table


def record_changes(
    connection: duckdb.DuckDBPyConnection, batch: Batch, known: pa.Table, looks: Sequence[Look]
) -> None:
    """Commits what changed from the responses in the warehouse to those of a batch.

    Args:
        connection: connection to the warehouse.
        batch: the batch.
        known: its nodes of executions that are in the warehouse.
        looks: all looks at its only execution, if it was seen more often than once. Another run may
            have loaded the execution meanwhile; only later looks count then.

    Raises:
        TypeError: the nodes have other columns or types than the table.
        duckdb.Error: nothing was written.
    """
    refuse_other_schema("nodes", batch.nodes, NODES)
    ids = ", ".join(map(str, pc.unique(batch.nodes["execution_id"]).to_pylist()))
    place: dict[str, str] = {name: batch.nodes[name][0].as_py() for name in ("cluster", "tenant")}
    stored = dict(_stored(connection, ids, place)) if known.num_rows else {}
    rows = [
        (execution_id, *row)
        for execution_id, nodes in _executions(batch.nodes)
        for row in _rows(nodes, looks, stored.get(execution_id))
    ]
    run_id = batch.fetches["run_id"][0].as_py()
    connection.begin()
    try:
        connection.execute(_DELETE_UNFINISHED.format(f"execution_id IN ({ids})"))
        if rows:
            connection.register("changed_nodes", _table(rows, **place, run_id=run_id))
            connection.execute("INSERT INTO load_status.status_changes BY NAME FROM changed_nodes")
        connection.commit()
    except duckdb.Error:
        connection.rollback()
        raise
    finally:
        connection.unregister("changed_nodes")


def drop_unfinished(connection: duckdb.DuckDBPyConnection) -> None:
    """Deletes the changes of responses whose nodes were not written because a run was killed."""
    # only the last run that wrote changes can have left some, so the nodes are seldom read
    if connection.execute(_LAST_RUN_HAS_UNENTERED).fetchone() == (True,):
        connection.execute(_DELETE_UNFINISHED.format("true"))


def _stored(
    connection: duckdb.DuckDBPyConnection, ids: str, place: dict[str, str]
) -> Iterator[tuple[int, _Stored]]:
    """Yields the executions that are in the warehouse."""
    nodes = connection.execute(_NODES.format(", ".join(COMPARED), ids), place).to_arrow_table()
    looks = dict(connection.execute(_LAST_LOOKS.format(ids), place).fetchall())
    for execution_id, rows in _executions(nodes):
        at = rows["fetched_at"][0].as_py()
        yield execution_id, _Stored(max(at, looks.get(execution_id, at)), rows)


def _executions(nodes: pa.Table) -> Iterator[tuple[int, pa.Table]]:
    """Yields the rows of each execution, which follow each other."""
    begin = 0
    for each in pc.value_counts(nodes["execution_id"]).to_pylist():
        yield each["values"], nodes.slice(begin, each["counts"])
        begin += each["counts"]


def _rows(
    nodes: pa.Table, looks: Sequence[Look], stored: _Stored | None
) -> Iterator[tuple[Any, ...]]:
    """Yields the rows of one execution without its key."""
    looks = looks or [Look(nodes["fetched_at"][0].as_py())]
    if stored is not None:
        looks = [look for look in looks if look.at > stored.at] or looks[-1:]
        changes = _changes_since(stored.nodes, nodes, looks[1:])
        yield from (_row(each, stored.at, looks[0].at) for each in changes)
    for before, look in pairwise(looks):
        yield from (_row(each, before.at, look.at) for each in look.changes)


def _changes_since(stored: pa.Table, nodes: pa.Table, later: Sequence[Look]) -> list[NodeChange]:
    """Returns the changes from the stored nodes to those before the later looks."""
    if not later:
        return changed_nodes(stored, nodes)
    answer = answer_of(nodes)
    for look in reversed(later):
        answer = answer_before(answer, look.changes)
    return changes_between(answer_of(stored), answer)


def _row(change: NodeChange, seen_after: datetime, seen_by: datetime) -> tuple[Any, ...]:
    statuses = (*(change.before or _ABSENT), *(change.after or _ABSENT))
    return (*change.place, *change.names, change.kind, *statuses, seen_after, seen_by)


def _table(rows: Sequence[tuple[Any, ...]], *, cluster: str, tenant: str, run_id: str) -> pa.Table:
    columns = dict(zip(STATUS_CHANGES.names[2:-1], zip(*rows, strict=True), strict=True))
    same = {"cluster": cluster, "tenant": tenant, "run_id": run_id}
    columns |= {name: [value] * len(rows) for name, value in same.items()}
    return pa.table({name: columns[name] for name in STATUS_CHANGES.names}, schema=STATUS_CHANGES)


_NODES = """
SELECT execution_id, fetched_at, {0}
FROM load_status.nodes
WHERE cluster = $cluster AND tenant = $tenant AND execution_id IN ({1})
ORDER BY execution_id, node_id
"""

# An execution that was final and unchanged has a ledger row, but its nodes were not written again.
_LAST_LOOKS = """
SELECT execution_id, max(fetched_at)
FROM load_status.fetches
WHERE cluster = $cluster AND tenant = $tenant AND outcome = 'loaded' AND execution_id IN ({0})
GROUP BY execution_id
"""

# The ledger row of a response comes after its nodes.
_LAST_RUN_HAS_UNENTERED = """
SELECT EXISTS (
    FROM load_status.status_changes AS change
    WHERE
        run_id = (SELECT run_id FROM load_status.status_changes ORDER BY rowid DESC LIMIT 1)
        AND NOT EXISTS (
            FROM load_status.fetches
            WHERE
                cluster = change.cluster
                AND tenant = change.tenant
                AND execution_id = change.execution_id
                AND run_id = change.run_id
        )
)
"""

_DELETE_UNFINISHED = """
DELETE FROM load_status.status_changes AS change
WHERE {0} AND NOT EXISTS (
    SELECT 1
    FROM load_status.nodes
    WHERE {0}
        AND node_id = 0
        AND cluster = change.cluster
        AND tenant = change.tenant
        AND execution_id = change.execution_id
        AND fetched_at >= change.seen_by
)
"""

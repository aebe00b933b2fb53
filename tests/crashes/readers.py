"""The state that readers must find, and inconsistencies that they must never find."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from incorta_loads.warehouse.opening import open_for_reading

State = dict[str, list[tuple[Any, ...]]]
"""Name → rows."""

_READ = {
    "nodes": "SELECT * EXCLUDE (fetched_at) FROM load_status.nodes ORDER BY ALL",
    "ledger": (
        "SELECT cluster, tenant, execution_id, arg_max(outcome, (fetched_at, run_id)), "
        "arg_max(http_status, (fetched_at, run_id)) FROM load_status.fetches GROUP BY ALL "
        "ORDER BY ALL"
    ),
    "invalid_payloads": (
        "SELECT * EXCLUDE (fetched_at, run_id) FROM load_status.invalid_payloads ORDER BY ALL"
    ),
    "columns": (
        "SELECT table_name, column_name, data_type, comment FROM duckdb_columns() "
        "WHERE schema_name = 'load_status' AND NOT starts_with(table_name, '_dlt') ORDER BY ALL"
    ),
}

_CHANGES = (
    "SELECT * EXCLUDE (seen_after, seen_by, run_id) FROM load_status.status_changes ORDER BY ALL"
)

_NUMBERED_NODES = """(
    SELECT *, row_number() OVER (
        PARTITION BY cluster, tenant, execution_id, type, path ORDER BY node_id
    ) - 1 AS occurrence
    FROM load_status.nodes
)"""

_LINKS = """(
    SELECT
        *,
        lead((seen_after, previous_state_type, previous_job_status)) OVER later AS next
    FROM load_status.status_changes
    WINDOW later AS (
        PARTITION BY cluster, tenant, execution_id, type, path, occurrence ORDER BY seen_after
    )
)"""

_BROKEN_CHANGES = {
    "a change after the last response": (
        "SELECT execution_id FROM load_status.status_changes AS change "
        "ANTI JOIN load_status.nodes AS node ON change.execution_id = node.execution_id "
        "AND change.cluster = node.cluster AND change.tenant = node.tenant "
        "AND node.node_id = 0 AND node.fetched_at >= change.seen_by"
    ),
    "a change that took no time": (
        "SELECT execution_id FROM load_status.status_changes WHERE seen_after >= seen_by"
    ),
    "looks that overlap": (
        "SELECT execution_id FROM (SELECT DISTINCT cluster, tenant, execution_id, seen_after, "
        "seen_by FROM load_status.status_changes) QUALIFY lead(seen_after) OVER (PARTITION BY "
        "cluster, tenant, execution_id ORDER BY seen_after, seen_by) < seen_by"
    ),
    "a change that does not begin where the one before it ended": (
        f"SELECT execution_id FROM {_LINKS} WHERE next IS NOT NULL AND "
        "(state_type, job_status) IS DISTINCT FROM (next[2], next[3])"
    ),
    "a last change that does not end at the status of the node": (
        f"SELECT change.execution_id FROM {_LINKS} AS change LEFT JOIN {_NUMBERED_NODES} AS node "
        "ON change.cluster = node.cluster AND change.tenant = node.tenant "
        "AND change.execution_id = node.execution_id AND change.path = node.path "
        "AND change.type IS NOT DISTINCT FROM node.type AND change.occurrence = node.occurrence "
        "WHERE change.next IS NULL AND ((change.change = 'vanished') <> (node.node_id IS NULL) "
        "OR (change.state_type, change.job_status) IS DISTINCT FROM "
        "(node.state_type, node.job_status))"
    ),
}
"""What `status_changes` never has after an undisturbed run."""

_BROKEN = {
    "an execution that is not whole": (
        "SELECT execution_id FROM load_status.nodes GROUP BY cluster, tenant, execution_id "
        "HAVING count(*) <> max(last_descendant_id) + 1 OR count(*) <> count(DISTINCT node_id)"
        " OR count(DISTINCT fetched_at) > 1"
    ),
    "a ledger row ahead of its nodes": (
        "SELECT execution_id FROM load_status.fetches "
        "ANTI JOIN load_status.nodes USING (cluster, tenant, execution_id) "
        "WHERE outcome = 'loaded'"
    ),
    "a ledger row ahead of its body": (
        "SELECT execution_id FROM load_status.fetches "
        "ANTI JOIN load_status.invalid_payloads USING (cluster, tenant, execution_id) "
        "WHERE outcome = 'invalid_payload'"
    ),
    "two ledger rows of one run": (
        "SELECT execution_id FROM load_status.fetches "
        "GROUP BY cluster, tenant, execution_id, run_id HAVING count(*) > 1"
    ),
}


def state(path: Path) -> State:
    """The rows that must be equal after any sequence of runs that ends with an undisturbed one."""
    with open_for_reading(path, 5) as connection:
        return {name: connection.execute(query).fetchall() for name, query in _READ.items()}


def state_and_changes(path: Path) -> State:
    """`state`, and all changes without their times, which depend on when runs looked."""
    with open_for_reading(path, 5) as connection:
        changes = connection.execute(_CHANGES).fetchall()
    return state(path) | {"status_changes": changes}


def broken_changes(path: Path) -> str:
    """The inconsistencies of `status_changes` after an undisturbed run; empty if there are none."""
    with open_for_reading(path, 5) as connection:
        found = {
            name: connection.execute(query).fetchall() for name, query in _BROKEN_CHANGES.items()
        }
    return "; ".join(f"{name}: {rows}" for name, rows in found.items() if rows)


def broken(path: Path) -> str:
    """The inconsistencies that no reader may find; empty if there are none."""
    if not path.exists() or not path.stat().st_size:
        return ""  # nothing to read yet
    with open_for_reading(path, 5) as connection:
        if not _has_tables(connection):
            return ""
        found = {name: connection.execute(query).fetchall() for name, query in _BROKEN.items()}
    return "; ".join(f"{name}: {rows}" for name, rows in found.items() if rows)


def _has_tables(connection: duckdb.DuckDBPyConnection) -> bool:
    rows = connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'load_status'"
    ).fetchall()
    return {"nodes", "fetches", "invalid_payloads"} <= {name for (name,) in rows}

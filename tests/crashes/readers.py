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

_BROKEN = {
    "an execution that is not whole": (
        "SELECT execution_id FROM load_status.nodes GROUP BY 1 "
        "HAVING count(*) <> max(last_descendant_id) + 1 OR count(*) <> count(DISTINCT node_id)"
        " OR count(DISTINCT fetched_at) > 1"
    ),
    "a ledger row ahead of its nodes": (
        "SELECT execution_id FROM load_status.fetches WHERE outcome = 'loaded' AND execution_id "
        "NOT IN (SELECT execution_id FROM load_status.nodes)"
    ),
    "a ledger row ahead of its body": (
        "SELECT execution_id FROM load_status.fetches WHERE outcome = 'invalid_payload' AND "
        "execution_id NOT IN (SELECT execution_id FROM load_status.invalid_payloads)"
    ),
    "two ledger rows of one run": (
        "SELECT execution_id FROM load_status.fetches GROUP BY execution_id, run_id "
        "HAVING count(*) > 1"
    ),
}


def state(path: Path) -> State:
    """The rows that must be equal after any sequence of runs that ends with an undisturbed one."""
    with open_for_reading(path, 5) as connection:
        return {name: connection.execute(query).fetchall() for name, query in _READ.items()}


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

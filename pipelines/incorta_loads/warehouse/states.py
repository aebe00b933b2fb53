"""Computes from the stored nodes which executions are final."""

from __future__ import annotations

import duckdb

from incorta_loads.tree.statuses import ENDED_STATE, RUNNING_STATE, compared


def state_spellings(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """Returns the spellings of the states `ended` and `running` that occur in the warehouse."""
    rows = connection.execute("SELECT DISTINCT state_type FROM load_status.nodes").fetchall()
    states = [state for (state,) in rows if state is not None]
    return {
        "ended": [state for state in states if compared(state) == ENDED_STATE],
        "running": [state for state in states if compared(state) == RUNNING_STATE],
    }


def finality(executions: str) -> str:
    """Returns a query with the columns cluster, tenant, execution_id and is_final.

    Its parameters are those of `state_spellings`.

    Args:
        executions: relation with the first three columns, which identify the executions.
    """
    return f"""
    SELECT
        cluster,
        tenant,
        execution_id,
        coalesce(bool_or(node_id = 0 AND list_contains($ended, state_type)), false)
            AND NOT coalesce(bool_or(list_contains($running, state_type)), false) AS is_final
    FROM load_status.nodes
    SEMI JOIN {executions} USING (cluster, tenant, execution_id)
    GROUP BY cluster, tenant, execution_id
    """  # noqa: S608 (only constants)

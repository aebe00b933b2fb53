"""Reads the spellings of the states by which an execution is final or not."""

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

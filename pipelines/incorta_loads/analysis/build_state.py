"""Records from what an analysis was built, so that the next build does only what is due."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from incorta_loads.sql_parameters import literal

RELATION = ("load_analysis_steps", "build_state")
"""Schema and name of the record."""

_READ = "SELECT input, state FROM load_analysis_steps.build_state"
_WRITE = """
CREATE OR REPLACE TABLE load_analysis_steps.build_state AS
FROM (VALUES {}) AS inputs (input, state);
"""
_DESCRIBE = """
COMMENT ON TABLE load_analysis_steps.build_state IS 'One row per input of the analysis.';
COMMENT ON COLUMN load_analysis_steps.build_state.input IS
    '`models`, the SQL models and their variables, or a table in schema `load_status`.';
COMMENT ON COLUMN load_analysis_steps.build_state.state IS
    'Changes with the input; then what depends on it is built again.';
"""
# A response replaces all rows of its execution, so the roots identify the loaded responses.
_SOURCES = """
SELECT
    'nodes',
    (SELECT count(*) FROM load_status.nodes) || ' rows, '
    || count(*) || ' answers ' || coalesce(sum(hash(cluster, tenant, execution_id, fetched_at)), 0)
FROM load_status.nodes WHERE node_id = 0
UNION ALL
SELECT 'fetches', count(*) || ' rows ' || coalesce(sum(hash(fetches)), 0)
FROM load_status.fetches
UNION ALL
SELECT 'status_changes', count(*) || ' rows ' || coalesce(sum(hash(status_changes)), 0)
FROM load_status.status_changes
"""


def recorded_inputs(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Returns the states of the inputs at the last build; empty if none is known."""
    try:
        return dict(connection.execute(_READ).fetchall())
    except (duckdb.CatalogException, duckdb.BinderException):  # no build, or an older version's
        return {}


def present_sources(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Returns the present states of the tables that the models read."""
    return dict(connection.execute(_SOURCES).fetchall())


def record_inputs(connection: duckdb.DuckDBPyConnection, inputs: Mapping[str, str]) -> None:
    """Records the states of the inputs of this build."""
    rows = ", ".join(f"({literal(name)}, {literal(state)})" for name, state in inputs.items())
    connection.execute(_WRITE.format(rows))
    connection.execute(_DESCRIBE)

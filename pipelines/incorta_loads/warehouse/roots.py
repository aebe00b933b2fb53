"""The root nodes of all executions, read once for everything that a run plans with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb


@contextmanager
def roots(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Provides the temporary table `roots`, with one row for each execution in the warehouse.

    Its columns are those of the root node: cluster, tenant, execution_id, fetched_at and load_plan.
    Finding the roots takes time that grows with the number of all nodes, and with each column. A
    nested context therefore uses the table of the outer one.
    """
    if connection.execute(_EXISTS).fetchone() is not None:
        yield
        return
    connection.execute(_CREATE)
    try:
        yield
    finally:
        connection.execute("DROP TABLE temp.roots")


_EXISTS = "SELECT 1 FROM duckdb_tables() WHERE database_name = 'temp' AND table_name = 'roots'"

_CREATE = """
CREATE TEMP TABLE roots AS
SELECT cluster, tenant, execution_id, fetched_at, load_plan
FROM load_status.nodes
WHERE node_id = 0
"""

"""The root nodes of all executions, read once for everything that a run plans with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb


@contextmanager
def roots(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Provides the temporary table `roots`, with one row for each execution in the warehouse.

    Its columns are those of the root node: cluster, tenant, execution_id, fetched_at and load_plan.
    Finding the roots takes time that grows with the number of all nodes, and with each column. All
    steps before the first request therefore share one context.
    """
    connection.execute(_CREATE)
    try:
        yield
    finally:
        connection.execute("DROP TABLE temp.roots")


_CREATE = """
CREATE TEMP TABLE roots AS
SELECT cluster, tenant, execution_id, fetched_at, load_plan
FROM load_status.nodes
WHERE node_id = 0
"""

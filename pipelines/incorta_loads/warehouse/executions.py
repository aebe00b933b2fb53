"""Reads single executions from the warehouse."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from incorta_loads.base_tables import DATASET, NODES


def highest_execution(
    connection: duckdb.DuckDBPyConnection, cluster: str, tenant: str
) -> tuple[int, pa.Table] | None:
    """Returns the highest execution id of a tenant and its nodes, or None if there is none.

    Raises:
        duckdb.CatalogException: the base tables do not exist.
    """
    [(highest,)] = connection.execute(
        f"SELECT max(execution_id) FROM {DATASET}.nodes "  # noqa: S608
        "WHERE cluster = $cluster AND tenant = $tenant AND node_id = 0",
        {"cluster": cluster, "tenant": tenant},
    ).fetchall()
    if highest is None:
        return None
    return highest, nodes_of(connection, cluster, tenant, highest)


def nodes_of(
    connection: duckdb.DuckDBPyConnection, cluster: str, tenant: str, execution_id: int
) -> pa.Table:
    """Returns the rows of one execution in preorder, with the schema `NODES`."""
    columns = ", ".join(NODES.names)
    found = connection.execute(
        f"SELECT {columns} FROM {DATASET}.nodes WHERE cluster = $cluster AND "  # noqa: S608
        "tenant = $tenant AND execution_id = $id ORDER BY node_id",
        {"cluster": cluster, "tenant": tenant, "id": execution_id},
    )
    return found.to_arrow_table().cast(NODES)

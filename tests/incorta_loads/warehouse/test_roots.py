"""The temporary table of root nodes."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from incorta_loads.base_tables import NODES
from incorta_loads.warehouse.roots import roots

ALL = "SELECT execution_id, load_plan FROM roots ORDER BY ALL"


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """The table of nodes, with one execution of two nodes."""
    with duckdb.connect() as connection:
        connection.register("empty", NODES.empty_table())
        connection.execute(
            "CREATE SCHEMA load_status; CREATE TABLE load_status.nodes AS FROM empty"
        )
        add(connection, 1, 0)
        add(connection, 1, 1)
        yield connection


def add(connection: duckdb.DuckDBPyConnection, execution_id: int, node_id: int) -> None:
    """Adds one node."""
    connection.execute(
        f"INSERT INTO load_status.nodes BY NAME SELECT {execution_id} AS execution_id, "
        f"{node_id} AS node_id, 'Plan {node_id}' AS load_plan"
    )


def test_each_execution_has_one_row(connection: duckdb.DuckDBPyConnection) -> None:
    """The row has the columns of the root node."""
    with roots(connection):
        assert connection.execute(ALL).fetchall() == [(1, "Plan 0")]


def test_a_later_context_reads_the_nodes_again(connection: duckdb.DuckDBPyConnection) -> None:
    """The table of an earlier context is dropped, even after an error."""
    with pytest.raises(ZeroDivisionError), roots(connection):
        raise ZeroDivisionError
    add(connection, 2, 0)
    with roots(connection):
        assert len(connection.execute(ALL).fetchall()) == 2

"""Creates, checks and describes the base tables in DuckDB."""

from __future__ import annotations

from pathlib import Path

import duckdb

from incorta_loads.base_tables import (
    ADDED_TABLES,
    BASE_TABLES,
    DATASET,
    GRAINS,
    descriptions,
    duckdb_types,
)
from incorta_loads.comments import set_comments
from incorta_loads.errors import WarehouseError
from incorta_loads.warehouse.opening import table_columns

_ADDED = {"fetches": "is_final", "alerts": "load_plan"}
"""Table → column that warehouses of older versions lack."""


def create_added(connection: duckdb.DuckDBPyConnection) -> None:
    """Creates the tables that are not part of any dlt package, unless they exist."""
    for name, schema in ADDED_TABLES.items():
        types = duckdb_types(schema)
        columns = ", ".join(
            f"{column.name} {types[column.name]}" + ("" if column.nullable else " NOT NULL")
            for column in schema
        )
        connection.execute(f"CREATE TABLE IF NOT EXISTS {DATASET}.{name} ({columns})")


def refuse_other_columns(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Checks the columns of the existing tables.

    Raises:
        WarehouseError: a table has other columns or types than this version writes.
    """
    found = table_columns(connection, DATASET)
    for name, schema in BASE_TABLES.items():
        expected = duckdb_types(schema)
        columns = found.get(name, expected)
        if columns not in (expected, _without_added(name, expected)):
            raise WarehouseError(
                f"The table {DATASET}.{name} in {path} has other columns than this "
                "version writes and was not changed; use the version that created it, or load "
                "into a new file."
            )


def add_columns(connection: duckdb.DuckDBPyConnection) -> None:
    """Adds the columns that the table of an older version lacks, each in one transaction."""
    found = table_columns(connection, DATASET)
    for name, column in _ADDED.items():
        types = duckdb_types(BASE_TABLES[name])
        if found.get(name) == _without_added(name, types):
            connection.execute(f"ALTER TABLE {DATASET}.{name} ADD COLUMN {column} {types[column]}")


def _without_added(table: str, columns: dict[str, str]) -> dict[str, str]:
    return {name: kind for name, kind in columns.items() if name != _ADDED.get(table)}


def describe(connection: duckdb.DuckDBPyConnection) -> None:
    """Sets each comment that is missing or outdated, as after an upgrade or a killed run."""
    comments: dict[tuple[str, str | None], str] = {}
    for table, schema in BASE_TABLES.items():
        comments[table, None] = GRAINS[table]
        for column, text in descriptions(schema).items():
            comments[table, column] = text
    set_comments(connection, DATASET, comments)

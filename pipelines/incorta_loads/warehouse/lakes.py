"""A warehouse whose base tables are views on published lakes, which are read but not loaded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

import duckdb
import pyarrow as pa

from incorta_loads.base_tables import (
    BASE_TABLES,
    DATASET,
    FETCHES,
    NODES,
    STATUS_CHANGES,
    duckdb_types,
)
from incorta_loads.errors import ConfigurationError, WarehouseError
from incorta_loads.sql_parameters import literal
from incorta_loads.warehouse.opening import lake_paths, opened, table_columns

_IN_LAKES: Mapping[str, pa.Schema] = {
    "nodes": NODES,
    "fetches": FETCHES,
    "status_changes": STATUS_CHANGES,
}
"""Base tables that a lake has. The others stay empty."""

_HIVE = "hive_partitioning = true, hive_types_autocast = false, union_by_name = true"


@contextmanager
def open_lakes(
    path: Path, lakes: Sequence[Path], timeout_seconds: float
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Opens a file for an analysis of lakes; its base tables are views on them.

    Args:
        path: the file; it is created if it is not there.
        lakes: published directories, or the lakes in them.
        timeout_seconds: how long to wait for another process that holds the file.

    Raises:
        ConfigurationError: a directory is no lake, or two have the same cluster and tenant.
        WarehouseError: the file has executions of its own.
        BusyError: another process held the file until the timeout.
    """
    found = [_lake_of(each) for each in lakes]
    _refuse_same_tenants(found)
    with opened(path, timeout_seconds, read_only=False) as connection:
        if table_columns(connection, DATASET) and not is_of_lakes(connection):
            raise WarehouseError(
                f"{path} has executions of its own and was not changed; name another file with "
                "--into."
            )
        connection.begin()
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {DATASET}")
        for table, schema in BASE_TABLES.items():
            if table in _IN_LAKES:
                files = [file for lake in found for file in _files(lake, table)]
                view = _view(connection, schema, files)
                connection.execute(f"CREATE OR REPLACE VIEW {DATASET}.{table} AS {view}")
            else:
                columns = ", ".join(f"{each} {kind}" for each, kind in duckdb_types(schema).items())
                connection.execute(f"CREATE TABLE IF NOT EXISTS {DATASET}.{table} ({columns})")
        paths = ", ".join(f"({literal(str(each))})" for each in found)
        connection.execute(
            f"CREATE OR REPLACE TABLE {DATASET}.lakes AS FROM (VALUES {paths}) AS lakes (path)"
        )
        connection.commit()
        yield connection


def is_of_lakes(connection: duckdb.DuckDBPyConnection) -> bool:
    """Returns whether the base tables are views on lakes."""
    return lake_paths(connection) != []


def _lake_of(directory: Path) -> Path:
    for lake in (directory / "lake", directory):
        if (lake / "fetches").is_dir():
            return lake.resolve()
    raise ConfigurationError(
        f"{directory} has no lake; name a directory that incorta-loads publish wrote."
    )


def _refuse_same_tenants(lakes: Sequence[Path]) -> None:
    """Rejects lakes that have the same executions, which would be counted twice."""
    places: dict[str, Path] = {}
    for lake in lakes:
        for directory in sorted((lake / "fetches").glob("cluster=*/tenant=*")):
            cluster, tenant = (
                unquote(part.partition("=")[2]) for part in directory.relative_to(lake).parts[1:]
            )
            place = f"cluster {cluster}, tenant {tenant}"
            if place in places:
                raise ConfigurationError(
                    f"Both {places[place]} and {lake} have {place}, whose executions would be "
                    "counted twice; name only one of them."
                )
            places[place] = lake


def _files(lake: Path, table: str) -> list[Path]:
    return sorted((lake / table).rglob("*.parquet"))


def _view(connection: duckdb.DuckDBPyConnection, schema: pa.Schema, files: Sequence[Path]) -> str:
    """Returns a query for the rows of a base table, in its columns and types."""
    types = duckdb_types(schema)
    if not files:
        columns = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in types.items())
        return f"SELECT {columns} WHERE false"
    source = f"read_parquet([{', '.join(literal(str(each)) for each in files)}], {_HIVE})"
    there = {row[0] for row in connection.execute(f"DESCRIBE FROM {source}").fetchall()}
    columns = ", ".join(
        f"CAST({name if name in there else 'NULL'} AS {kind}) AS {name}"
        for name, kind in types.items()
    )
    return f"SELECT {columns} FROM {source}"  # noqa: S608 (names of columns, and literals)

"""Publishes the marts into a PostgreSQL database, for BI servers.

All tables change in one transaction and stay in place, so readers see either publication as a
whole. A table is made anew only if its columns differ.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb

from incorta_loads.errors import ConfigurationError, PublishError, first_line
from incorta_loads.publication.publish import published_marts
from incorta_loads.sql_parameters import literal
from incorta_loads.warehouse.opening import table_columns

logger = logging.getLogger(__name__)

SCHEMA = "load_analysis"
ROWS_AT_ONCE = 50_000
"""Rows that are in memory at the same time."""

_TYPES = {
    "BIGINT": "bigint",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "DOUBLE": "double precision",
    "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
    "VARCHAR": "text",
}
"""Type in DuckDB → type in PostgreSQL."""

Connection = Any
Cursor = Any
"""Those of the driver, which is an extra and has no types."""

_LOCK = 4_127_953_068
"""Of publications into one database; any number that others hardly take."""


@dataclass(frozen=True, slots=True)
class PublishedTables:
    """What was published.

    Attributes:
        tables: number of tables.
        rows: number of rows in all of them.
        seconds: wall time.
    """

    tables: int
    rows: int
    seconds: float

    def __str__(self) -> str:
        """Returns the numbers of tables and rows, and the wall time."""
        return f"PostgreSQL ({self.tables} tables with {self.rows:,} rows, in {self.seconds:.1f} s)"


def publish_to_postgres(connection: duckdb.DuckDBPyConnection, url: str) -> PublishedTables:
    """Replaces the rows of all marts in schema `load_analysis` of a PostgreSQL database.

    `node_outcomes` is left out, because it has a row for each node. A NUL in a text, which
    PostgreSQL cannot store, becomes U+FFFD.

    Args:
        connection: connection to the warehouse.
        url: address of the database, with the user and a password if it needs one.

    Raises:
        ConfigurationError: the driver is not installed, or the schema holds the publication of
            another warehouse.
        PublishError: the database cannot be reached or written; its tables are as before.
        WarehouseError: there is no analysis yet.
    """
    began = time.monotonic()
    marts = published_marts(connection)
    columns = {mart: table_columns(connection, SCHEMA)[mart] for mart in marts}
    rows = 0
    with _connected(url) as postgres, postgres.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock({_LOCK})").fetchall()
        _refuse_others_publication(connection, cursor)
        cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        before = _columns(cursor)
        for mart in marts:
            _prepare(cursor, mart, columns[mart], before.get(mart))
            rows += _fill(connection, cursor, mart, columns[mart])
        for comment in _comments(connection, columns):
            cursor.execute(comment)
        postgres.commit()
    return PublishedTables(len(marts), rows, time.monotonic() - began)


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    """Yields a connection in a transaction; an error rolls it back."""
    try:
        from adbc_driver_postgresql import dbapi  # noqa: PLC0415 (an extra)
    except ModuleNotFoundError:
        raise ConfigurationError(
            "publish_postgres needs a driver: pip install 'incorta-loads[postgres]'."
        ) from None
    try:
        with dbapi.connect(url) as connection:
            yield connection
    except dbapi.Error as error:
        raise PublishError(
            f"PostgreSQL could not be published to ({first_line(error)}); its tables are as "
            "before, and the files are published."
        ) from error


def _refuse_others_publication(connection: duckdb.DuckDBPyConnection, cursor: Cursor) -> None:
    """Rejects a schema with rows of clusters or tenants that this warehouse does not have."""
    if "coverage" not in _columns(cursor):
        return
    query = f"SELECT DISTINCT cluster, tenant FROM {SCHEMA}.coverage"  # noqa: S608 (a constant)
    here = set(connection.execute(query).fetchall())
    for cluster, tenant in cursor.execute(query).fetchall():
        if (cluster, tenant) not in here:
            raise ConfigurationError(
                f"The schema {SCHEMA} in PostgreSQL holds the publication of another warehouse, "
                f"with {cluster}, tenant {tenant}, which this warehouse does not have; name "
                "another database."
            )


def _columns(cursor: Cursor) -> dict[str, dict[str, str]]:
    """Returns table → column → type of the tables that are there."""
    found: dict[str, dict[str, str]] = {}
    query = f"""
    SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns
    WHERE table_schema = '{SCHEMA}' ORDER BY table_name, ordinal_position
    """  # noqa: S608 (a constant)
    for table, column, kind in cursor.execute(query).fetchall():
        found.setdefault(table, {})[column] = kind
    return found


def _prepare(
    cursor: Cursor, mart: str, columns: Mapping[str, str], before: Mapping[str, str] | None
) -> None:
    """Empties the table, or makes it if it is not there or has other columns."""
    wanted = {name: _TYPES[kind] for name, kind in columns.items()}
    if before == wanted and list(before) == list(wanted):
        cursor.execute(f"DELETE FROM {SCHEMA}.{mart}")  # noqa: S608 (the name of a mart)
        return
    if before is not None:
        cursor.execute(f"DROP TABLE {SCHEMA}.{mart}")
    listed = ", ".join(f'"{name}" {kind}' for name, kind in wanted.items())
    cursor.execute(f"CREATE TABLE {SCHEMA}.{mart} ({listed})")


def _fill(
    connection: duckdb.DuckDBPyConnection, cursor: Cursor, mart: str, columns: Mapping[str, str]
) -> int:
    """Copies the rows and returns their number."""
    listed = ", ".join(
        f"replace({name}, chr(0), chr(65533)) AS {name}" if kind == "VARCHAR" else name
        for name, kind in columns.items()
    )
    rows = connection.execute(f"SELECT {listed} FROM {SCHEMA}.{mart}")  # noqa: S608
    reader = rows.fetch_record_batch(ROWS_AT_ONCE)
    return int(cursor.adbc_ingest(mart, reader, mode="append", db_schema_name=SCHEMA))


def _comments(
    connection: duckdb.DuckDBPyConnection, columns: Mapping[str, Mapping[str, str]]
) -> Iterator[str]:
    """Yields statements that set the comments of the tables and their columns."""
    rows: list[tuple[Any, ...]] = connection.execute(_COMMENTS, {"schema": SCHEMA}).fetchall()
    for table, column, text in rows:
        if table in columns and text is not None:
            kind = "TABLE" if column is None else "COLUMN"
            place = ".".join(f'"{name}"' for name in (SCHEMA, table, column) if name is not None)
            yield f"COMMENT ON {kind} {place} IS {literal(text)}"


_COMMENTS = """
SELECT table_name, column_name, comment FROM duckdb_columns()
WHERE schema_name = $schema AND database_name = current_database()
UNION ALL
SELECT table_name, NULL, comment FROM duckdb_tables()
WHERE schema_name = $schema AND database_name = current_database()
UNION ALL
SELECT view_name, NULL, comment FROM duckdb_views()
WHERE schema_name = $schema AND database_name = current_database()
"""

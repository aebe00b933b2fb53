"""Runs queries and returns their rows as dictionaries."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from itertools import chain, count
from typing import Any

import duckdb

from incorta_loads.errors import WarehouseError
from incorta_loads.sql_parameters import Parameter, execute

Row = dict[str, Any]


@dataclass(frozen=True)
class Rows:
    """The result of a query.

    Attributes:
        names: column names, in order and unique.
        rows: one mapping per row, column name → value.
        places: those of cluster and tenant that have several values, here or in other rows.
    """

    names: list[str]
    rows: list[Row]
    places: tuple[str, ...] = ()


def marts(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    parameters: Mapping[str, Parameter] | None = None,
) -> Rows:
    """Runs a query on schema `load_analysis` and returns its result.

    Raises:
        WarehouseError: a relation was not built yet, or was built by a version that lacks a column.
    """
    parameters = parameters or {}
    try:
        found = rows(connection, query, parameters)
        return replace(found, places=_places(connection, found.names, parameters))
    except (duckdb.BinderException, duckdb.CatalogException):
        what = (
            "The analysis in the warehouse was made by another version"
            if built_relations(connection)
            else "The warehouse has no analysis yet"
        )
        raise WarehouseError(f"{what}; run incorta-loads analyze first.") from None


def _places(
    connection: duckdb.DuckDBPyConnection, names: Collection[str], parameters: Collection[str]
) -> tuple[str, ...]:
    """Returns those of cluster and tenant that have several values and were not chosen."""
    asked = [each for each in ("cluster", "tenant") if each in names and each not in parameters]
    if not asked:
        return ()
    counts = ", ".join(f"count(DISTINCT {each})" for each in asked)
    query = f"SELECT {counts} FROM load_analysis.coverage"  # noqa: S608 (constants)
    numbers = connection.execute(query).fetchone() or ()
    return tuple(each for each, number in zip(asked, numbers, strict=True) if number > 1)


def rows(
    connection: duckdb.DuckDBPyConnection, query: str, parameters: Mapping[str, Parameter]
) -> Rows:
    """Runs any query and returns its result."""
    return result_rows(execute(connection, query, parameters))


def result_rows(result: duckdb.DuckDBPyConnection, limit: int | None = None) -> Rows:
    """Returns the rows of a query that has run, or the first of them."""
    names = _unlike([column[0] for column in result.description or []])
    found = result.fetchall() if limit is None else result.fetchmany(limit)
    return Rows(names, [dict(zip(names, row, strict=True)) for row in found])


def built_relations(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Returns the name of each table and view in schema `load_analysis`, with its type."""
    query = """
    SELECT table_name, table_type FROM information_schema.tables
    WHERE table_schema = 'load_analysis' AND table_catalog = current_database()
    """
    return dict(connection.execute(query).fetchall())


def built_tables(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Returns the names of the tables in schema `load_analysis`; views are not among them."""
    return {name for name, kind in built_relations(connection).items() if kind == "BASE TABLE"}


def _unlike(names: list[str]) -> list[str]:
    """Returns unique names; repeated names get a number as in DuckDB subqueries: a, a_1."""
    taken: set[str] = set()
    numbers = {name: chain([name], map(f"{name}_{{}}".format, count(1))) for name in names}
    unlike: list[str] = []
    for name in names:
        unlike.append(next(each for each in numbers[name] if each not in taken))
        taken.add(unlike[-1])
    return unlike

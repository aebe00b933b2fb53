"""The rows of any query."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, count
from typing import Any

import duckdb

from incorta_loads.errors import WarehouseError

Row = dict[str, Any]


@dataclass(frozen=True)
class Rows:
    """A result.

    Attributes:
        names: its columns, in order; no two alike.
        rows: column name → value.
    """

    names: list[str]
    rows: list[Row]


def marts(connection: duckdb.DuckDBPyConnection, query: str, parameters: Row | None = None) -> Rows:
    """The result of a query on schema `load_analysis`.

    Raises:
        WarehouseError: what it reads was not built yet, or by a version that lacks a column.
    """
    try:
        return rows(connection, query, parameters or {})
    except duckdb.BinderException:
        raise WarehouseError(
            "The analysis in the warehouse is by another version; run incorta-loads analyze first."
        ) from None
    except duckdb.CatalogException:
        raise WarehouseError(
            "The warehouse has no analysis yet; run incorta-loads analyze first."
        ) from None


def rows(connection: duckdb.DuckDBPyConnection, query: str, parameters: Row) -> Rows:
    """The result of any query."""
    result = connection.execute(query, parameters) if parameters else connection.execute(query)
    names = _unlike([column[0] for column in result.description or []])
    return Rows(names, [dict(zip(names, row, strict=True)) for row in result.fetchall()])


def _unlike(names: list[str]) -> list[str]:
    """The names, of which repeated ones get a number, as in a subquery of DuckDB: a, a_1."""
    taken: set[str] = set()
    numbers = {name: chain([name], map(f"{name}_{{}}".format, count(1))) for name in names}
    unlike: list[str] = []
    for name in names:
        unlike.append(next(each for each in numbers[name] if each not in taken))
        taken.add(unlike[-1])
    return unlike

"""Passes parameters to DuckDB as SQL.

When a process first passes a Python value as a query parameter, DuckDB imports pandas and pyarrow.
This takes half the time of a command that only reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

Parameter = str | int | None


def execute(
    connection: duckdb.DuckDBPyConnection, query: str, parameters: Mapping[str, Parameter]
) -> duckdb.DuckDBPyConnection:
    """Runs one statement with the parameters that it names, such as `$plan`."""
    if not parameters:
        return connection.execute(query)
    connection.execute(f"PREPARE with_parameters AS {query}")
    arguments = ", ".join(f'"{name}" := {literal(value)}' for name, value in parameters.items())
    return connection.execute(f"EXECUTE with_parameters({arguments})")


def literal(value: Parameter) -> str:
    """Returns a value as DuckDB writes it in SQL."""
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value)

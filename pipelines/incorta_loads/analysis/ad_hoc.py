"""Runs a single read-only SQL statement from the user on the warehouse."""

from __future__ import annotations

import duckdb

from incorta_loads.analysis.rows import Rows, result_rows
from incorta_loads.errors import ConfigurationError, one_line

_FETCHED_AT_ONCE = 10_000


def one_statement(
    connection: duckdb.DuckDBPyConnection, query: str, *, limit: int | None = None
) -> tuple[Rows, int]:
    """Runs one read-only statement and returns its result and the number of all its rows.

    Args:
        connection: connection to the warehouse.
        query: the statement.
        limit: return at most this many rows; the others are only counted.

    Raises:
        ConfigurationError: the query is not exactly one statement, is not read-only, or is
            rejected by DuckDB.
    """
    try:
        statements = connection.extract_statements(query)
        reading = {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN}
        if len(statements) != 1:
            raise ConfigurationError(
                f"`sql` takes one statement, not {len(statements)}; nothing was run."
            )
        if statements[0].type not in reading:
            raise ConfigurationError(
                f"`sql` only reads, but the statement is {statements[0].type.name}; nothing was "
                "run. Use SELECT."
            )
        result = connection.execute(query)
        found = result_rows(result, limit)
        total = len(found.rows)
        while limit is not None and (others := result.fetchmany(_FETCHED_AT_ONCE)):
            total += len(others)
    except duckdb.Error as error:
        reason = one_line(str(error).partition("\n\nLINE ")[0])
        raise ConfigurationError(f"DuckDB rejected the statement: {reason}") from None
    return found, total

"""Runs a single read-only SQL statement from the user on the warehouse."""

from __future__ import annotations

import duckdb

from incorta_loads.analysis.rows import Rows, rows
from incorta_loads.errors import ConfigurationError, one_line


def one_statement(connection: duckdb.DuckDBPyConnection, query: str) -> Rows:
    """Runs one read-only statement and returns its result.

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
        return rows(connection, query, {})
    except duckdb.Error as error:
        reason = one_line(str(error).partition("\n\nLINE ")[0])
        raise ConfigurationError(f"DuckDB rejected the statement: {reason}") from None

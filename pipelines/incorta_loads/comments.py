"""Sets the comments of relations and columns, which BI tools show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from incorta_loads.sql_parameters import execute, literal

if TYPE_CHECKING:
    import duckdb

_COMMENTS = """
SELECT table_name, column_name, 'COLUMN', comment FROM duckdb_columns()
WHERE schema_name = $schema AND database_name = current_database()
UNION ALL
SELECT table_name, NULL, 'TABLE', comment FROM duckdb_tables()
WHERE schema_name = $schema AND database_name = current_database()
UNION ALL
SELECT view_name, NULL, 'VIEW', comment FROM duckdb_views()
WHERE schema_name = $schema AND database_name = current_database()
"""


def set_comments(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    comments: Mapping[tuple[str, str | None], str],
) -> None:
    """Sets each comment that is missing or outdated.

    Args:
        connection: connection to the warehouse.
        schema: schema of the relations, all of which exist.
        comments: (relation, column) → text; the column is None for the relation itself.
    """
    rows = execute(connection, _COMMENTS, {"schema": schema}).fetchall()
    found = {(relation, column): (kind, comment) for relation, column, kind, comment in rows}
    statements = []
    for (relation, column), text in comments.items():
        kind, comment = found[relation, column]
        if comment != text:
            place = ".".join(f'"{name}"' for name in (schema, relation, column) if name is not None)
            statements.append(f"COMMENT ON {kind} {place} IS {literal(text)}")
    if statements:
        connection.execute(";\n".join(statements))

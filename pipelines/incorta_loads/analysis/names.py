"""Selects rows by the names in the warehouse, and finds what a mistyped name may have meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

import duckdb

from incorta_loads.analysis.rows import Row, marts
from incorta_loads.choices import Names
from incorta_loads.errors import ConfigurationError
from incorta_loads.sql_parameters import Parameter
from incorta_loads.text import qualified

_MOST_LISTED = 10

_NOUNS = {
    "cluster": "cluster",
    "tenant": "tenant",
    "plan": "load plan",
    "schema": "schema",
    "table": "table",
}

_KNOWN = {
    "cluster": ("load_analysis.coverage", "cluster"),
    "tenant": ("load_analysis.coverage", "tenant"),
    "plan": ("load_analysis.executions", "load_plan"),
    "schema": (
        (
            "(SELECT schema_name FROM load_analysis.failure_rates_by_schema "
            "UNION SELECT schema_name FROM load_analysis.table_health)"
        ),
        "schema_name",
    ),
    "table": ("load_analysis.table_health", "schema_name, table_name"),
}
"""Kind of name → the relation that has all of them, and its columns."""

# A table has one series across all plans; a plan contains every table that was seen in it.
_SEEN_IN_PLAN = """EXISTS (
    SELECT 1 FROM load_analysis.failure_rates_by_plan_and_table AS seen
    WHERE seen.cluster = mart.cluster AND seen.tenant = mart.tenant AND seen.load_plan = $plan
    AND seen.schema_name IS NOT DISTINCT FROM mart.schema_name
    AND seen.table_name IS NOT DISTINCT FROM mart.table_name
)"""


def is_table(relation: str) -> str:
    """Returns the SQL condition for the rows of a relation about $table, with its schema or not."""
    name, schema = f"{relation}.table_name", f"{relation}.schema_name"
    return f"$table IN ({name}, {schema} || '.' || {name})"


_CONDITIONS = {
    "cluster": "mart.cluster = $cluster",
    "tenant": "mart.tenant = $tenant",
    "plan": _SEEN_IN_PLAN,
    "schema": "mart.schema_name = $schema",
    "table": is_table("mart"),
}


def conditions(names: Names, others: Mapping[str, str] | None = None) -> str:
    """Returns the SQL condition for the rows of a mart, called `mart`, that have the names.

    Args:
        names: the names, which are parameters of the condition.
        others: conditions on kinds of names that the mart does not have in columns of its own.
    """
    of_mart = _CONDITIONS | dict(others or {})
    return " AND ".join(["TRUE", *(of_mart[kind] for kind in names.given())])


def parameters_of(query: str, names: Names) -> dict[str, Parameter]:
    """Returns only the parameters that the query uses, because DuckDB rejects any others."""
    return {kind: name for kind, name in vars(names).items() if f"${kind}" in query}


def require_names(connection: duckdb.DuckDBPyConnection, names: Names) -> None:
    """Checks that the warehouse has every name.

    Raises:
        ConfigurationError: one is unknown; the error lists those there are, or the closest.
        WarehouseError: there is no analysis yet.
    """
    for kind, name in names.given().items():
        if not _is_known(connection, kind, names):
            rows = _known_rows(connection, kind)
            raise ConfigurationError(_unknown(_NOUNS[kind], name, rows, f"{_NOUNS[kind]}s"))


def is_plan(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Returns whether a name is that of a load plan; otherwise it is that of a table.

    Raises:
        ConfigurationError: it is neither; the error lists the closest.
        WarehouseError: there is no analysis yet.
    """
    if _is_known(connection, "plan", Names(plan=name)):
        return True
    if _is_known(connection, "table", Names(table=name)):
        return False
    rows = [row for kind in ("plan", "table") for row in _known_rows(connection, kind)]
    raise ConfigurationError(_unknown("load plan or table", name, rows, "load plans and tables"))


def _is_known(connection: duckdb.DuckDBPyConnection, kind: str, names: Names) -> bool:
    relation, _ = _KNOWN[kind]
    condition = (_CONDITIONS | {"plan": "mart.load_plan = $plan"})[kind]
    query = f"SELECT 1 FROM {relation} AS mart WHERE {condition} LIMIT 1"  # noqa: S608 (constants)
    return bool(marts(connection, query, parameters_of(query, names)).rows)


def _known_rows(connection: duckdb.DuckDBPyConnection, kind: str) -> list[Row]:
    relation, columns = _KNOWN[kind]
    return marts(connection, f"SELECT DISTINCT {columns} FROM {relation} AS mart").rows  # noqa: S608


def _unknown(noun: str, name: str, rows: Sequence[Row], nouns: str) -> str:
    """Returns the message for an unknown name: those there are, or the closest of many."""
    known = sorted({text for row in rows if (text := _name_of(row)) is not None})
    listed = known
    which = f"its {nouns} are (case-sensitive)"
    if len(known) > _MOST_LISTED:
        listed = _closest(name, known)
        which = f"the closest of its {len(known):,} {nouns} are (case-sensitive)"
    names = ", ".join(f"'{each}'" for each in listed) or "none"
    return f"There is no {noun} '{name}' in the warehouse; {which}: {names}."


def _name_of(row: Row) -> str | None:
    if "table_name" not in row:
        (name,) = row.values()
        return None if name is None else str(name)
    return row["table_name"] and qualified(row["schema_name"], row["table_name"])


def _closest(name: str, known: list[str]) -> list[str]:
    """Returns names that end with it, then similar ones, whatever their case; at least one."""
    folded = name.casefold()
    by_folded = {each.casefold(): each for each in known}
    ending = [each for each in by_folded if each.endswith(f".{folded}")]
    similar = get_close_matches(folded, by_folded, n=5) or get_close_matches(
        folded, by_folded, n=1, cutoff=0
    )
    return [by_folded[each] for each in dict.fromkeys([*ending, *similar])][:5]

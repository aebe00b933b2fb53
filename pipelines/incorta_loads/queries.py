"""What the commands read from the warehouse: rows of the marts, in the order in which to look at them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb

from incorta_loads.choices import By, Sort
from incorta_loads.errors import ConfigurationError, WarehouseError

Row = dict[str, Any]


@dataclass(frozen=True)
class Rows:
    """A result.

    Attributes:
        names: its columns, in order.
        rows: column name → value.
    """

    names: list[str]
    rows: list[Row]


# (by, of one plan only) → the mart and its names; all of them after cluster and tenant
_MARTS = {
    (By.PLAN, False): ("failure_rates_by_plan", ("load_plan",)),
    (By.PLAN, True): ("failure_rates_by_plan", ("load_plan",)),
    (By.GROUP, False): ("failure_rates_by_group", ("load_plan", "group_name")),
    (By.GROUP, True): ("failure_rates_by_group", ("load_plan", "group_name")),
    (By.SCHEMA, False): ("failure_rates_by_schema", ("schema_name",)),
    (By.SCHEMA, True): ("failure_rates_by_plan_and_schema", ("load_plan", "schema_name")),
    (By.TABLE, False): ("failure_rates_by_table", ("schema_name", "table_name")),
    (By.TABLE, True): (
        "failure_rates_by_plan_and_table",
        ("load_plan", "schema_name", "table_name"),
    ),
}


def failure_rates(
    connection: duckdb.DuckDBPyConnection,
    by: By,
    *,
    plan: str | None,
    recent: bool,
    sort: Sort,
    limit: int | None,
) -> tuple[Rows, tuple[str, ...]]:
    """Failure rates, worst first, and the names of the columns that say of what.

    Sorted by the lower end of the interval, so that one failure in one run does not lead; or by the
    number of errors. Of equals the first by name comes first.
    """
    mart, names = _MARTS[by, plan is not None]
    prefix = "recent_" if recent else ""
    leading = {
        Sort.RATE: [f"{prefix}error_rate_low", f"{prefix}errors"],
        Sort.ERRORS: [f"{prefix}errors", f"{prefix}error_rate_low"],
    }[sort]
    order = ", ".join(
        [*(f"{column} DESC NULLS LAST" for column in leading)]
        + [f"{column} NULLS LAST" for column in (*names, "cluster", "tenant")]
    )
    where = "TRUE" if plan is None else "load_plan = $plan"
    if recent:
        where += " AND recent_counted > 0"
    query = f"SELECT * FROM load_analysis.{mart} WHERE {where} ORDER BY {order}"  # noqa: S608
    if limit is not None:
        query += f" LIMIT {limit}"
    return _marts(connection, query, {} if plan is None else {"plan": plan}), names


def coverage(connection: duckdb.DuckDBPyConnection) -> Rows:
    """One row a cluster and tenant."""
    return _marts(connection, "SELECT * FROM load_analysis.coverage ORDER BY cluster, tenant")


def unknown_statuses(connection: duckdb.DuckDBPyConnection) -> Rows:
    """The statuses that no rule knows, most frequent first."""
    return _marts(
        connection,
        "SELECT cluster, tenant, type, state_type, job_status, nodes "
        "FROM load_analysis.status_ledger WHERE outcome = 'unknown' "
        "ORDER BY nodes DESC, cluster, tenant, type, state_type, job_status",
    )


def execution_nodes(connection: duckdb.DuckDBPyConnection, execution_id: int) -> Rows:
    """The nodes of one execution in preorder, cluster by cluster."""
    return _rows(
        connection,
        "SELECT * FROM load_status.nodes WHERE execution_id = $id "
        "ORDER BY cluster, tenant, node_id",
        {"id": execution_id},
    )


def last_fetches(connection: duckdb.DuckDBPyConnection, execution_id: int) -> Rows:
    """What became of asking for one execution last, cluster by cluster."""
    return _rows(
        connection,
        """
        SELECT cluster, tenant, last.outcome, last.message, last.fetched_at
        FROM (
            SELECT cluster, tenant, max_by(fetches, (fetched_at, run_id)) AS last
            FROM load_status.fetches
            WHERE execution_id = $id
            GROUP BY cluster, tenant
        )
        ORDER BY cluster, tenant
        """,
        {"id": execution_id},
    )


def one_statement(connection: duckdb.DuckDBPyConnection, query: str) -> Rows:
    """The result of one reading statement.

    Raises:
        ConfigurationError: not one statement, not a reading one, or refused by DuckDB.
    """
    try:
        statements = connection.extract_statements(query)
        reading = {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN}
        if len(statements) != 1:
            raise ConfigurationError(
                f"`sql` takes one statement, and this is {len(statements)}; nothing was run."
            )
        if statements[0].type not in reading:
            raise ConfigurationError(
                f"`sql` only reads, and this is {statements[0].type.name}; nothing was run: "
                "use SELECT."
            )
        return _rows(connection, query, {})
    except duckdb.Error as error:
        raise ConfigurationError(f"DuckDB refused the statement: {error}") from None


def _marts(
    connection: duckdb.DuckDBPyConnection, query: str, parameters: Row | None = None
) -> Rows:
    try:
        return _rows(connection, query, parameters or {})
    except duckdb.CatalogException:
        raise WarehouseError(
            "The warehouse has no analysis yet; run incorta-loads analyze first."
        ) from None


def _rows(connection: duckdb.DuckDBPyConnection, query: str, parameters: Row) -> Rows:
    result = connection.execute(query, parameters) if parameters else connection.execute(query)
    names = [column[0] for column in result.description or []]
    return Rows(names, [dict(zip(names, row, strict=True)) for row in result.fetchall()])

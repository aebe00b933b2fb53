"""What the commands read from the warehouse, in the order in which to look at it."""

from __future__ import annotations

import duckdb

from incorta_loads.analysis.rows import Row, Rows, marts, rows
from incorta_loads.choices import By, Sort
from incorta_loads.errors import ConfigurationError, UnknownExecutionError, WarehouseError
from incorta_loads.text import in_utc
from incorta_loads.tree.statuses import OutcomeOf

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


_RANK = """(
    SELECT worst_rank FROM load_analysis.table_health AS health
    WHERE health.cluster = mart.cluster AND health.tenant = mart.tenant
    AND health.schema_name IS NOT DISTINCT FROM mart.schema_name
    AND health.table_name IS NOT DISTINCT FROM mart.table_name
)"""


def require_plan(connection: duckdb.DuckDBPyConnection, plan: str | None) -> None:
    """Raises ConfigurationError, with those there are, for a load plan that is not one of them."""
    if plan is None:
        return
    query = "SELECT DISTINCT load_plan FROM load_analysis.executions ORDER BY ALL"
    plans = [row["load_plan"] for row in marts(connection, query).rows]
    if plan not in plans:
        known = ", ".join(f"'{each}'" for each in plans if each is not None) or "none"
        raise ConfigurationError(
            f"There is no load plan '{plan}' in the warehouse; its names are, case-sensitive: "
            f"{known}."
        )


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

    Sorted by the lower end of the interval, so that one failure in one run does not lead; by the
    number of errors; or, tables only, by their rank in `table_health`. Of equals the first by name
    comes first.

    Raises:
        ConfigurationError: only tables have a rank.
        WarehouseError: there is no analysis yet.
    """
    if sort is Sort.RANK and by is not By.TABLE:
        raise ConfigurationError(
            f"Only tables have a rank; use --by table, or another --sort with --by {by}."
        )
    mart, names = _MARTS[by, plan is not None]
    prefix = "recent_" if recent else ""
    leading = {
        Sort.RATE: [f"{prefix}error_rate_low DESC", f"{prefix}errors DESC"],
        Sort.RANK: [_RANK],
        Sort.ERRORS: [f"{prefix}errors DESC", f"{prefix}error_rate_low DESC"],
    }[sort]
    order = ", ".join(f"{each} NULLS LAST" for each in (*leading, *names, "cluster", "tenant"))
    where = "TRUE" if plan is None else "load_plan = $plan"
    if recent:
        where += " AND recent_counted > 0"
    query = f"SELECT * FROM load_analysis.{mart} AS mart WHERE {where} ORDER BY {order}"  # noqa: S608
    if limit is not None:
        query += f" LIMIT {limit}"
    return marts(connection, query, {} if plan is None else {"plan": plan}), names


def coverage(connection: duckdb.DuckDBPyConnection) -> Rows:
    """One row a cluster and tenant.

    Raises:
        WarehouseError: there is no analysis yet, or it is by another version.
    """
    query = (
        "SELECT * REPLACE (ids_restarted AS ids_restarted) FROM load_analysis.coverage "
        "ORDER BY cluster, tenant"  # a column of this version, without which it is by another one
    )
    return marts(connection, query)


def unknown_statuses(connection: duckdb.DuckDBPyConnection) -> Rows:
    """The statuses that no rule knows, most frequent first."""
    return marts(
        connection,
        "SELECT cluster, tenant, type, state_type, job_status, nodes "
        "FROM load_analysis.status_ledger WHERE outcome = 'unknown' "
        "ORDER BY nodes DESC, cluster, tenant, type, state_type, job_status",
    )


def unknown_types(connection: duckdb.DuckDBPyConnection) -> Rows:
    """The types without a role of their own and the roles taken, most frequent first."""
    return marts(
        connection,
        "SELECT cluster, tenant, type, role AS role_taken, count(*) AS nodes "
        "FROM load_analysis.status_conflicts WHERE rule = 'unknown_type' "
        "GROUP BY cluster, tenant, type, role "
        "ORDER BY nodes DESC, cluster, tenant, type, role",
    )


def execution_nodes(
    connection: duckdb.DuckDBPyConnection,
    execution_id: int,
    *,
    failed: bool,
    outcome_of: OutcomeOf,
) -> Rows:
    """The nodes of one execution in preorder with their outcomes, cluster by cluster.

    Args:
        connection: to the warehouse.
        execution_id: which.
        failed: only nodes in error and those above them.
        outcome_of: state type and job status → outcome, where the answer was not analysed yet.

    Raises:
        UnknownExecutionError: the warehouse has no nodes of it; says what became of asking.
        WarehouseError: it has no base tables.
    """
    query = _EXECUTION_NODES
    if "node_outcomes" not in _analysed(connection):
        query = "SELECT *, NULL AS outcome FROM load_status.nodes WHERE execution_id = $id"
    query += " ORDER BY cluster, tenant, node_id"
    found = _base_tables(connection, query, {"id": execution_id})
    if not found.rows:
        raise UnknownExecutionError(_why_missing(connection, execution_id))
    for row in found.rows:
        row["outcome"] = row["outcome"] or outcome_of(row["state_type"], row["job_status"])
    return Rows(found.names, _failing_branches(found.rows)) if failed else found


def _failing_branches(rows: list[Row]) -> list[Row]:
    kept: list[Row] = []
    last_error: Row | None = None
    for row in reversed(rows):  # so that the first error below a node is the last one seen
        if row["outcome"] in ("failure", "partial"):
            last_error = row
        if last_error is not None and _is_at_or_above(row, last_error):
            kept.append(row)
    return kept[::-1]


def _is_at_or_above(row: Row, other: Row) -> bool:
    same_tree = (row["cluster"], row["tenant"]) == (other["cluster"], other["tenant"])
    return same_tree and bool(row["node_id"] <= other["node_id"] <= row["last_descendant_id"])


def _analysed(connection: duckdb.DuckDBPyConnection) -> set[str]:
    query = "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'load_analysis'"
    return {name for (name,) in connection.execute(query).fetchall()}


def _why_missing(connection: duckdb.DuckDBPyConnection, execution_id: int) -> str:
    last = _base_tables(connection, _LAST_FETCH, {"id": execution_id}).rows
    if not last:
        return (
            f"Execution {execution_id} is not in the warehouse: it was never asked for; run "
            f"incorta-loads ingest --ids {execution_id}."
        )
    return (
        f"Execution {execution_id} is not in the warehouse: it did not load when it was last asked "
        f"for ({last[0]['outcome']} at {in_utc(last[0]['fetched_at'])}: "
        f"{(last[0]['message'] or '').rstrip('.')}); run incorta-loads ingest --ids {execution_id}."
    )


# The outcome is that of the same answer, or none: the analysis may be older than the nodes.
_EXECUTION_NODES = """
SELECT nodes.*, outcomes.outcome
FROM load_status.nodes
LEFT JOIN load_analysis.node_outcomes AS outcomes
    USING (cluster, tenant, execution_id, node_id, fetched_at)
WHERE nodes.execution_id = $id
"""

_LAST_FETCH = """
SELECT outcome, message, fetched_at
FROM load_status.fetches
WHERE execution_id = $id
ORDER BY fetched_at DESC, run_id DESC
LIMIT 1
"""


def _base_tables(connection: duckdb.DuckDBPyConnection, query: str, parameters: Row) -> Rows:
    try:
        return rows(connection, query, parameters)
    except duckdb.CatalogException:
        raise WarehouseError(
            "The warehouse has no executions yet; run incorta-loads ingest first."
        ) from None

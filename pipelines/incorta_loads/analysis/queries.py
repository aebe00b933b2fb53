"""Queries behind the commands; their rows come in the order in which to read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import duckdb

from incorta_loads.analysis.rows import Row, Rows, marts, rows
from incorta_loads.choices import By, Sort
from incorta_loads.errors import ConfigurationError, UnknownExecutionError, WarehouseError
from incorta_loads.sql_parameters import Parameter
from incorta_loads.text import in_utc
from incorta_loads.tree.statuses import OutcomeOf

# (by, whether limited to one plan) → the mart and its name columns after cluster and tenant
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


class FailureRates(NamedTuple):
    """Rows of a mart of failure rates.

    Attributes:
        found: the rows, up to the requested limit.
        names: the columns that identify a row, after cluster and tenant.
        total: number of all rows.
    """

    found: Rows
    names: tuple[str, ...]
    total: int


def require_plan(connection: duckdb.DuckDBPyConnection, plan: str | None) -> None:
    """Checks that the warehouse has a load plan of this name; None passes.

    Raises:
        ConfigurationError: there is no such load plan; the error lists the existing ones.
    """
    if plan is None:
        return
    query = "SELECT DISTINCT load_plan FROM load_analysis.executions ORDER BY ALL"
    plans = [row["load_plan"] for row in marts(connection, query).rows]
    if plan not in plans:
        known = ", ".join(f"'{each}'" for each in plans if each is not None) or "none"
        raise ConfigurationError(
            f"There is no load plan '{plan}' in the warehouse; its load plans are "
            f"(case-sensitive): {known}."
        )


def failure_rates(
    connection: duckdb.DuckDBPyConnection,
    by: By,
    *,
    plan: str | None,
    recent: bool,
    sort: Sort,
    limit: int | None = None,
    only_notable: bool = False,
) -> FailureRates:
    """Returns failure rates, worst first; only rows with errors are notable.

    `sort` selects one of three orders; ties are ordered by name:

    - the lower end of the interval, so that one failure in one run does not come first;
    - the number of errors;
    - for tables only, the rank in `table_health`.

    Raises:
        ConfigurationError: sorting by rank was requested for something other than tables.
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
    source = f"FROM load_analysis.{mart} AS mart WHERE {where}"
    parameters: dict[str, Parameter] = {} if plan is None else {"plan": plan}
    (counts,) = marts(connection, f"SELECT count(*) AS total {source}", parameters).rows
    query = f"SELECT * {source}"
    if only_notable:
        query += f" AND {prefix}errors > 0"
    query += f" ORDER BY {order}"
    if limit is not None:
        query += f" LIMIT {limit}"
    return FailureRates(marts(connection, query, parameters), names, counts["total"])


def coverage(connection: duckdb.DuckDBPyConnection) -> Rows:
    """Returns the coverage, one row per cluster and tenant.

    Raises:
        WarehouseError: there is no analysis yet, or another version built it.
    """
    query = (
        "SELECT * REPLACE (ids_restarted AS ids_restarted) FROM load_analysis.coverage "
        "ORDER BY cluster, tenant"  # if this column is missing, another version built the mart
    )
    return marts(connection, query)


def unknown_statuses(connection: duckdb.DuckDBPyConnection) -> Rows:
    """Returns the statuses that no rule matches, most frequent first."""
    return marts(
        connection,
        "SELECT cluster, tenant, type, state_type, job_status, nodes "
        "FROM load_analysis.status_ledger WHERE outcome = 'unknown' "
        "ORDER BY nodes DESC, cluster, tenant, type, state_type, job_status",
    )


def unknown_types(connection: duckdb.DuckDBPyConnection) -> Rows:
    """Returns the types without a rule and the roles assigned to them, most frequent first."""
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
    """Returns the nodes of one execution with their outcomes, in preorder within each cluster.

    Args:
        connection: connection to the warehouse.
        execution_id: id of the execution.
        failed: whether to return only nodes in error and their ancestors.
        outcome_of: state type and job status → outcome, for responses not yet analyzed.

    Raises:
        UnknownExecutionError: the warehouse has no nodes of the execution. The error reports the
            outcome of the last request, or that there was none.
        WarehouseError: the warehouse has no base tables.
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
    for row in reversed(rows):  # in reverse, the last error seen is the first one below a node
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
            f"Execution {execution_id} is not in the warehouse: it was never requested; run "
            f"incorta-loads ingest --ids {execution_id}."
        )
    return (
        f"Execution {execution_id} is not in the warehouse: its last request did not load it "
        f"({last[0]['outcome']} at {in_utc(last[0]['fetched_at'])}: "
        f"{(last[0]['message'] or '').rstrip('.')}); run incorta-loads ingest --ids {execution_id}."
    )


# An outcome must belong to the same response, because the analysis may be older than the nodes.
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


def _base_tables(
    connection: duckdb.DuckDBPyConnection, query: str, parameters: Mapping[str, Parameter]
) -> Rows:
    try:
        return rows(connection, query, parameters)
    except duckdb.CatalogException:
        raise WarehouseError(
            "The warehouse has no executions yet; run incorta-loads ingest first."
        ) from None

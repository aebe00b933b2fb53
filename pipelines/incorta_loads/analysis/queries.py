"""Queries behind the commands; their rows come in the order in which to read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import duckdb

from incorta_loads.analysis.names import conditions, parameters_of, require_names
from incorta_loads.analysis.rows import Row, Rows, built_relations, marts, rows
from incorta_loads.choices import ANY_NAMES, By, Names, Sort, Wanted
from incorta_loads.errors import (
    ConfigurationError,
    IncortaLoadsError,
    UnknownExecutionError,
    WarehouseError,
)
from incorta_loads.sql_parameters import Parameter
from incorta_loads.text import in_utc
from incorta_loads.tree.statuses import ERRORS, OutcomeOf

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


LAST = "last"
"""Stands for the newest execution."""


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


def failure_rates(
    connection: duckdb.DuckDBPyConnection,
    by: By,
    wanted: Wanted,
    *,
    recent: bool,
    sort: Sort,
) -> FailureRates:
    """Returns failure rates, worst first; only rows with errors are notable.

    `sort` selects one of three orders; ties are ordered by name:

    - the lower end of the interval, so that one failure in one run does not come first;
    - the number of errors;
    - for tables only, the rank in `table_health`.

    Raises:
        ConfigurationError: sorting by rank was requested for something other than tables, a name
            is unknown, or rows of this unit have no such name.
        WarehouseError: there is no analysis yet.
    """
    if sort is Sort.RANK and by is not By.TABLE:
        raise ConfigurationError(
            f"Only tables have a rank; use --by table, or another --sort with --by {by}."
        )
    mart, names = _MARTS[by, wanted.names.plan is not None]
    for kind in ("schema", "table"):
        if kind in wanted.names.given() and f"{kind}_name" not in names:
            raise ConfigurationError(
                f"Rows by {by} have no {kind}; use --{kind} with --by table, or without --by."
            )
    require_names(connection, wanted.names)
    prefix = "recent_" if recent else ""
    leading = {
        Sort.RATE: [f"{prefix}error_rate_low DESC", f"{prefix}errors DESC"],
        Sort.RANK: [_RANK],
        Sort.ERRORS: [f"{prefix}errors DESC", f"{prefix}error_rate_low DESC"],
    }[sort]
    order = ", ".join(f"{each} NULLS LAST" for each in (*leading, *names, "cluster", "tenant"))
    where = conditions(wanted.names, {"plan": "load_plan = $plan"})
    if recent:
        where += " AND recent_counted > 0"
    source = f"FROM load_analysis.{mart} AS mart WHERE {where}"
    parameters = parameters_of(source, wanted.names)
    (counts,) = marts(connection, f"SELECT count(*) AS total {source}", parameters).rows
    query = f"SELECT * {source}"
    if wanted.only_notable:
        query += f" AND {prefix}errors > 0"
    query += f" ORDER BY {order}"
    if wanted.limit is not None:
        query += f" LIMIT {wanted.limit}"
    return FailureRates(marts(connection, query, parameters), names, counts["total"])


def coverage(connection: duckdb.DuckDBPyConnection, names: Names = ANY_NAMES) -> Rows:
    """Returns the coverage, one row per cluster and tenant that has the names.

    Raises:
        WarehouseError: there is no analysis yet, or another version built it.
    """
    require_names(connection, names)
    # if this column is missing, another version built the mart
    query = f"""
    SELECT * REPLACE (ids_restarted AS ids_restarted) FROM load_analysis.coverage AS mart
    WHERE {conditions(names)} ORDER BY cluster, tenant
    """  # noqa: S608 (constants)
    return marts(connection, query, parameters_of(query, names))


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
    wanted: int | str,
    *,
    names: Names = ANY_NAMES,
    failed: bool,
    outcome_of: OutcomeOf,
) -> Rows:
    """Returns the nodes of one execution with their outcomes, in preorder within each cluster.

    Args:
        connection: connection to the warehouse.
        wanted: id of the execution. Otherwise, `last` or the name of a load plan, for the newest
            execution of each tenant.
        names: cluster and tenant, if several have this id.
        failed: whether to return only nodes in error and their ancestors.
        outcome_of: state type and job status → outcome, for responses not yet analyzed.

    Raises:
        UnknownExecutionError: the warehouse has no nodes of the execution. The error reports the
            outcome of the last request, or that there was none.
        WarehouseError: the warehouse has no base tables.
    """
    query = _EXECUTION_NODES
    if "node_outcomes" not in built_relations(connection):
        query = "SELECT mart.*, NULL AS outcome FROM load_status.nodes AS mart WHERE true"
    parameters: dict[str, Parameter] = dict(names.given())
    if isinstance(wanted, int):
        query += " AND mart.execution_id = $id"
        parameters["id"] = wanted
    else:
        query += f" AND (mart.cluster, mart.tenant, mart.execution_id) IN ({_NEWEST})"
        parameters["of_plan"] = None if wanted == LAST else wanted
    query += f" AND {conditions(names)} ORDER BY mart.cluster, mart.tenant, mart.node_id"
    found = _base_tables(connection, query, parameters)
    if not found.rows:
        raise _missing(connection, wanted)
    for row in found.rows:
        row["outcome"] = row["outcome"] or outcome_of(row["state_type"], row["job_status"])
    return replace(found, rows=_failing_branches(found.rows)) if failed else found


def _failing_branches(rows: list[Row]) -> list[Row]:
    kept: list[Row] = []
    last_error: Row | None = None
    for row in reversed(rows):  # in reverse, the last error seen is the first one below a node
        if row["outcome"] in ERRORS:
            last_error = row
        if last_error is not None and _is_at_or_above(row, last_error):
            kept.append(row)
    return kept[::-1]


def _is_at_or_above(row: Row, other: Row) -> bool:
    same_tree = (row["cluster"], row["tenant"]) == (other["cluster"], other["tenant"])
    return same_tree and bool(row["node_id"] <= other["node_id"] <= row["last_descendant_id"])


def _missing(connection: duckdb.DuckDBPyConnection, wanted: int | str) -> IncortaLoadsError:
    """Returns the error that says why there are no nodes, and what to do."""
    if wanted == LAST:
        return UnknownExecutionError(
            "There is no execution in the warehouse; run incorta-loads ingest first."
        )
    if isinstance(wanted, str):
        plans = _base_tables(connection, _PLANS, {}).rows
        known = ", ".join(f"'{row['load_plan']}'" for row in plans) or "none"
        return ConfigurationError(
            f"'{wanted}' is neither an execution id, nor '{LAST}', nor a load plan in the "
            f"warehouse; its load plans are (case-sensitive): {known}."
        )
    last = _base_tables(connection, _LAST_FETCH, {"id": wanted}).rows
    reason = "it was never requested"
    if last:
        message = (last[0]["message"] or "").rstrip(".")
        at = in_utc(last[0]["fetched_at"])
        reason = f"its last request did not load it ({last[0]['outcome']} at {at}: {message})"
    return UnknownExecutionError(
        f"Execution {wanted} is not in the warehouse: {reason}; run "
        f"incorta-loads ingest --ids {wanted}."
    )


# An outcome must belong to the same response, because the analysis may be older than the nodes.
_EXECUTION_NODES = """
SELECT mart.*, outcomes.outcome
FROM load_status.nodes AS mart
LEFT JOIN load_analysis.node_outcomes AS outcomes
    USING (cluster, tenant, execution_id, node_id, fetched_at)
WHERE true
"""

_NEWEST = """
SELECT cluster, tenant, max(execution_id) FROM load_status.nodes
WHERE node_id = 0 AND ($of_plan IS NULL OR load_plan = $of_plan) GROUP BY cluster, tenant
"""

_PLANS = """
SELECT DISTINCT load_plan FROM load_status.nodes
WHERE node_id = 0 AND load_plan IS NOT NULL ORDER BY load_plan
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

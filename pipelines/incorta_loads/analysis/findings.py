"""What the analysis found: health, regressions, conflicts and first fixes, worst first.

Each says too how much of it is so now, which is what a scheduler asks.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from incorta_loads.analysis.rows import Rows, marts


@dataclass(frozen=True)
class Findings:
    """Rows of one mart.

    Attributes:
        found: the rows, worst first, as many as were asked for.
        now: how many of all rows are so now.
        what: what these are, for people.
    """

    found: Rows
    now: int
    what: str


@dataclass(frozen=True)
class _Mart:
    """How to read one mart.

    Attributes:
        name: of the mart.
        order: worst first; of equals the first by name.
        of_plan: which rows concern the load plan $plan.
        now: which rows are so now.
        what: what these are, for people.
    """

    name: str
    order: str
    of_plan: str
    now: str
    what: str


# A table's series goes over all plans; a plan has those that were seen in it.
_SEEN_IN_PLAN = """EXISTS (
    SELECT 1 FROM load_analysis.failure_rates_by_plan_and_table AS seen
    WHERE seen.cluster = mart.cluster AND seen.tenant = mart.tenant AND seen.load_plan = $plan
    AND seen.schema_name IS NOT DISTINCT FROM mart.schema_name
    AND seen.table_name IS NOT DISTINCT FROM mart.table_name
)"""

_IN_LAST_EXECUTION = """EXISTS (
    SELECT 1 FROM (
        SELECT cluster, tenant, max(execution_id) AS execution_id
        FROM load_analysis.executions WHERE is_final AND ($plan IS NULL OR load_plan = $plan)
        GROUP BY cluster, tenant, load_plan
    ) AS latest
    WHERE latest.cluster = {row}.cluster AND latest.tenant = {row}.tenant
    AND latest.execution_id = {row}.execution_id
)"""

_CAUSE_OF = """
    origin.cluster = mart.cluster AND origin.tenant = mart.tenant
    AND origin.type IS NOT DISTINCT FROM mart.type
    AND origin.name IS NOT DISTINCT FROM mart.name
    AND origin.schema_name IS NOT DISTINCT FROM mart.schema_name
    AND origin.table_name IS NOT DISTINCT FROM mart.table_name
    AND CASE WHEN origin.role NOT IN ('schema', 'table') THEN origin.load_plan END
        IS NOT DISTINCT FROM mart.load_plan
    AND CASE WHEN origin.role NOT IN ('schema', 'table') THEN origin.group_name END
        IS NOT DISTINCT FROM mart.group_name
"""

_TABLE_NAMES = "schema_name NULLS LAST, table_name NULLS LAST, cluster, tenant"

_HEALTH = _Mart(
    name="table_health",
    order=f"NOT is_broken, worst_rank NULLS LAST, {_TABLE_NAMES}",
    of_plan=_SEEN_IN_PLAN,
    now="is_broken",
    what="tables that always fail or are broken",
)
_REGRESSIONS = _Mart(
    name="table_regressions",
    order="list_position(['regressed', 'outage', 'improved', 'unchanged'], verdict) NULLS LAST, "
    f"least(p_adjusted, p_improved_adjusted) NULLS LAST, {_TABLE_NAMES}",
    of_plan=_SEEN_IN_PLAN,
    now="verdict = 'regressed'",
    what="tables that fail more often than before",
)
_CONFLICTS = _Mart(
    name="status_conflicts",
    order="execution_id DESC, node_id, rule, cluster, tenant",
    of_plan="load_plan = $plan",
    now=_IN_LAST_EXECUTION.format(row="mart"),
    what="contradictions in the last final execution of a plan",
)
_FIX_FIRST = _Mart(
    name="fix_first",
    order="fix_rank, cluster, tenant",
    of_plan=f"""EXISTS (
        SELECT 1 FROM load_analysis.failure_origins AS origin
        WHERE origin.load_plan = $plan AND {_CAUSE_OF}
    )""",  # noqa: S608
    now=f"""EXISTS (
        SELECT 1 FROM load_analysis.failure_origins AS origin
        WHERE {_CAUSE_OF} AND {_IN_LAST_EXECUTION.format(row="origin")}
    )""",  # noqa: S608
    what="causes in the last final execution of a plan",
)


def health(
    connection: duckdb.DuckDBPyConnection, *, plan: str | None, limit: int | None
) -> Findings:
    """How each table behaves: what is broken now, then by the rank of its shrunken error rate."""
    return _findings(connection, _HEALTH, plan, limit)


def regressions(
    connection: duckdb.DuckDBPyConnection, *, plan: str | None, limit: int | None
) -> Findings:
    """Whether each table fails more often than before: what got worse, then the surest first."""
    return _findings(connection, _REGRESSIONS, plan, limit)


def conflicts(
    connection: duckdb.DuckDBPyConnection, *, plan: str | None, limit: int | None
) -> Findings:
    """Where the cluster contradicts itself, the last execution first."""
    return _findings(connection, _CONFLICTS, plan, limit)


def fix_first(
    connection: duckdb.DuckDBPyConnection, *, plan: str | None, limit: int | None
) -> Findings:
    """Which causes to take away first, by rank."""
    return _findings(connection, _FIX_FIRST, plan, limit)


def _findings(
    connection: duckdb.DuckDBPyConnection, mart: _Mart, plan: str | None, limit: int | None
) -> Findings:
    of_plan = f"FROM load_analysis.{mart.name} AS mart"
    if plan is not None:
        of_plan += f" WHERE {mart.of_plan}"
    query = f"SELECT * {of_plan} ORDER BY {mart.order}"
    if limit is not None:
        query += f" LIMIT {limit}"
    counting = f"SELECT count(*) AS rows {of_plan} {'WHERE' if plan is None else 'AND'} {mart.now}"
    (counted,) = marts(connection, counting, _parameters(counting, plan)).rows
    found = marts(connection, query, _parameters(query, plan))
    return Findings(found, counted["rows"], mart.what)


def _parameters(query: str, plan: str | None) -> dict[str, object]:
    """DuckDB refuses one that the statement does not use."""
    return {"plan": plan} if "$plan" in query else {}

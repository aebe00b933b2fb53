"""Compares what happened: in two executions, or since an execution."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import duckdb

from incorta_loads.analysis.names import conditions, parameters_of, require_names
from incorta_loads.analysis.rows import Row, Rows, marts
from incorta_loads.choices import Names, Wanted
from incorta_loads.errors import ConfigurationError, UnknownExecutionError
from incorta_loads.tree.statuses import ERRORS


class Pair(NamedTuple):
    """Two executions of one cluster and tenant."""

    cluster: str
    tenant: str
    earlier: int
    later: int


def pair_of(connection: duckdb.DuckDBPyConnection, names: Names, ids: tuple[int, ...]) -> Pair:
    """Returns two executions: those with the ids, or the last two final ones of a plan.

    Raises:
        ConfigurationError: a name is unknown, or several clusters or tenants fit.
        UnknownExecutionError: an execution is not in the analysis, or the plan has only one.
        WarehouseError: there is no analysis yet.
    """
    require_names(connection, names)
    of_execution = replace(names, schema=None, table=None)
    query = _LAST_TWO if not ids else _BOTH.format(*ids)
    query = query.replace("{names}", conditions(of_execution, {"plan": "load_plan = $plan"}))
    found = marts(connection, query, parameters_of(query, names)).rows
    if len(found) > 1:
        places = ", ".join(f"{row['cluster']} ({row['tenant']})" for row in found)
        raise ConfigurationError(
            f"These executions are in several tenants: {places}; name one with --cluster and "
            "--tenant."
        )
    if not found:
        if not ids:
            text = f"Load plan '{names.plan}' has fewer than two final executions."
        else:
            text = (
                f"The analysis does not have both executions {ids[0]} and {ids[1]} of one tenant; "
                "incorta-loads executions --all lists those it has."
            )
        raise UnknownExecutionError(text)
    return Pair(**found[0])


def differences(
    connection: duckdb.DuckDBPyConnection, pair: Pair, wanted: Wanted
) -> tuple[Rows, int]:
    """Returns the nodes whose outcome changed, that appeared or that vanished, and their number.

    A node is the same in both executions if its type and path are, and its place among those that
    share them.

    Raises:
        WarehouseError: there is no analysis yet.
    """
    names = Names(schema=wanted.names.schema, table=wanted.names.table)
    query = _DIFFERENCES.replace("{names}", conditions(names))
    found = marts(connection, query, {**parameters_of(query, names), **pair._asdict()})
    shown = [row for row in found.rows if not wanted.only_notable or _is_notable(row)]
    return replace(found, rows=shown[: wanted.limit]), len(found.rows)


def _is_notable(row: Row) -> bool:
    """Whether more happened than that another part of the plan was run."""
    return row["change"] in ("broke", "recovered", "changed") or row["outcome"] in ERRORS


def changes(
    connection: duckdb.DuckDBPyConnection, wanted: Wanted, since: int | None
) -> tuple[Rows, int]:
    """Returns the tables that broke, got worse or recovered after an execution, and their number.

    Args:
        connection: connection to the warehouse.
        wanted: which rows to return.
        since: the execution. If None, the newest one that was loaded before the last run.

    Raises:
        ConfigurationError: a name is unknown.
        WarehouseError: there is no analysis yet.
    """
    require_names(connection, wanted.names)
    query = _CHANGES.replace("{names}", conditions(wanted.names))
    parameters = {**parameters_of(query, wanted.names), "since": since}
    found = marts(connection, query, parameters)
    return replace(found, rows=found.rows[: wanted.limit]), len(found.rows)


_LAST_TWO = """
SELECT cluster, tenant, min(execution_id) AS earlier, max(execution_id) AS later
FROM (
    SELECT * FROM load_analysis.executions AS mart
    WHERE is_final AND {names}
    QUALIFY row_number() OVER (PARTITION BY cluster, tenant ORDER BY execution_id DESC) <= 2
)
GROUP BY cluster, tenant
HAVING count(*) = 2
"""

_BOTH = """
SELECT cluster, tenant, {0} AS earlier, {1} AS later
FROM load_analysis.executions AS mart
WHERE execution_id IN ({0}, {1}) AND {{names}}
GROUP BY cluster, tenant
HAVING count(DISTINCT execution_id) = 2
"""

_DIFFERENCES = """
WITH

nodes AS (

    SELECT
        *,
        row_number() OVER (PARTITION BY execution_id, type, path ORDER BY node_id) AS occurrence
    FROM load_analysis.node_outcomes
    WHERE cluster = $cluster AND tenant = $tenant AND execution_id IN ($earlier, $later)

),

before AS (

    SELECT * FROM nodes WHERE execution_id = $earlier

),

after AS (

    SELECT * FROM nodes WHERE execution_id = $later

),

mart AS (

    SELECT
        CASE
            WHEN before.node_id IS NULL THEN 'appeared'
            WHEN after.node_id IS NULL THEN 'vanished'
            WHEN after.is_error AND NOT before.is_error THEN 'broke'
            WHEN before.is_error AND after.outcome = 'success' THEN 'recovered'
            ELSE 'changed'
        END AS change,
        coalesce(after.type, before.type) AS type,
        coalesce(after.path, before.path) AS path,
        coalesce(after.name, before.name) AS name,
        if(after.node_id IS NULL, before.schema_name, after.schema_name) AS schema_name,
        if(after.node_id IS NULL, before.table_name, after.table_name) AS table_name,
        before.outcome AS outcome_before,
        after.outcome,
        before.job_status AS job_status_before,
        after.job_status,
        before.node_id AS node_id_before,
        after.node_id
    FROM before
    FULL JOIN after
        ON
            before.path IS NOT DISTINCT FROM after.path
            AND before.type IS NOT DISTINCT FROM after.type
            AND before.occurrence = after.occurrence
    WHERE before.outcome IS DISTINCT FROM after.outcome

)

SELECT * FROM mart WHERE {names}
ORDER BY
    list_position(['broke', 'recovered', 'changed', 'appeared', 'vanished'], change),
    node_id,
    node_id_before
"""

# The last run loaded what is new. Before it, the newest execution was the last one that another
# run loaded.
_CHANGES = """
WITH

last_runs AS (

    SELECT cluster, tenant, arg_max(run_id, fetched_at) AS run_id
    FROM load_status.fetches
    GROUP BY cluster, tenant

),

since AS (

    SELECT
        executions.cluster,
        executions.tenant,
        coalesce(
            $since,
            max(executions.execution_id) FILTER (
                WHERE (fetches.cluster, fetches.tenant, fetches.run_id) NOT IN (FROM last_runs)
            ),
            min(executions.execution_id) - 1
        ) AS since
    FROM load_analysis.executions
    INNER JOIN load_status.fetches USING (cluster, tenant, execution_id)
    WHERE fetches.outcome = 'loaded'
    GROUP BY executions.cluster, executions.tenant

),

episodes AS (

    SELECT table_key, first_execution_id, any_value(execution_id) AS incident_execution_id
    FROM load_analysis.incident_tables
    GROUP BY table_key, first_execution_id

),

mart AS (

    SELECT
        'broke' AS change,
        health.*,
        health.failing_since_execution_id AS since_execution_id,
        health.current_streak AS runs
    FROM load_analysis.table_health AS health
    WHERE health.is_broken
    UNION ALL BY NAME
    SELECT
        'got worse' AS change,
        health.*,
        regressions.since_execution_id,
        regressions.recent_runs AS runs
    FROM load_analysis.table_regressions AS regressions
    INNER JOIN load_analysis.table_health AS health USING (table_key)
    WHERE regressions.verdict = 'regressed' AND NOT health.is_broken
    UNION ALL BY NAME
    SELECT
        'recovered' AS change,
        health.*,
        ended.ended_by_execution_id AS since_execution_id,
        health.current_streak AS runs
    FROM load_analysis.table_health AS health
    INNER JOIN (
        SELECT table_key, max(ended_by_execution_id) AS ended_by_execution_id
        FROM load_analysis.failure_episodes
        GROUP BY table_key
    ) AS ended USING (table_key)
    WHERE health.behaviour = 'recovered'

)

SELECT
    mart.change,
    mart.cluster,
    mart.tenant,
    mart.schema_name,
    mart.table_name,
    mart.behaviour,
    mart.since_execution_id,
    mart.runs,
    mart.errors,
    mart.counted,
    episodes.incident_execution_id,
    since.since AS after_execution_id
FROM mart
INNER JOIN since USING (cluster, tenant)
LEFT JOIN episodes
    ON
        mart.change = 'broke'
        AND mart.table_key = episodes.table_key
        AND mart.failing_since_execution_id = episodes.first_execution_id
WHERE mart.since_execution_id > since.since AND {names}
ORDER BY
    list_position(['broke', 'got worse', 'recovered'], mart.change),
    mart.since_execution_id DESC,
    mart.errors DESC,
    mart.schema_name NULLS LAST,
    mart.table_name NULLS LAST,
    mart.cluster,
    mart.tenant
"""

"""Defines the rows and fields of the marts in each section of the page."""

from __future__ import annotations

from incorta_loads.analysis.findings import STILL_FAILS

TEXTS = frozenset(
    {
        *("cluster", "tenant", "load_plan", "group_name", "schema_name", "table_name", "name"),
        *("schema_name_a", "table_name_a", "schema_name_b", "table_name_b", "path"),
        *("behaviour", "compared_verdict", "outcome", "rule", "reason", "type", "role"),
        *("job_status", "setting", "kind", "change", "verdict", "day"),
    }
)
"""Fields stored in the page as indexes in its list of names."""

VARIABLES = (
    *("behaviour_min_runs", "behaviour_min_streak", "intermittent_runs", "latest_executions"),
    *("recovered_runs", "incident_min_tables", "incident_min_errors"),
    *("recent_runs", "baseline_runs", "regression_gap_runs", "regression_windows"),
    "regression_baseline_trials",
    *("broken_level", "broken_runs", "backtest_short_runs", "significance"),
    "duration_runs",
)
"""Variables of the dbt project that the texts of the page mention."""

_PLACE = ("cluster", "tenant")
_RATE = (
    *("counted", "errors", "error_rate", "error_rate_low", "error_rate_high"),
    *("recent_counted", "recent_errors", "recent_error_rate"),
    *("recent_error_rate_low", "recent_error_rate_high"),
)

TABLE = (
    *(*_PLACE, "schema_name", "table_name", "behaviour", "is_broken"),
    *("current_streak", "current_streak_is_error", "failing_since_execution_id"),
    *("last_success_execution_id", "last_execution_id"),
    *_RATE,
    *("compared_verdict", "compared_rank", "compared_recent_runs", "compared_recent_errors"),
    *("compared_baseline_runs", "compared_baseline_errors"),
    *("compared_recent_trials", "compared_recent_starts"),
    *("compared_baseline_trials", "compared_baseline_starts"),
    *("compared_p_value", "compared_p_improved", "compared_p_runs", "compared_since_execution_id"),
    *("compared_changed_after_execution_id", "compared_changed_by_execution_id"),
)
INCIDENT = (
    *(*_PLACE, "execution_id", "tables", "open_tables", "schemas", "schema_name"),
    *("load_plans", "load_plan", "broke_after_execution_id", "broke_by_execution_id"),
    *("last_execution_id", "is_open"),
)
INCIDENT_TABLE = ("incident", "first_execution_id", "errors", "is_open")
CHANGE = ("change", "since_execution_id", "runs", "incident_execution_id")
GRID = ("load_plan", "group_name", *_RATE, "cells")
EXECUTION = (
    *(*_PLACE, "load_plan", "execution_id", "plan_column", "outcome", "is_final", "is_partial"),
    *("tables", "table_errors"),
)
LATEST = (
    *("last_execution_id", "last_outcome", "last_tables", "last_table_errors"),
    *("last_tables_not_run", "last_is_partial", "running"),
)
PLAN = (*_PLACE, "load_plan", *_RATE, *LATEST)
SCHEMA = (
    *(*_PLACE, "is_in_plan", "load_plan", "schema_name"),
    *(*_RATE, "tables_counted", "table_errors"),
)
EPISODE = (
    *("first_execution_id", "last_execution_id", "errors", "failures"),
    *("ended_by_execution_id", "is_open"),
)
CAUSE = (
    *(*_PLACE, "table", "type", "load_plan", "group_name", "schema_name", "table_name", "name"),
    *("fix_rank", "executions_failed", "failed_executions", "share_of_failed_executions"),
    *("executions_only_cause", "cumulative_clean_executions", "cumulative_clean_share"),
    *("last_execution_id", "role", "behaviour", "failing_since_execution_id"),
    *("incident_execution_id", "tables_not_run"),
)
ORIGIN = (
    *(*_PLACE, "table", "execution_id", "type", "load_plan", "group_name"),
    *("schema_name", "table_name", "name", "outcome", "inherited_above", "origins_in_execution"),
    "role",
)
TOGETHER = (
    *(*_PLACE, "schema_name_a", "table_name_a", "schema_name_b", "table_name_b"),
    *("executions", "starts_a", "starts_b", "starts_both", "expected", "p_adjusted"),
)
CONFLICT = (
    *(*_PLACE, "execution_id", "node_id", "rule", "load_plan", "type", "name", "path"),
    *("job_status", "outcome", "evidence_node_id", "role", "schema_name", "table_name"),
)
COVERAGE = (
    *(*_PLACE, "ids_asked", "loaded", "not_found", "forbidden", "rejected", "unavailable"),
    *("invalid_payload", "lowest_loaded_id", "highest_loaded_id", "ids_missing"),
    *("executions_not_final", "aged", "last_fetched_at", "ids_restarted"),
)
BACKTEST = (
    *(*_PLACE, "setting", "kind", "messages", "messages_per_million_runs", "confirmed"),
    *("passed", "unclear", "open", "short", "long", "share_confirmed", "median_delay_runs"),
)
GAP = (*_PLACE, "first_id", "last_id", "ids", "reason")

INCIDENT_TABLES = """
SELECT *, execution_id AS incident FROM load_analysis.incident_tables
ORDER BY execution_id, schema_name, table_name, first_execution_id, first_node_id, cluster, tenant
"""

LATEST_OF_PLANS = """
SELECT
    cluster,
    tenant,
    load_plan,
    max(execution_id) FILTER (WHERE is_final) AS last_execution_id,
    arg_max(outcome, execution_id) FILTER (WHERE is_final) AS last_outcome,
    arg_max(tables, execution_id) FILTER (WHERE is_final) AS last_tables,
    arg_max(table_errors, execution_id) FILTER (WHERE is_final) AS last_table_errors,
    arg_max(tables_not_run, execution_id) FILTER (WHERE is_final) AS last_tables_not_run,
    arg_max(is_partial, execution_id) FILTER (WHERE is_final) AS last_is_partial,
    count(*) FILTER (WHERE NOT is_final) AS running
FROM load_analysis.executions
GROUP BY ALL
"""

RULES = """
SELECT rule, count(*) AS nodes FROM load_analysis.status_conflicts GROUP BY rule ORDER BY ALL
"""

TOTALS = f"""
SELECT
    (
        SELECT count(*) FROM load_analysis.table_health
        WHERE
            failing_since_execution_id IS NOT NULL
            AND NOT is_broken AND behaviour <> 'gone'
    ) AS failing_lately,
    (SELECT count(*) FROM load_analysis.table_health) AS tables,
    (SELECT count(*) FROM load_analysis.incidents) AS incidents,
    (SELECT count(*) FROM load_analysis.failure_rates_by_plan_and_table) AS grid,
    (SELECT count(*) FROM load_analysis.executions) AS executions,
    (SELECT count(*) FROM load_analysis.failure_rates_by_plan) AS plans,
    (SELECT count(*) FROM load_analysis.failure_rates_by_schema) AS schemas,
    (SELECT count(*) FROM load_analysis.failure_episodes) AS episodes,
    (SELECT count(*) FROM load_analysis.fix_first WHERE {STILL_FAILS}) AS causes,
    (SELECT count(*) FROM load_analysis.fix_first WHERE NOT ({STILL_FAILS})) AS causes_over,
    (SELECT count(*) FROM load_analysis.failure_origins) AS origins,
    (SELECT count(*) FROM load_analysis.co_failures) AS together,
    (SELECT count(*) FROM load_analysis.status_conflicts) AS conflicts,
    (SELECT count(*) FROM load_analysis.gaps) AS gaps
"""  # noqa: S608 (a constant)

QUERIES = {
    "incidents": """
        SELECT * FROM load_analysis.incidents
        ORDER BY is_open DESC, broke_by_execution_id DESC, tables DESC, cluster, tenant
    """,
    "schemas": """
        SELECT *, true AS is_in_plan
        FROM load_analysis.failure_rates_by_plan_and_schema
        ORDER BY error_rate_low DESC NULLS LAST, load_plan, schema_name, cluster, tenant
    """,
    "episodes": """
        SELECT *
        FROM load_analysis.failure_episodes
        ORDER BY
            is_open DESC, last_execution_id DESC, errors DESC, first_execution_id, first_node_id,
            schema_name, table_name, cluster, tenant
    """,
    "origins": """
        SELECT *
        FROM load_analysis.failure_origins
        ORDER BY execution_id DESC, node_id, cluster, tenant
    """,
    "together": """
        SELECT *
        FROM load_analysis.co_failures
        ORDER BY
            p_adjusted, schema_name_a, table_name_a, schema_name_b, table_name_b, cluster, tenant
    """,
    "backtest": """
        SELECT * FROM load_analysis.alert_backtest_summary
        ORDER BY setting, kind DESC, cluster, tenant
    """,
    "gaps": """
        SELECT * FROM load_analysis.gaps ORDER BY last_id DESC, cluster, tenant
    """,
}
"""Queries with the most important rows first, since the page may not hold all rows."""

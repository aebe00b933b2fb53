"""What is to be said, in SQL: the difference between what was said and what the marts say.

A state that comes and goes at a threshold is said once. A table that broke is well after a
streak of successes as long as the streak of errors that it takes to break, and only what comes
after such a streak is another break, whether a run looked in between or not. A table that got worse
is well when its marts say so and a test finds it clearly no worse, and it gets worse again only by
an error after that.
"""

from __future__ import annotations


def _same(one: str, other: str) -> str:
    """That both are about the same table."""
    return (
        f"{one}.cluster = {other}.cluster AND {one}.tenant = {other}.tenant "
        f"AND {one}.schema_name IS NOT DISTINCT FROM {other}.schema_name "
        f"AND {one}.table_name IS NOT DISTINCT FROM {other}.table_name"
    )


# One row a series: how it is now, and what was said of it last.
_SERIES = f"""
WITH

said AS (

    SELECT DISTINCT ON (cluster, tenant, schema_name, table_name)
        *,
        CASE
            WHEN state IN ('always_failing', 'broken_since') THEN 'broken'
            WHEN state = 'regressed' THEN 'regressed'
            ELSE 'well'
        END AS kind
    FROM load_status.alerts
    WHERE state <> 'ids_restarted'
    ORDER BY announced_at DESC, run_id DESC

),

episodes AS (

    SELECT
        *,
        row_number() OVER (
            PARTITION BY cluster, tenant, schema_name, table_name
            ORDER BY first_execution_id DESC, first_node_id DESC
        ) AS from_last
    FROM load_analysis.failure_episodes

),

last_episodes AS (

    SELECT * FROM episodes WHERE from_last = 1

),

last_successes AS (

    SELECT
        series.cluster,
        series.tenant,
        series.schema_name,
        series.table_name,
        max(streaks.first_execution_id) AS first_execution_id
    FROM load_analysis.int_table_streaks AS streaks
    INNER JOIN load_analysis.int_table_series AS series
        ON streaks.series_id = series.series_id
    WHERE NOT streaks.is_error AND streaks.runs >= $min_streak
    GROUP BY ALL

),

states AS (

    SELECT
        health.*,
        regressions.* EXCLUDE (cluster, tenant, schema_name, table_name, behaviour),
        health.behaviour IN ('always_failing', 'broken_since') AS is_broken,
        regressions.verdict = 'regressed' AND NOT is_broken AS is_worse,
        health.behaviour IN ('healthy', 'recovered') AS is_well,
        NOT health.current_streak_is_error AND health.current_streak >= $min_streak AS is_loading
    FROM load_analysis.table_health AS health
    INNER JOIN load_analysis.table_regressions AS regressions ON {_same("health", "regressions")}

)
"""  # noqa: S608 (no part of it comes from outside)

UNSAID = f"""
{_SERIES},

compared AS (

    SELECT
        states.*,
        said.missed,
        said.kind AS said_kind,
        last_episodes.ended_by_execution_id,
        first_recent.first_execution_id AS first_recent_execution_id,
        CASE
            WHEN states.is_broken THEN
                CASE
                    WHEN
                        said.kind IS DISTINCT FROM 'broken'
                        -- well in between, though no run looked then
                        OR last_successes.first_execution_id > said.since_execution_id
                        THEN 'broken'
                END
            WHEN said.kind = 'broken' AND (states.is_well OR states.is_loading) THEN 'well'
            WHEN
                states.is_worse
                AND (
                    said.kind IS NULL
                    OR (
                        said.kind = 'well'
                        AND last_episodes.last_execution_id > coalesce(said.since_execution_id, -1)
                    )
                )
                THEN 'regressed'
            WHEN
                said.kind = 'regressed'
                AND states.is_well
                -- twice what it takes to get worse: near the threshold neither is said
                AND coalesce(states.p_adjusted, 1) > 0.1
                THEN 'well'
        END AS news,
        CASE said.kind
            WHEN 'broken' THEN states.is_broken
            WHEN 'regressed' THEN states.is_worse
            ELSE states.is_well OR states.is_loading
        END AS is_still_so
    FROM states
    LEFT JOIN said ON {_same("states", "said")}
    LEFT JOIN last_successes ON {_same("states", "last_successes")}
    LEFT JOIN last_episodes ON {_same("states", "last_episodes")}
    LEFT JOIN episodes AS first_recent ON {_same("states", "first_recent")}
            AND states.recent_episodes = first_recent.from_last

)

SELECT
    cluster,
    tenant,
    schema_name,
    table_name,
    coalesce(news, said_kind) AS kind,
    CASE kind
        WHEN 'regressed' THEN 'regressed'
        -- too long ago for the marts to call it so, but not for whoever heard that it broke
        WHEN 'well' THEN if(is_well, behaviour, 'recovered')
        ELSE behaviour
    END AS state,
    CASE kind
        WHEN 'broken' THEN failing_since_execution_id
        WHEN 'regressed' THEN first_recent_execution_id
        ELSE ended_by_execution_id
    END AS since_execution_id,
    CASE kind
        WHEN 'broken' THEN current_streak
        WHEN 'regressed' THEN recent_errors
        ELSE 0
    END AS errors,
    if(kind = 'regressed', recent_runs, current_streak) AS runs,
    CASE kind
        WHEN 'broken' THEN errors - current_streak
        WHEN 'regressed' THEN baseline_errors
        ELSE errors
    END AS errors_before,
    if(kind = 'regressed', baseline_runs, counted - current_streak) AS runs_before,
    if(news IS NULL, missed, NULL) AS missed
FROM compared
WHERE news IS NOT NULL OR (missed IS NOT NULL AND is_still_so)
ORDER BY
    list_position(['broken', 'regressed', 'well'], kind),
    schema_name NULLS LAST,
    table_name NULLS LAST,
    cluster,
    tenant
"""  # noqa: S608 (no part of it comes from outside)

STANDING = f"""
{_SERIES}

SELECT
    count(*) FILTER (WHERE is_broken) AS broken,
    count(*) FILTER (WHERE is_worse) AS regressed
FROM states
"""  # noqa: S608

"""Reads when executions ran and how long they took, for the page.

Times are whole seconds since the epoch, rounded outwards, so that the truth lies between them.
"""

from __future__ import annotations

DAYS = 4_000
"""Maximum number of rows of days, each of one load plan; the newest are kept."""

TABLES = 1_000
"""Maximum number of tables with durations, the longest first."""

DAY = ("load_plan", "cluster", "tenant", "day", "executions", "counted", "errors")
_DURATION = (
    *("load_plan", "runs", "median_shortest_seconds", "median_longest_seconds"),
    *("last_execution_id", "last_shortest_seconds", "last_longest_seconds", "verdict"),
)
PLAN_DURATION = ("cluster", "tenant", *_DURATION)
TABLE_DURATION = (*_DURATION, "share_of_plan")
EXECUTION_TIME = (
    *("cluster", "tenant", "execution_id", "started_after", "started_by"),
    *("ended_after", "ended_by", "shortest_seconds", "longest_seconds", "ran_seconds"),
)

DAYS_OF_PLANS = """
SELECT * REPLACE (CAST(day AS VARCHAR) AS day) FROM load_analysis.failures_by_day
ORDER BY day IS NOT NULL, day DESC, load_plan NULLS LAST, cluster, tenant
"""


def _outwards(*names: str) -> str:
    """Returns SQL expressions that round durations to whole seconds."""
    return ", ".join(
        f"CAST({rounded}({name}_seconds) AS BIGINT) AS {name}_seconds"
        for each in names
        for name, rounded in ((f"{each}shortest", "floor"), (f"{each}longest", "ceil"))
    )


PLAN_DURATIONS = f"""
SELECT * REPLACE ({_outwards("median_", "last_")}) FROM load_analysis.plan_durations
ORDER BY runs DESC, load_plan NULLS LAST, cluster, tenant
"""  # noqa: S608 (constants)

TABLE_DURATIONS = f"""
SELECT * REPLACE ({_outwards("median_", "last_")}) FROM load_analysis.table_durations AS mart
ORDER BY
    mart.median_longest_seconds DESC, schema_name NULLS LAST, table_name NULLS LAST,
    load_plan NULLS LAST, cluster, tenant
"""  # noqa: S608 (constants)

_BOUNDS = ", ".join(
    f"CAST({rounded}(epoch(times.{name}_{end})) AS BIGINT) AS {name}_{end}"
    for name in ("started", "ended")
    for end, rounded in (("after", "floor"), ("by", "ceil"))
)

EXECUTION_TIMES = f"""
SELECT
    times.* REPLACE ({_BOUNDS}, {_outwards("")}),
    -- as of the last look; it may have ended since
    CASE WHEN NOT times.is_final THEN CAST(
        floor(greatest(0, epoch(executions.last_fetched_at) - epoch(times.started_by))) AS BIGINT
    ) END AS ran_seconds
FROM load_analysis.execution_times AS times
INNER JOIN load_analysis.executions AS executions USING (execution_key)
WHERE times.longest_seconds IS NOT NULL OR (NOT times.is_final AND times.started_by IS NOT NULL)
ORDER BY times.execution_id DESC, times.cluster, times.tenant
"""  # noqa: S608 (constants)

KNOWN = "SELECT count(longest_seconds) AS timed FROM load_analysis.execution_times"

"""What to tell people: which tables broke, got worse, or are well again, and what was said before.

The base table `alerts` has what was said. What is to be said is the difference between it and the
analysis, so a run that was killed before it could write what it said says it again, and nothing is
lost. A state that comes and goes at a threshold is said once. A table that broke is well after a
streak of successes as long as the streak of errors that it takes to break, and only what comes
after such a streak is another break, whether a run looked in between or not. A table that got worse
is well when its marts say so and a test finds it clearly no worse, and it gets worse again only by
an error after that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import duckdb

from incorta_loads.models import project_variables
from incorta_loads.queries import marts

Kind = Literal["broken", "regressed", "well"]

KINDS: tuple[Kind, ...] = Kind.__args__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Event:
    """A table whose state is another one than was said last.

    Attributes:
        cluster, tenant, schema_name, table_name: the series.
        kind: broken, regressed or well.
        state: as the marts call it: always_failing, broken_since, regressed, healthy, recovered.
        since_execution_id: where the state begins.
        errors, runs: counted runs it is about: of the streak, or of the recent window.
        errors_before, runs_before: those before them, to compare with.
        missed: receivers that did not take it when it was said; None: it was not said yet.
    """

    cluster: str
    tenant: str
    schema_name: str | None
    table_name: str | None
    kind: Kind
    state: str
    since_execution_id: int | None
    errors: int
    runs: int
    errors_before: int
    runs_before: int
    missed: str | None = None

    @property
    def series(self) -> tuple[str, str, str | None, str | None]:
        """Which table."""
        return self.cluster, self.tenant, self.schema_name, self.table_name


@dataclass(frozen=True, slots=True)
class Standing:
    """How many tables are broken, and how many regressed, said or not."""

    broken: int
    regressed: int


def unsaid(connection: duckdb.DuckDBPyConnection) -> list[Event]:
    """What is to be said, and what some receivers missed and is still so; by kind, then by name.

    Raises:
        WarehouseError: there is no analysis yet.
    """
    return [Event(**row) for row in marts(connection, _UNSAID, _parameters()).rows]


def standing(connection: duckdb.DuckDBPyConnection) -> Standing:
    """How it is now."""
    (row,) = marts(connection, _STANDING, _parameters()).rows
    return Standing(**row)


def _parameters() -> dict[str, object]:
    return {"min_streak": project_variables()["behaviour_min_streak"]}


def event_id(events: Iterable[Event]) -> str:
    """The name of one message: the same as long as it says the same."""
    said = sorted(repr((each.series, each.state, each.since_execution_id)) for each in events)
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]


def write_said(
    connection: duckdb.DuckDBPyConnection,
    events: Sequence[Event],
    *,
    run_id: str,
    announced_at: datetime,
    missed: Sequence[str],
) -> None:
    """Notes one message as said.

    Args:
        connection: to the warehouse, open for writing.
        events: what it said.
        run_id: of the run that said it.
        announced_at: when.
        missed: receivers, by their names in `notify`, that did not take it.
    """
    name = event_id(events)
    rows = [
        [
            *(*each.series, each.state, each.since_execution_id, name, run_id, announced_at),
            ",".join(missed) or None,
        ]
        for each in events
    ]
    _write(connection, _SAID, rows)


def write_taken(
    connection: duckdb.DuckDBPyConnection, events: Iterable[Event], *, missed: Sequence[str]
) -> None:
    """Notes who still misses what was said of these tables last."""
    _write(connection, _TAKEN, [[",".join(missed) or None, *each.series] for each in events])


def _write(
    connection: duckdb.DuckDBPyConnection, statement: str, rows: Sequence[Sequence[object]]
) -> None:
    """All rows or none."""
    connection.begin()
    connection.executemany(statement, rows)
    connection.commit()


_SAID = "INSERT INTO load_status.alerts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

_TAKEN = """
UPDATE load_status.alerts SET missed = ?
WHERE
    missed IS NOT NULL AND cluster = ? AND tenant = ?
    AND schema_name IS NOT DISTINCT FROM ? AND table_name IS NOT DISTINCT FROM ?
"""

# One row a series: how it is now, and what was said of it last.
_SERIES = """
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
    INNER JOIN load_analysis.table_regressions AS regressions
        ON
            health.cluster = regressions.cluster
            AND health.tenant = regressions.tenant
            AND health.schema_name IS NOT DISTINCT FROM regressions.schema_name
            AND health.table_name IS NOT DISTINCT FROM regressions.table_name

)
"""

_UNSAID = f"""
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
    LEFT JOIN said
        ON
            states.cluster = said.cluster
            AND states.tenant = said.tenant
            AND states.schema_name IS NOT DISTINCT FROM said.schema_name
            AND states.table_name IS NOT DISTINCT FROM said.table_name
    LEFT JOIN last_successes
        ON
            states.cluster = last_successes.cluster
            AND states.tenant = last_successes.tenant
            AND states.schema_name IS NOT DISTINCT FROM last_successes.schema_name
            AND states.table_name IS NOT DISTINCT FROM last_successes.table_name
    LEFT JOIN last_episodes
        ON
            states.cluster = last_episodes.cluster
            AND states.tenant = last_episodes.tenant
            AND states.schema_name IS NOT DISTINCT FROM last_episodes.schema_name
            AND states.table_name IS NOT DISTINCT FROM last_episodes.table_name
    LEFT JOIN episodes AS first_recent
        ON
            states.cluster = first_recent.cluster
            AND states.tenant = first_recent.tenant
            AND states.schema_name IS NOT DISTINCT FROM first_recent.schema_name
            AND states.table_name IS NOT DISTINCT FROM first_recent.table_name
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

_STANDING = f"""
{_SERIES}

SELECT
    count(*) FILTER (WHERE is_broken) AS broken,
    count(*) FILTER (WHERE is_worse) AS regressed
FROM states
"""  # noqa: S608

"""Changes that no notification has reported yet: tables that broke, got worse or recovered.

Sent notifications are recorded in the base table `alerts`. What differs between it and
the analysis has not been sent yet. A run that is killed after sending, but before recording, sends
again; no change is lost.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import duckdb

from incorta_loads.analysis.rows import marts
from incorta_loads.restarted_ids import RestartedIds

Kind = Literal["broken", "regressed", "well"]

RESTARTED = "ids_restarted"
"""The state of a cluster, in a row of `alerts` without a table."""

KINDS: tuple[Kind, ...] = Kind.__args__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Change:
    """A table whose state differs from the last one reported.

    Attributes:
        cluster, tenant, schema_name, table_name: the series.
        kind: broken, regressed or well.
        state: as the marts call it: always_failing, broken_since, regressed, healthy, recovered.
        since_execution_id: where the state begins.
        errors, runs: counted runs of the streak, or of the recent window.
        errors_before, runs_before: counted runs before these.
        missed: receivers that missed the notification; None if it was not sent yet.
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
class Restart:
    """A cluster whose ids start over.

    Attributes:
        ids: which.
        missed: receivers that missed the notification; None if it was not sent yet.
    """

    ids: RestartedIds
    missed: str | None = None

    @property
    def event_id(self) -> str:
        """Id of the notification."""
        return _event_id([str(self.ids)])


@dataclass(frozen=True, slots=True)
class Standing:
    """Current number of broken and of regressed tables, reported or not."""

    broken: int
    regressed: int


def unsent(connection: duckdb.DuckDBPyConnection) -> list[Change]:
    """Changes to report, and earlier ones that still hold but that some receivers missed, ordered.

    Raises:
        WarehouseError: there is no analysis yet.
    """
    return [Change(**row) for row in marts(connection, _UNSENT).rows]


def unsent_restarts(connection: duckdb.DuckDBPyConnection) -> list[Restart]:
    """Clusters whose ids start over, unless every receiver has been notified.

    Raises:
        WarehouseError: there is no analysis yet.
    """
    found = marts(connection, _UNSENT_RESTARTS).rows
    return [
        Restart(
            RestartedIds(row["cluster"], row["tenant"], row["highest_loaded_id"]), row["missed"]
        )
        for row in found
    ]


def standing(connection: duckdb.DuckDBPyConnection) -> Standing:
    """The current numbers."""
    (row,) = marts(connection, _STANDING).rows
    return Standing(**row)


def event_id(changes: Iterable[Change]) -> str:
    """Id of the notification of these changes: equal for equal changes."""
    return _event_id(repr((each.series, each.state, each.since_execution_id)) for each in changes)


def _event_id(reported: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(reported)).encode()).hexdigest()[:16]


_UNSENT_RESTARTS = """
SELECT coverage.cluster, coverage.tenant, coverage.highest_loaded_id, alerts.missed
FROM load_analysis.coverage
LEFT JOIN load_status.alerts
    ON coverage.cluster = alerts.cluster AND coverage.tenant = alerts.tenant
    AND alerts.state = 'ids_restarted'
    AND coverage.highest_loaded_id = alerts.since_execution_id
WHERE coverage.ids_restarted AND (alerts.state IS NULL OR alerts.missed IS NOT NULL)
ORDER BY ALL
"""

# The difference between the last reported state of each table and its current one. A state that
# comes and goes at a threshold is reported once. A broken table has recovered after as many
# consecutive successes as it takes consecutive errors to break. Only errors after such a streak
# are another break, whether or not a run looked in between.
_UNSENT = """
WITH

reported AS (

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

compared AS (

    SELECT
        states.*,
        reported.missed,
        reported.kind AS reported_kind,
        CASE
            WHEN states.is_broken THEN
                CASE
                    WHEN
                        reported.kind IS DISTINCT FROM 'broken'
                        OR states.last_recovery_execution_id > reported.since_execution_id
                        THEN 'broken'
                END
            WHEN reported.kind = 'broken' AND (states.is_well OR states.is_loading) THEN 'well'
            WHEN
                states.is_worse
                AND (
                    reported.kind IS NULL
                    OR (
                        reported.kind = 'well'
                        AND states.last_error_execution_id
                        > coalesce(reported.since_execution_id, -1)
                    )
                )
                THEN 'regressed'
            WHEN
                reported.kind = 'regressed'
                AND states.is_well
                -- twice the threshold for getting worse, so that the state does not flip near it
                AND coalesce(states.p_adjusted, 1) > 0.1
                THEN 'well'
        END AS new_kind,
        CASE reported.kind
            WHEN 'broken' THEN states.is_broken
            WHEN 'regressed' THEN states.is_worse
            ELSE states.is_well OR states.is_loading
        END AS is_still_so
    FROM load_analysis.int_table_states AS states
    LEFT JOIN reported
        ON
            states.cluster = reported.cluster AND states.tenant = reported.tenant
            AND states.schema_name IS NOT DISTINCT FROM reported.schema_name
            AND states.table_name IS NOT DISTINCT FROM reported.table_name

)

SELECT
    cluster,
    tenant,
    schema_name,
    table_name,
    coalesce(new_kind, reported_kind) AS kind,
    CASE kind
        WHEN 'regressed' THEN 'regressed'
        -- reported as broken, so report the recovery even if the marts no longer call it one
        WHEN 'well' THEN if(is_well, behaviour, 'recovered')
        ELSE behaviour
    END AS state,
    CASE kind
        WHEN 'broken' THEN failing_since_execution_id
        WHEN 'regressed' THEN first_recent_error_execution_id
        ELSE errors_ended_by_execution_id
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
    if(new_kind IS NULL, missed, NULL) AS missed
FROM compared
WHERE new_kind IS NOT NULL OR (missed IS NOT NULL AND is_still_so)
ORDER BY
    list_position(['broken', 'regressed', 'well'], kind),
    schema_name NULLS LAST,
    table_name NULLS LAST,
    cluster,
    tenant
"""

_STANDING = """
SELECT
    count(*) FILTER (WHERE is_broken) AS broken,
    count(*) FILTER (WHERE is_worse) AS regressed
FROM load_analysis.int_table_states
"""

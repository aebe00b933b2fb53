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

Kind = Literal["broken", "regressed", "well", "unchanged"]

RESTARTED = "ids_restarted"
"""The state of a cluster, in a row of `alerts` without a table."""

KINDS: tuple[Kind, ...] = Kind.__args__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Change:
    """A table whose state differs from the last one reported.

    Attributes:
        cluster, tenant, schema_name, table_name: the series.
        kind: broken, regressed or well. `unchanged` is recorded, but not sent: a table that got
            worse no longer is, and can be reported again.
        state: as the marts call it: always_failing, broken_since, regressed, healthy, recovered,
            unchanged. `recovered` ends what was reported as broken, `healthy` everything.
        since_execution_id: where the state begins.
        errors, runs: counted runs of the streak, or starts and trials of the recent window.
        errors_before, runs_before: counted runs before these, or the baseline.
        missed: receivers that missed the notification; None if it was not sent yet.
        incident_execution_id: the incident in which the table broke, if it did so with others.
        broke_after_execution_id, broke_by_execution_id: when that happened.
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
    incident_execution_id: int | None = None
    broke_after_execution_id: int | None = None
    broke_by_execution_id: int | None = None

    @property
    def series(self) -> tuple[str, str, str | None, str | None]:
        """Which table."""
        return self.cluster, self.tenant, self.schema_name, self.table_name

    @property
    def never_worked(self) -> bool:
        """Whether the table has no success at all, which is seldom news."""
        return self.state == "always_failing"


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
        return id_of([str(self.ids)])


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
    return id_of(repr((each.series, each.state, each.since_execution_id)) for each in changes)


def id_of(reported: Iterable[str]) -> str:
    """Id of the notification that reports this: equal for equal reports in any order."""
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

# The difference between the last reported state and the current one, on two tracks: whether a table
# is broken, and whether it fails more often than before. Each has two thresholds, so that a state
# that comes and goes at one of them is reported once. A broken table has recovered after as many
# successes in a row as it takes errors to break. Only errors after such a streak are another break,
# whether or not a run looked in between.
_UNSENT = """
WITH

broken AS (

    SELECT DISTINCT ON (cluster, tenant, schema_name, table_name)
        *,
        state IN ('always_failing', 'broken_since') AS is_reported
    FROM load_status.alerts
    WHERE state IN ('always_failing', 'broken_since', 'recovered', 'healthy')
    ORDER BY announced_at DESC, run_id DESC

),

worse AS (

    SELECT DISTINCT ON (cluster, tenant, schema_name, table_name)
        *,
        state IN ('regressed', 'unchanged') AS is_reported
    FROM load_status.alerts
    WHERE state IN ('regressed', 'unchanged', 'healthy')
    ORDER BY announced_at DESC, run_id DESC

),

compared AS (

    SELECT
        states.*,
        broken.missed AS missed_broken,
        worse.missed AS missed_worse,
        coalesce(broken.is_reported, false) AS is_reported_broken,
        coalesce(worse.state = 'regressed', false) AS is_reported_worse,
        states.is_well OR states.is_loading AS is_loading_again,
        states.is_broken AND (
            broken.is_reported IS NOT TRUE
            OR states.last_recovery_execution_id > broken.since_execution_id
        ) AS breaks,
        states.is_worse AND worse.state IS DISTINCT FROM 'regressed' AS gets_worse,
        coalesce(worse.is_reported, false)
        AND states.is_well
        AND if(worse.state = 'regressed', states.is_no_worse, NOT states.is_worse) AS is_well_again
    FROM load_analysis_steps.int_table_states AS states
    LEFT JOIN broken
        ON
            states.cluster = broken.cluster AND states.tenant = broken.tenant
            AND states.schema_name IS NOT DISTINCT FROM broken.schema_name
            AND states.table_name IS NOT DISTINCT FROM broken.table_name
    LEFT JOIN worse
        ON
            states.cluster = worse.cluster AND states.tenant = worse.tenant
            AND states.schema_name IS NOT DISTINCT FROM worse.schema_name
            AND states.table_name IS NOT DISTINCT FROM worse.table_name

),

changes AS (

    SELECT
        *,
        'broken' AS kind,
        behaviour AS state,
        if(breaks, NULL, missed_broken) AS missed
    FROM compared
    WHERE breaks OR (is_broken AND is_reported_broken AND missed_broken IS NOT NULL)
    UNION ALL BY NAME
    SELECT
        *,
        'regressed' AS kind,
        'regressed' AS state,
        if(gets_worse, NULL, missed_worse) AS missed
    FROM compared
    WHERE gets_worse OR (is_reported_worse AND NOT is_no_worse AND missed_worse IS NOT NULL)
    UNION ALL BY NAME
    SELECT
        *,
        'well' AS kind,
        if(is_well_again, 'healthy', 'recovered') AS state,
        if(is_reported_broken OR is_well_again, NULL, missed_broken) AS missed
    FROM compared
    WHERE
        is_loading_again
        AND (is_reported_broken OR is_well_again OR missed_broken IS NOT NULL)
    UNION ALL BY NAME
    SELECT
        *,
        'unchanged' AS kind,
        'unchanged' AS state,
        NULL AS missed
    FROM compared
    WHERE is_reported_worse AND is_no_worse AND NOT is_well_again

),

in_incidents AS (

    SELECT
        tables.table_key,
        tables.first_execution_id,
        incidents.execution_id AS incident_execution_id,
        incidents.broke_after_execution_id,
        incidents.broke_by_execution_id
    FROM load_analysis.incident_tables AS tables
    INNER JOIN load_analysis.incidents ON tables.execution_key = incidents.execution_key
    WHERE tables.is_open

)

SELECT
    changes.cluster,
    changes.tenant,
    changes.schema_name,
    changes.table_name,
    changes.kind,
    changes.state,
    CASE kind
        WHEN 'broken' THEN failing_since_execution_id
        WHEN 'regressed' THEN changes.since_execution_id
        WHEN 'well' THEN errors_ended_by_execution_id
    END AS since_execution_id,
    CASE kind
        WHEN 'broken' THEN current_streak
        WHEN 'regressed' THEN recent_starts
        ELSE 0
    END AS errors,
    if(kind = 'regressed', recent_trials, current_streak) AS runs,
    CASE kind
        WHEN 'broken' THEN errors - current_streak
        WHEN 'regressed' THEN baseline_starts
        ELSE errors
    END AS errors_before,
    if(kind = 'regressed', baseline_trials, counted - current_streak) AS runs_before,
    changes.missed,
    in_incidents.incident_execution_id,
    in_incidents.broke_after_execution_id,
    in_incidents.broke_by_execution_id
FROM changes
LEFT JOIN in_incidents
    ON
        changes.kind = 'broken'
        AND changes.table_key = in_incidents.table_key
        AND changes.failing_since_execution_id = in_incidents.first_execution_id
ORDER BY
    list_position(['broken', 'regressed', 'well', 'unchanged'], kind),
    changes.schema_name NULLS LAST,
    changes.table_name NULLS LAST,
    changes.cluster,
    changes.tenant
"""

_STANDING = """
SELECT
    count(*) FILTER (WHERE is_broken) AS broken,
    count(*) FILTER (WHERE is_regressed AND NOT is_broken) AS regressed
FROM load_analysis_steps.int_table_states
"""

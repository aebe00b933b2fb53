"""What to tell people: which tables broke, got worse, or are well again, and what was said before.

The base table `alerts` has what was said. What is to be said is the difference between it and the
analysis, so a run that was killed before it could write what it said says it again, and nothing is
lost.
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
class Restart:
    """A cluster whose ids start over, to be said.

    Attributes:
        ids: which.
        missed: receivers that did not take it when it was said; None: it was not said yet.
    """

    ids: RestartedIds
    missed: str | None = None

    @property
    def event_id(self) -> str:
        """The name of the message."""
        return hashlib.sha256(str(self.ids).encode()).hexdigest()[:16]


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
    return [Event(**row) for row in marts(connection, _UNSAID).rows]


def unsaid_restarts(connection: duckdb.DuckDBPyConnection) -> list[Restart]:
    """Clusters whose ids start over and of which that was not said, or not to all.

    Raises:
        WarehouseError: there is no analysis yet.
    """
    found = marts(connection, _UNSAID_RESTARTS).rows
    return [
        Restart(
            RestartedIds(row["cluster"], row["tenant"], row["highest_loaded_id"]), row["missed"]
        )
        for row in found
    ]


def standing(connection: duckdb.DuckDBPyConnection) -> Standing:
    """How it is now."""
    (row,) = marts(connection, _STANDING).rows
    return Standing(**row)


def event_id(events: Iterable[Event]) -> str:
    """The name of one message: the same as long as it says the same."""
    said = sorted(repr((each.series, each.state, each.since_execution_id)) for each in events)
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]


_UNSAID_RESTARTS = """
SELECT coverage.cluster, coverage.tenant, coverage.highest_loaded_id, alerts.missed
FROM load_analysis.coverage
LEFT JOIN load_status.alerts
    ON coverage.cluster = alerts.cluster AND coverage.tenant = alerts.tenant
    AND alerts.state = 'ids_restarted'
    AND coverage.highest_loaded_id = alerts.since_execution_id
WHERE coverage.ids_restarted AND (alerts.state IS NULL OR alerts.missed IS NOT NULL)
ORDER BY ALL
"""

# The difference between what was said of each table last and how it is. A state that comes and
# goes at a threshold is said once. A table that broke is well after as many successes in a row as
# it takes errors to break, and only what comes after such a streak is another break, whether a run
# looked in between or not.
_UNSAID = """
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

compared AS (

    SELECT
        states.*,
        said.missed,
        said.kind AS said_kind,
        CASE
            WHEN states.is_broken THEN
                CASE
                    WHEN
                        said.kind IS DISTINCT FROM 'broken'
                        OR states.last_recovery_execution_id > said.since_execution_id
                        THEN 'broken'
                END
            WHEN said.kind = 'broken' AND (states.is_well OR states.is_loading) THEN 'well'
            WHEN
                states.is_worse
                AND (
                    said.kind IS NULL
                    OR (
                        said.kind = 'well'
                        AND states.last_error_execution_id > coalesce(said.since_execution_id, -1)
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
    FROM load_analysis.int_table_states AS states
    LEFT JOIN said
        ON
            states.cluster = said.cluster AND states.tenant = said.tenant
            AND states.schema_name IS NOT DISTINCT FROM said.schema_name
            AND states.table_name IS NOT DISTINCT FROM said.table_name

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
    if(news IS NULL, missed, NULL) AS missed
FROM compared
WHERE news IS NOT NULL OR (missed IS NOT NULL AND is_still_so)
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

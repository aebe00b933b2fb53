"""How long an execution has been running, and how long executions of its plan take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import duckdb

from incorta_loads.analysis.rows import Row, marts, rows
from incorta_loads.errors import WarehouseError
from incorta_loads.text import between, duration


@dataclass(frozen=True)
class Pace:
    """What the warehouse knows about the start of an execution, and about its plan.

    Attributes:
        started_after: the last look at which it was not there; None if unknown.
        started_by: the first look at which it, or a later one, was there; None if unknown.
        durations: load plan → its row in `plan_durations`.
    """

    started_after: datetime | None = None
    started_by: datetime | None = None
    durations: Mapping[str | None, Row] = field(default_factory=dict)

    def in_words(
        self, load_plan: str | None, at: datetime, *, missed: datetime | None, seen: datetime
    ) -> str | None:
        """Returns how long it has been running, and how long such runs took; None if unknown.

        Args:
            load_plan: its plan.
            at: the moment until which it has been running.
            missed: the last look of this process at which it was not there.
            seen: the first look of this process at which it was there.
        """
        parts = [self._running(at, missed, seen), self._usual(load_plan)]
        return "; ".join(part for part in parts if part) or None

    def _running(self, at: datetime, missed: datetime | None, seen: datetime) -> str | None:
        started_by = min(seen, self.started_by or seen)
        shortest = max(0.0, (at - started_by).total_seconds())
        misses = [each for each in (self.started_after, missed) if each and each < started_by]
        if misses:
            return f"running for {between(shortest, (at - max(misses)).total_seconds())}"
        return f"running for at least {duration(shortest)}" if shortest else None

    def _usual(self, load_plan: str | None) -> str | None:
        row = self.durations.get(load_plan)
        if row is None:
            return None
        took = between(row["median_shortest_seconds"], row["median_longest_seconds"])
        if row["runs"] == 1:
            return f"the last one took {took}"
        return f"the last {row['runs']} took {took} (median)"


def pace_of(
    connection: duckdb.DuckDBPyConnection, cluster: str, tenant: str, execution_id: int
) -> Pace:
    """Returns what the warehouse knows; without an analysis, nothing about durations."""
    place = {"cluster": cluster, "tenant": tenant}
    (start,) = rows(connection, _START, {**place, "execution_id": execution_id}).rows
    try:
        found = marts(connection, _DURATIONS, place).rows
    except WarehouseError:
        found = []
    return Pace(**start, durations={row["load_plan"]: row for row in found})


_START = """
WITH

looks AS (

    SELECT execution_id, outcome, fetched_at FROM load_status.fetches
    WHERE cluster = $cluster AND tenant = $tenant

),

first_looks AS (

    SELECT execution_id, min(fetched_at) AS first_look FROM looks
    WHERE outcome = 'loaded' GROUP BY ALL

),

start AS (

    SELECT min(first_look) AS started_by FROM first_looks WHERE execution_id >= $execution_id

)

SELECT
    started_by,
    (
        -- who came later was not there before who came earlier
        SELECT max(fetched_at)
        FROM looks
        LEFT JOIN first_looks USING (execution_id)
        WHERE
            outcome = 'not_found'
            AND execution_id <= $execution_id
            AND coalesce(fetched_at < first_look, execution_id = $execution_id)
            AND (started_by IS NULL OR fetched_at < started_by)
    ) AS started_after
FROM start
"""

_DURATIONS = """
SELECT * FROM load_analysis.plan_durations WHERE cluster = $cluster AND tenant = $tenant
"""

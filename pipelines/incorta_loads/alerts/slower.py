"""Load plans whose last run was slower than before, and that no notification has reported yet.

A plan is reported when it becomes slower, and can be reported again after a run that was not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import duckdb

from incorta_loads.alerts.events import id_of
from incorta_loads.alerts.sentences import place_name
from incorta_loads.analysis.rows import marts
from incorta_loads.text import between, counted, shortened, visible


@dataclass(frozen=True, slots=True)
class PlanPace:
    """A load plan whose pace differs from the last one reported.

    Attributes:
        cluster, tenant, load_plan: the plan.
        state: as in `plan_durations`: slower, or as_before, which is recorded but not sent.
        last_execution_id: its last run with a known duration.
        last_shortest_seconds, last_longest_seconds: how long that took.
        runs: number of runs behind the median.
        median_shortest_seconds, median_longest_seconds: how long its runs take.
        missed: receivers that missed the notification; None if it was not sent yet.
    """

    cluster: str
    tenant: str
    load_plan: str | None
    state: Literal["slower", "as_before"]
    last_execution_id: int
    last_shortest_seconds: float
    last_longest_seconds: float
    runs: int
    median_shortest_seconds: float
    median_longest_seconds: float
    missed: str | None = None


def unsent_paces(connection: duckdb.DuckDBPyConnection) -> list[PlanPace]:
    """Returns the plans to report or to record, and those that some receivers missed.

    Raises:
        WarehouseError: there is no analysis yet.
    """
    return [PlanPace(**row) for row in marts(connection, _UNSENT).rows]


def event_of(paces: Iterable[PlanPace]) -> str:
    """Returns the id of the notification about these plans: equal for equal runs."""
    return id_of(
        repr((each.cluster, each.tenant, each.load_plan, each.state, each.last_execution_id))
        for each in paces
    )


def pace_sentences(paces: Sequence[PlanPace]) -> Iterator[str]:
    """Yields each slower plan in words, after its cluster if there are several."""
    are_named = len({(each.cluster, each.tenant) for each in paces}) > 1
    for pace in paces:
        place = f"{place_name(pace.cluster, pace.tenant)}: " if are_named else ""
        name = "(no name)" if pace.load_plan is None else shortened(visible(pace.load_plan), 120)
        took = between(pace.last_shortest_seconds, pace.last_longest_seconds)
        usual = between(pace.median_shortest_seconds, pace.median_longest_seconds)
        yield (
            f"{place}{name} was slower than 90 % of its runs before: execution "
            f"{pace.last_execution_id} took {took}; the median of {counted(pace.runs, 'run')} is "
            f"{usual}"
        )


_UNSENT = """
SELECT
    durations.cluster,
    durations.tenant,
    durations.load_plan,
    durations.verdict AS state,
    durations.last_execution_id,
    durations.last_shortest_seconds,
    durations.last_longest_seconds,
    durations.runs,
    durations.median_shortest_seconds,
    durations.median_longest_seconds,
    if(durations.verdict = alerts.state, alerts.missed, NULL) AS missed
FROM load_analysis.plan_durations AS durations
LEFT JOIN load_status.alerts
    ON durations.cluster = alerts.cluster AND durations.tenant = alerts.tenant
    AND durations.load_plan IS NOT DISTINCT FROM alerts.load_plan
    AND alerts.state IN ('slower', 'as_before')
WHERE
    (
        durations.verdict = 'slower'
        AND (alerts.state IS DISTINCT FROM 'slower' OR alerts.missed IS NOT NULL)
    )
    OR (durations.verdict = 'as_before' AND alerts.state = 'slower')
ORDER BY durations.load_plan NULLS LAST, durations.cluster, durations.tenant
"""

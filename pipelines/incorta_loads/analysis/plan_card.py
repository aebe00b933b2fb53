"""Reads everything that is known about one load plan."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from incorta_loads.analysis.names import conditions, parameters_of, require_names
from incorta_loads.analysis.rows import Row, marts
from incorta_loads.analysis.table_card import STRIP_RUNS
from incorta_loads.choices import Names


@dataclass(frozen=True)
class PlanCard:
    """What is known about one load plan.

    Attributes:
        rates: its row in `failure_rates_by_plan`.
        durations: its row in `plan_durations`; None if no duration is known.
        runs: its newest executions, newest first, as in `executions`, with when each ended.
        strip: ids and outcomes of its newest executions, newest first.
    """

    rates: Row
    durations: Row | None
    runs: list[Row]
    strip: list[Row]


def plan_cards(connection: duckdb.DuckDBPyConnection, names: Names, *, runs: int) -> list[PlanCard]:
    """Returns a card for each load plan with the names: one for each cluster and tenant.

    Args:
        connection: connection to the warehouse.
        names: at least the name of the plan.
        runs: at most this many of its newest executions.

    Raises:
        ConfigurationError: there is no such plan; the error lists the closest.
        WarehouseError: there is no analysis yet.
    """
    require_names(connection, names)
    query = f"""
    SELECT * FROM load_analysis.failure_rates_by_plan AS mart
    WHERE {conditions(names, {"plan": "mart.load_plan = $plan"})} ORDER BY cluster, tenant
    """  # noqa: S608 (constants)
    found = marts(connection, query, parameters_of(query, names)).rows
    return [_card(connection, rates, runs) for rates in found]


def _card(connection: duckdb.DuckDBPyConnection, rates: Row, runs: int) -> PlanCard:
    def read(query: str) -> list[Row]:
        return marts(connection, query, {"key": rates["plan_key"]}).rows

    durations = read("SELECT * FROM load_analysis.plan_durations WHERE plan_key = $key")
    return PlanCard(
        rates=rates,
        durations=durations[0] if durations else None,
        runs=read(f"{_RUNS} LIMIT {runs}"),
        strip=read(f"{_STRIP} LIMIT {STRIP_RUNS}"),
    )


_RUNS = """
SELECT
    executions.*,
    times.started_after,
    times.started_by,
    times.ended_after,
    times.ended_by,
    times.shortest_seconds,
    times.longest_seconds
FROM load_analysis.executions AS executions
LEFT JOIN load_analysis.execution_times AS times USING (execution_key)
WHERE executions.plan_key = $key
ORDER BY execution_id DESC
"""

_STRIP = """
SELECT execution_id, outcome FROM load_analysis.executions
WHERE plan_key = $key ORDER BY execution_id DESC
"""

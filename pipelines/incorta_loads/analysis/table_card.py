"""Reads everything that is known about one table."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from incorta_loads.analysis.names import conditions, parameters_of, require_names
from incorta_loads.analysis.rows import Row, marts
from incorta_loads.choices import Names

STRIP_RUNS = 50
"""Number of newest runs in the strip of a card."""

_MOST_EPISODES = 10


@dataclass(frozen=True)
class TableCard:
    """What is known about one table.

    Attributes:
        health: its row in `table_health`.
        rates: its row in `failure_rates_by_table`.
        regression: its row in `table_regressions`.
        durations: its rows in `table_durations`, one for each load plan with known durations.
        runs: its newest runs, newest first, as in `table_runs`, with when each began and ended.
        strip: execution ids and outcomes of its newest runs, newest first.
        episodes: its newest episodes of errors, newest first, each with the incident it belongs to.
        plans: its rates in each load plan, by number of runs.
        together: the tables that begin to fail with it, most significant first.
        broke_with: the other tables of its newest incident, in order of their names.
    """

    health: Row
    rates: Row
    regression: Row
    durations: list[Row]
    runs: list[Row]
    strip: list[Row]
    episodes: list[Row]
    plans: list[Row]
    together: list[Row]
    broke_with: list[Row]


def table_cards(
    connection: duckdb.DuckDBPyConnection, names: Names, *, runs: int
) -> list[TableCard]:
    """Returns a card for each table with the names: one for each cluster, tenant and schema.

    Args:
        connection: connection to the warehouse.
        names: at least the name of the table.
        runs: at most this many of its newest runs.

    Raises:
        ConfigurationError: there is no such table; the error lists the closest.
        WarehouseError: there is no analysis yet.
    """
    require_names(connection, names)
    query = f"""
    SELECT * FROM load_analysis.table_health AS mart WHERE {conditions(names)}
    ORDER BY cluster, tenant, schema_name, table_name
    """  # noqa: S608 (constants)
    found = marts(connection, query, parameters_of(query, names)).rows
    return [_card(connection, health, runs) for health in found]


def _card(connection: duckdb.DuckDBPyConnection, health: Row, runs: int) -> TableCard:
    def read(query: str) -> list[Row]:
        return marts(connection, query, {"key": health["table_key"]}).rows

    (rates,) = read(_ROW_OF.format("failure_rates_by_table"))
    (regression,) = read(_ROW_OF.format("table_regressions"))
    return TableCard(
        health=health,
        rates=rates,
        regression=regression,
        durations=read(_DURATIONS),
        runs=read(f"{_RUNS} LIMIT {runs}"),
        strip=read(f"{_STRIP} LIMIT {STRIP_RUNS}"),
        episodes=read(f"{_EPISODES} LIMIT {_MOST_EPISODES}"),
        plans=read(_PLANS),
        together=read(_TOGETHER),
        broke_with=read(_BROKE_WITH),
    )


_ROW_OF = "SELECT * FROM load_analysis.{} WHERE table_key = $key"

_DURATIONS = """
SELECT * FROM load_analysis.table_durations WHERE table_key = $key
ORDER BY runs DESC, load_plan NULLS LAST
"""

_RUNS = """
SELECT
    runs.*,
    times.began_after,
    times.began_by,
    times.ended_after,
    times.ended_by,
    times.shortest_seconds,
    times.longest_seconds
FROM load_analysis.table_runs AS runs
LEFT JOIN load_analysis.table_times AS times USING (execution_key, node_id)
WHERE runs.table_key = $key
ORDER BY execution_id DESC, node_id DESC
"""

_STRIP = """
SELECT execution_id, outcome FROM load_analysis.table_runs
WHERE table_key = $key ORDER BY execution_id DESC, node_id DESC
"""

_EPISODES = """
SELECT episodes.*, incidents.execution_id AS incident_execution_id
FROM load_analysis.failure_episodes AS episodes
LEFT JOIN load_analysis.incident_tables AS incidents
    USING (table_key, first_execution_id, first_node_id)
WHERE episodes.table_key = $key
ORDER BY first_execution_id DESC, first_node_id DESC
"""

_PLANS = """
SELECT * FROM load_analysis.failure_rates_by_plan_and_table WHERE table_key = $key
ORDER BY runs DESC, load_plan NULLS LAST
"""

_TOGETHER = """
SELECT
    if(table_key_a = $key, schema_name_b, schema_name_a) AS schema_name,
    if(table_key_a = $key, table_name_b, table_name_a) AS table_name,
    executions,
    starts_both,
    expected,
    p_adjusted
FROM load_analysis.co_failures
WHERE $key IN (table_key_a, table_key_b)
ORDER BY p_adjusted, schema_name NULLS LAST, table_name NULLS LAST
"""

_BROKE_WITH = """
SELECT execution_id AS incident_execution_id, schema_name, table_name
FROM load_analysis.incident_tables
WHERE
    execution_key = (
        SELECT arg_max(execution_key, execution_id) FROM load_analysis.incident_tables
        WHERE table_key = $key
    )
    AND table_key <> $key
ORDER BY schema_name NULLS LAST, table_name NULLS LAST
"""

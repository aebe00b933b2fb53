"""How each run of each table ended, one character a run: the rows of the grid.

A row is a table in a load plan; its characters are the newest executions of the plan, the oldest
first. A blank: the table was not in that execution. Every other character is a status.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from incorta_loads.analysis.rows import Row, rows
from incorta_loads.publication.report.names import in_page

EXECUTIONS_OF_A_PLAN = 200
EXECUTIONS = 2_000
"""At most so many of a plan, and of all plans: the newest of each, and as many of each."""

ROWS = 5_000
"""At most so many tables in load plans, the worst first."""

_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_OUTCOMES = (
    *("success", "partial", "failure", "interrupted"),
    *("skipped", "running", "queued", "unknown"),
)


@dataclass(frozen=True)
class Grid:
    """What the page shows run by run.

    Attributes:
        executions: those in the grid, oldest first; `plan_column` is their place in the cells of
            their plan.
        rows: tables in load plans, the worst first, with their rates there and their `cells`.
        statuses: what each character of the cells stands for.
    """

    executions: list[Row]
    rows: list[Row]
    statuses: list[Row]


def read_grid(connection: duckdb.DuckDBPyConnection) -> Grid:
    """The newest executions, and the worst tables in them."""
    executions = rows(connection, _EXECUTIONS, _LIMITS).rows
    found = rows(connection, _PAIRS, _LIMITS).rows
    for row in found:
        row |= {"cells": "", "group_name": None}
    for pair, columns, codes, group in connection.execute(_CELLS, _LIMITS | _MOST).fetchall():
        found[pair] |= {"cells": _cells(columns, codes), "group_name": group}
    statuses = rows(connection, f"{_STATUSES} FROM statuses ORDER BY code", _MOST).rows
    return Grid(executions, found, _legend(statuses))


def _cells(columns: list[int], codes: list[int]) -> str:
    """The characters of one row, from the first that is not blank."""
    cells = [" "] * EXECUTIONS_OF_A_PLAN
    for column, code in zip(columns, codes, strict=True):
        cells[column] = _CHARACTERS[code]
    return "".join(cells).lstrip()


def _legend(statuses: list[Row]) -> list[Row]:
    """Character → outcome and status; at the end, where there are too many, outcomes alone."""
    known = [
        {
            "character": _CHARACTERS[row["code"]],
            "outcome": row["outcome"],
            "job_status": in_page(row["job_status"]),
        }
        for row in statuses
    ]
    others = [
        {"character": _CHARACTERS[_MOST_STATUSES + place], "outcome": outcome, "job_status": None}
        for place, outcome in enumerate(_OUTCOMES)
    ]
    return known + others


_MOST_STATUSES = len(_CHARACTERS) - len(_OUTCOMES)
_LIMITS: dict[str, object] = {
    "of_a_plan": EXECUTIONS_OF_A_PLAN,
    "of_all": EXECUTIONS,
    "rows": ROWS,
}
_MOST: dict[str, object] = {"statuses": _MOST_STATUSES}

# The newest execution of a plan has the last column, whatever the number of executions.
_CHOSEN = """
WITH

ranked AS (

    SELECT
        *,
        row_number() OVER (
            PARTITION BY cluster, tenant, load_plan ORDER BY execution_id DESC
        ) AS from_newest
    FROM load_analysis.executions

),

executions AS (

    SELECT * EXCLUDE (from_newest), $of_a_plan - from_newest AS plan_column
    FROM ranked
    WHERE from_newest <= $of_a_plan
    ORDER BY from_newest, last_fetched_at DESC, execution_id DESC
    LIMIT $of_all

),

pairs AS (

    SELECT
        rates.*,
        row_number() OVER (
            ORDER BY
                NOT health.is_broken,
                health.worst_rank NULLS LAST,
                rates.schema_name NULLS LAST,
                rates.table_name NULLS LAST,
                rates.load_plan NULLS LAST,
                rates.cluster,
                rates.tenant
        ) - 1 AS pair
    FROM load_analysis.failure_rates_by_plan_and_table AS rates
    INNER JOIN load_analysis.table_health AS health
        ON
            rates.cluster = health.cluster
            AND rates.tenant = health.tenant
            AND rates.schema_name IS NOT DISTINCT FROM health.schema_name
            AND rates.table_name IS NOT DISTINCT FROM health.table_name
    QUALIFY pair < $rows

)
"""

_EXECUTIONS = f"{_CHOSEN} FROM executions ORDER BY cluster, tenant, execution_id"
_PAIRS = f"{_CHOSEN} FROM pairs ORDER BY pair"

_STATUSES = """
WITH

statuses AS (

    SELECT
        state_type,
        job_status,
        outcome,
        row_number() OVER (
            ORDER BY sum(tables) DESC, state_type NULLS LAST, job_status NULLS LAST, outcome
        ) - 1 AS code
    FROM load_analysis.status_ledger
    WHERE tables > 0
    GROUP BY state_type, job_status, outcome
    QUALIFY code < $statuses

)
"""

_LISTED = ", ".join(f"'{outcome}'" for outcome in _OUTCOMES)

# Of a table that is twice in an execution the later row wins: the one in error.
_CELLS = f"""
{_CHOSEN},
{_STATUSES.replace("WITH", "", 1)}

SELECT
    pairs.pair,
    list(executions.plan_column ORDER BY nodes.is_error, nodes.node_id) AS columns,
    list(
        coalesce(
            statuses.code,
            $statuses + list_position([{_LISTED}], nodes.outcome) - 1
        ) ORDER BY nodes.is_error, nodes.node_id
    ) AS codes,
    arg_max(nodes.group_name, nodes.execution_id) AS group_name
FROM executions
INNER JOIN load_analysis.node_outcomes AS nodes USING (cluster, tenant, execution_id)
INNER JOIN pairs
    ON
        executions.cluster = pairs.cluster
        AND executions.tenant = pairs.tenant
        AND executions.load_plan IS NOT DISTINCT FROM pairs.load_plan
        AND nodes.schema_name IS NOT DISTINCT FROM pairs.schema_name
        AND nodes.name IS NOT DISTINCT FROM pairs.table_name
LEFT JOIN statuses
    ON
        nodes.state_type IS NOT DISTINCT FROM statuses.state_type
        AND nodes.job_status IS NOT DISTINCT FROM statuses.job_status
        AND nodes.outcome = statuses.outcome
WHERE nodes.role = 'table'
GROUP BY pairs.pair
"""  # noqa: S608 (no part of it comes from outside)

"""Builds the rows of the grid: the status of each run of each table, one character per run.

A row is a table in a load plan. Its characters are the newest executions of the plan, oldest first.
A blank means that the table was not in that execution; every other character is a status.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from incorta_loads.analysis.rows import Row, rows
from incorta_loads.publication.report.names import in_page
from incorta_loads.sql_parameters import Parameter, execute

EXECUTIONS_OF_A_PLAN = 200
EXECUTIONS = 2_000
"""Maximum number of executions per plan and in total.

The grid takes the newest executions of each plan, and equally many of each plan.
"""

ROWS = 5_000
"""Maximum number of rows, each a table in a load plan, worst first."""

_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_OUTCOMES = (
    *("success", "partial", "failure", "interrupted"),
    *("skipped", "running", "queued", "unknown"),
)


@dataclass(frozen=True)
class Grid:
    """The part of the page that shows individual runs.

    Attributes:
        executions: executions in the grid, oldest first. `plan_column` is the position of an
            execution in the cells of its plan.
        rows: tables in load plans, worst first, with their rates in the plan and their `cells`.
        statuses: the meaning of each character in the cells.
    """

    executions: list[Row]
    rows: list[Row]
    statuses: list[Row]


def read_grid(connection: duckdb.DuckDBPyConnection) -> Grid:
    """Returns the grid of the newest executions and the worst tables."""
    executions = rows(connection, _EXECUTIONS, _LIMITS).rows
    found = rows(connection, _PAIRS, _LIMITS).rows
    for row in found:
        row |= {"cells": "", "group_name": None}
    for pair, columns, codes, group in execute(connection, _CELLS, _LIMITS | _MOST).fetchall():
        found[pair] |= {"cells": _cells(columns, codes), "group_name": group}
    statuses = rows(connection, f"{_STATUSES} FROM statuses ORDER BY code", _MOST).rows
    return Grid(executions, found, _legend(statuses))


def _cells(columns: list[int], codes: list[int]) -> str:
    """Returns the characters of one row, starting with the first that is not blank."""
    cells = [" "] * EXECUTIONS_OF_A_PLAN
    for column, code in zip(columns, codes, strict=True):
        cells[column] = _CHARACTERS[code]
    return "".join(cells).lstrip()


def _legend(statuses: list[Row]) -> list[Row]:
    """Returns the outcome and status of each character.

    The last characters mean an outcome without a status. They are used for statuses beyond the
    limit.
    """
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
_LIMITS: dict[str, Parameter] = {
    "of_a_plan": EXECUTIONS_OF_A_PLAN,
    "of_all": EXECUTIONS,
    "rows": ROWS,
}
_MOST: dict[str, Parameter] = {"statuses": _MOST_STATUSES}

# The newest execution of a plan is always in the last column, even if the plan has few executions.
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

# If a table occurs twice in an execution, the later row wins; rows in error are ordered last.
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

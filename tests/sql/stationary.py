"""Tables whose failures are drawn with a seed; they do not change, or change at a known run."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

Failed = NDArray[np.bool_]
Numbers = NDArray[np.float64]


class Drawn(NamedTuple):
    """Histories of some tables.

    Attributes:
        failed: whether a table failed, with one row per execution and one column per table.
        rates: the true error rate of each table in its last execution.
    """

    failed: Failed
    rates: Numbers


Process = Callable[[np.random.Generator, int, int], Drawn]
"""Takes a generator and the numbers of executions and tables."""

_BEFORE = 300
"""Executions before the first one, enough to lose the initial state."""


# --- Tables that do not change --------------------------------------------------------------------


def independent_runs(draw: np.random.Generator, executions: int, tables: int) -> Drawn:
    """Runs fail independently, at a rate of 0 to 30 % per table."""
    rates = draw.uniform(0, 0.3, tables)
    return Drawn(draw.random((executions, tables)) < rates, rates)


def chains(draw: np.random.Generator, executions: int, tables: int, *, mean_streak: float) -> Drawn:
    """Errors last `mean_streak` runs on average; rates of 1 to 30 % per table."""
    rates = draw.uniform(0.01, 0.3, tables)
    stops = 1 / mean_streak
    begins = stops * rates / (1 - rates)
    failed = np.empty((executions, tables), dtype=bool)
    now = draw.random(tables) < rates
    for place, chance in enumerate(draw.random(failed.shape)):
        now = np.where(now, chance >= stops, chance < begins)
        failed[place] = now
    return Drawn(failed, rates)


def outages(
    draw: np.random.Generator,
    executions: int,
    tables: int,
    *,
    once_in: float = 100,
    shared_by: int = 1,
) -> Drawn:
    """Outages of 3 to 10 runs, which begin once in so many runs, for so many tables together."""
    groups = -(-tables // shared_by)
    lasting, rate = _outages(draw, executions, groups, 1 / once_in, range(3, 11))
    return Drawn(np.repeat(lasting, shared_by, axis=1)[:, :tables], np.full(tables, rate))


def mixture(draw: np.random.Generator, executions: int, tables: int) -> Drawn:
    """Of 100 tables, 80 fail in 1 % of their runs and 20 in 20 %."""
    rates = np.where(draw.random(tables) < 0.8, 0.01, 0.2)
    return Drawn(draw.random((executions, tables)) < rates, rates)


def single_and_long(draw: np.random.Generator, executions: int, tables: int) -> Drawn:
    """Single errors in 5 % of the runs, and outages of 5 to 30 runs once in 200."""
    long, rate = _outages(draw, executions, tables, 1 / 200, range(5, 31))
    single = draw.random((executions, tables)) < 0.05
    return Drawn(long | single, np.full(tables, 1 - (1 - rate) * 0.95))


def _outages(
    draw: np.random.Generator, executions: int, tables: int, begins: float, lengths: range
) -> tuple[Failed, float]:
    """Whether an outage is going on, and how often one is."""
    starts = draw.random((_BEFORE + executions, tables)) < begins
    places = np.arange(len(starts))[:, None]
    last = places + draw.integers(lengths.start, lengths.stop, starts.shape) - 1
    lasting = np.maximum.accumulate(np.where(starts, last, -1), axis=0) >= places
    none = 1.0
    for age in range(lengths.stop - 1):  # no outage began so many runs ago that is still going on
        none *= 1 - begins * sum(length > age for length in lengths) / len(lengths)
    return np.asarray(lasting[_BEFORE:]), 1 - none


NULL_MODELS: dict[str, Process] = {
    "independent, 0 to 30 %": independent_runs,
    **{f"streaks of {streak}": partial(chains, mean_streak=streak) for streak in (2, 3, 5, 8)},
    **{
        f"outages once in {once_in}": partial(outages, once_in=once_in)
        for once_in in (50, 70, 100, 200)
    },
    "80 % at 1 %, 20 % at 20 %": mixture,
    "outages shared by 50 tables": partial(outages, shared_by=50),
    "single errors, long outages": single_and_long,
}
"""Name → tables that do not change."""


# --- Tables that change ---------------------------------------------------------------------------


def step(
    draw: np.random.Generator, executions: int, tables: int, *, before: float, after: float
) -> Drawn:
    """Independent runs whose error rate changes after half of the executions."""
    rates = np.where(np.arange(executions) < executions // 2, before, after)
    return Drawn(draw.random((executions, tables)) < rates[:, None], np.full(tables, after))


def ramp(draw: np.random.Generator, executions: int, tables: int) -> Drawn:
    """Independent runs; from half of the executions on, the rate rises from 2 to 30 % in 100."""
    rising = np.clip((np.arange(executions) - executions // 2) / 100, 0, 1)
    rates = 0.02 + 0.28 * rising
    return Drawn(draw.random((executions, tables)) < rates[:, None], np.full(tables, rates[-1]))


CHANGES: dict[str, Process] = {
    **{
        f"{before} to {after} %": partial(step, before=before / 100, after=after / 100)
        for before, after in ((2, 20), (5, 30), (0, 10), (10, 40), (0, 30), (2, 50))
    },
    "ramp of 100 runs, 2 to 30 %": ramp,
}
"""Name → tables that change after half of their executions."""


# --- Rows of the warehouse ------------------------------------------------------------------------


def insert_runs(warehouse: duckdb.DuckDBPyConnection, tenant: str, failed: Failed) -> None:
    """Inserts rows of `nodes` for a tenant: one plan and schema, executions 1, 2, …, tables t2, t3,
    …"""
    executions, tables = failed.shape
    runs = pd.DataFrame(
        {
            "execution_id": np.repeat(np.arange(executions) + 1, tables),
            "node_id": np.tile(np.arange(tables) + 2, executions),
            "failed": failed.ravel(),
        }
    )
    warehouse.register("runs", runs)
    warehouse.execute(
        """
        insert into load_status.nodes by name
        with placed as (
            select execution_id, node_id, failed, 'TABLE' as type from runs
            union all
            select distinct execution_id, 1, false, 'SCHEMA' from runs
            union all
            select distinct execution_id, 0, false, 'LOAD_PLAN' from runs
        )
        select
            'cluster' as cluster,
            ? as tenant,
            execution_id,
            node_id,
            case type when 'SCHEMA' then 0 when 'TABLE' then 1 end as parent_id,
            case type when 'TABLE' then node_id else max(node_id) over () end as last_descendant_id,
            case type when 'LOAD_PLAN' then 0 when 'SCHEMA' then 1 else 2 end as depth,
            case type when 'TABLE' then node_id - 2 else 0 end as position,
            type,
            case type when 'TABLE' then 't' || node_id else type end as name,
            'Terminator State' as state_type,
            case when failed then 'Failed' else 'Success' end as job_status,
            '/' || node_id as path,
            'LOAD_PLAN' as load_plan,
            case when node_id > 0 then 'SCHEMA' end as schema_name,
            case when type = 'TABLE' then 't' || node_id end as table_name,
            timestamptz '2026-11-01 12:00:00+00' as fetched_at
        from placed
        """,
        [tenant],
    )
    warehouse.unregister("runs")

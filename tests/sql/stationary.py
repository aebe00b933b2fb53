"""Tables whose failure rates do not change: failures are random, drawn with a seed."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

Failed = NDArray[np.bool_]
"""Whether a table failed, with one row per execution and one column per table."""

Process = Callable[[np.random.Generator, int, int], Failed]


def independent_runs(draw: np.random.Generator, executions: int, tables: int) -> Failed:
    """Runs fail independently, at a rate of 0 to 30 % per table."""
    rates = draw.uniform(0, 0.3, tables)
    return draw.random((executions, tables)) < rates


def outages(draw: np.random.Generator, executions: int, tables: int) -> Failed:
    """Outages of 3 to 10 runs; one in a hundred runs starts one."""
    before = 100  # enough runs to lose the initial state
    starts = draw.random((before + executions, tables)) < 0.01
    lengths = draw.integers(3, 11, starts.shape)
    last = np.where(starts, np.arange(len(starts))[:, None] + lengths - 1, -1)
    failed = np.maximum.accumulate(last, axis=0) >= np.arange(len(starts))[:, None]
    return np.asarray(failed[before:])


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

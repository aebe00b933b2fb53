"""The product's statistics on drawn histories, from streaks on, which is faster than from nodes."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import numpy as np
import pandas as pd

from sql.compiled import Model, build
from sql.stationary import Drawn, Process


def insert_series(warehouse: duckdb.DuckDBPyConnection, histories: Mapping[str, Drawn]) -> None:
    """Creates what the models on streaks read, with tables t1, t2, … and executions 1, 2, …"""
    warehouse.execute(
        """
        create schema if not exists load_analysis_steps;
        create table load_analysis_steps.int_table_series (
            series_id bigint, tenant_id bigint, cluster varchar, tenant varchar,
            schema_name varchar, table_name varchar, table_key varchar, schema_key varchar
        );
        create table load_analysis_steps.int_table_runs (
            cluster varchar, tenant varchar, bucket bigint, version varchar, series_id bigint,
            load_plan varchar, execution_id bigint, node_id bigint, is_error boolean,
            is_failure boolean
        );
        create table load_analysis_steps.int_table_pairs (
            tenant_id bigint, series_id_a bigint, series_id_b bigint, executions bigint,
            starts_a bigint, starts_b bigint, starts_both bigint
        );
        create table load_analysis_steps.int_bucketed_answers (one integer);
        """
    )
    first = 0
    for tenant_id, (tenant, (failed, _)) in enumerate(histories.items(), 1):
        executions, tables = failed.shape
        runs = pd.DataFrame(
            {
                "execution_id": np.repeat(np.arange(executions) + 1, tables),
                "number": np.tile(np.arange(tables) + 1, executions),
                "is_error": failed.ravel(),
            }
        )
        warehouse.register("runs", runs)
        warehouse.execute(
            """
            insert into load_analysis_steps.int_table_series
            select $first + number, $tenant_id, 'cluster', $tenant, 's', 't' || number, '', ''
            from range(1, $tables + 1) as numbers(number)
            """,
            {"first": first, "tenant_id": tenant_id, "tenant": tenant, "tables": tables},
        )
        warehouse.execute(
            """
            insert into load_analysis_steps.int_table_runs
            select 'cluster', $tenant, execution_id // 1000 * 1000, '', $first + number, 'p',
                execution_id, number, is_error, is_error
            from runs
            """,
            {"first": first, "tenant": tenant},
        )
        warehouse.unregister("runs")
        first += tables
    warehouse.execute(
        """
        create table load_analysis_steps.int_backtest_runs as
        select series_id, execution_id as run, execution_id, is_error
        from load_analysis_steps.int_table_runs
        """
    )


STREAKS = ("int_table_streak_pieces", "int_table_numbered_pieces", "int_table_streaks")
"""The models from runs to streaks."""

VERDICTS = (
    *("int_table_windows", "int_tenants", "int_table_trials", "int_trial_windows", "int_margins"),
    *("int_log_factorials", "int_hypergeometric_tails", "int_regression_tests"),
    *("int_change_points", "int_regressions"),
)
"""The models from streaks to verdicts."""

BACKTEST = (
    *("int_backtest_tenant_rates", "int_backtest_windows"),
    *("int_backtest_tails", "int_backtest_looks", "int_backtest_worse"),
    *("int_backtest_change_points", "int_backtest_breaks", "int_backtest_broken"),
    *("int_backtest_messages", "alert_backtest", "alert_backtest_summary"),
)
"""The models of the backtest."""


def drawn(
    models: Mapping[str, Process], executions: int, tables: int, seed: int
) -> dict[str, Drawn]:
    """The histories of every model for a seed."""
    return {
        name: process(np.random.default_rng([seed, place]), executions, tables)
        for place, (name, process) in enumerate(models.items())
    }


def built_on_streaks(
    compiled: list[Model], histories: Mapping[str, Drawn], *, backtest: bool = False
) -> duckdb.DuckDBPyConnection:
    """A warehouse in memory with the statistics of these histories, each of which is a tenant."""
    warehouse = duckdb.connect()
    insert_series(warehouse, histories)
    names = {*STREAKS, *VERDICTS, *(BACKTEST if backtest else ())}
    build(warehouse, [model for model in compiled if model.name in names])
    return warehouse

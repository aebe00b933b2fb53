"""How often the marts report chance as a finding: drawn histories, with fixed seeds.

`make bench-alarms` measures the same on more tables; docs/analysis.md has its tables.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import duckdb
import numpy as np
import pytest

from sql.base_rows import select, write_base_tables
from sql.compiled import Model, build
from sql.on_streaks import built_on_streaks, drawn
from sql.stationary import CHANGES, NULL_MODELS, independent_runs, insert_runs

TABLES = 1_000


@pytest.fixture(scope="module")
def is_full(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("full"))


@pytest.fixture(scope="module")
def seeds(is_full: bool) -> range:
    return range(1, 11 if is_full else 2)


@pytest.fixture(scope="module")
def verdicts(compiled: list[Model], seeds: range) -> Counter[tuple[str, str]]:
    """How many tables have a verdict, by null model and verdict, over all seeds."""
    found: Counter[tuple[str, str]] = Counter()
    for seed in seeds:
        histories = drawn(NULL_MODELS, 300, TABLES, seed)
        with built_on_streaks(compiled, histories) as warehouse:
            rows = warehouse.execute(
                """
                select tenant, verdict, count(*) from load_analysis_steps.int_regressions
                inner join load_analysis_steps.int_table_series using (series_id) group by all
                """
            ).fetchall()
        found.update({(model, verdict): count for model, verdict, count in rows})
    return found


@pytest.mark.parametrize("model", NULL_MODELS)
@pytest.mark.parametrize("verdict", ["regressed", "improved"])
def test_tables_that_do_not_change_are_not_called_so(
    verdicts: Counter[tuple[str, str]], seeds: range, model: str, verdict: str
) -> None:
    """At most 1 of 1,000 tables, on average over the seeds."""
    assert sum(count for (name, _), count in verdicts.items() if name == model) == TABLES * len(
        seeds
    )
    assert verdicts[model, verdict] <= TABLES * len(seeds) / 1_000


@pytest.fixture(scope="module")
def messages(compiled: list[Model], is_full: bool) -> dict[str, float]:
    """Null model → messages `worse` per 1,000 tables and 1,000 runs."""
    runs = 1_000 if is_full else 400
    with built_on_streaks(
        compiled, drawn(NULL_MODELS, runs, TABLES, seed=1), backtest=True
    ) as warehouse:
        return dict(
            warehouse.execute(
                """
                select tenant, messages_per_million_runs from load_analysis.alert_backtest_summary
                where setting = 'current' and kind = 'worse'
                """
            ).fetchall()
        )


@pytest.mark.parametrize("model", NULL_MODELS)
def test_messages_about_tables_that_do_not_change_are_rare(
    messages: dict[str, float], model: str
) -> None:
    """At most 10 per 1,000 tables and 1,000 runs."""
    assert messages[model] <= 10


def test_large_changes_are_found(compiled: list[Model]) -> None:
    """Of tables that fail in 50 % of the runs after 2 %, 90 % are reported within 100 runs."""
    histories = drawn({"changes": CHANGES["2 to 50 %"]}, 600, 200, seed=1)
    with built_on_streaks(compiled, histories, backtest=True) as warehouse:
        (found,) = warehouse.execute(
            """
            select count(distinct table_name) from load_analysis.alert_backtest
            where setting = 'current' and kind = 'worse' and told_at_execution_id <= 400
                and told_at_execution_id > 300
            """
        ).fetchone() or (0,)
    assert found >= 0.9 * 200


def test_independent_tables_are_unrelated(
    compiled: list[Model], tmp_path: Path, is_full: bool
) -> None:
    """Of 100 tables no pair is reported, except for one seed in 20."""
    seeds = range(1, 21 if is_full else 3)
    database = tmp_path / "warehouse.duckdb"
    write_base_tables(database)
    with duckdb.connect(str(database)) as connection:
        for seed in seeds:  # a tenant for each, so that p-values are adjusted within it
            failed, _ = independent_runs(np.random.default_rng(seed), 100, 100)
            insert_runs(connection, str(seed), failed)
        build(connection, compiled)
    reported = select(database, "select distinct tenant from load_analysis.co_failures")
    assert len(reported) <= len(seeds) / 20

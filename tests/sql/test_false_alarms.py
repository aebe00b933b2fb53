"""How often the marts report chance as a finding: tables that do not change, many seeds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pytest

from sql.base_rows import select, write_base_tables
from sql.compiled import Model, build
from sql.stationary import Process, independent_runs, insert_runs, outages

Count = Callable[[str, str], list[int]]

CASES: dict[str, tuple[Process, int, int]] = {
    "independent": (independent_runs, 120, 1_000),
    "outages": (outages, 120, 1_000),
    "unrelated": (independent_runs, 100, 100),
}
"""Process, executions, tables."""


@pytest.fixture(scope="module")
def seeds(request: pytest.FixtureRequest) -> range:
    return range(1, 21 if request.config.getoption("full") else 3)


@pytest.fixture(scope="module")
def warehouse(
    compiled: list[Model], tmp_path_factory: pytest.TempPathFactory, seeds: range
) -> Path:
    """A tenant per case and seed, so that p-values are adjusted within one of them only."""
    database = tmp_path_factory.mktemp("chance") / "warehouse.duckdb"
    write_base_tables(database)
    with duckdb.connect(str(database)) as connection:
        for name, (process, executions, tables) in CASES.items():
            for seed in seeds:
                failed = process(np.random.default_rng(seed), executions, tables)
                insert_runs(connection, f"{name} {seed}", failed)
        build(connection, compiled)
    return database


@pytest.fixture
def count(warehouse: Path, seeds: range) -> Count:
    """The number of rows of a mart for each seed of a case."""

    def count(case: str, mart: str) -> list[int]:
        rows = select(
            warehouse,
            f"""
            select tenant, count(*) from load_analysis.{mart} and tenant like '{case} %'
            group by tenant
            """,
        )
        found = {str(tenant): int(str(number)) for tenant, number in rows}
        counts = [found.get(f"{case} {seed}", 0) for seed in seeds]
        print(f"{mart}, {case}, {len(seeds)} seeds: {counts}")  # noqa: T201 (pytest -s shows it)
        return counts

    return count


def test_tables_that_do_not_change_have_not_regressed(count: Count) -> None:
    """At most 1 of 1,000 tables is reported, for every seed."""
    assert max(count("independent", "table_regressions where verdict = 'regressed'")) <= 1


def test_unchanged_outage_rates_are_not_a_regression(count: Count) -> None:
    """Of 1,000 tables with outages of 3 to 10 runs, at most 15 are reported on average."""
    assert np.mean(count("outages", "table_regressions where verdict = 'regressed'")) <= 15


def test_independent_tables_are_unrelated(count: Count, seeds: range) -> None:
    """Of 100 tables no pair is reported, except for one seed in 20."""
    pairs = count("unrelated", "co_failures where true")
    assert sum(found > 0 for found in pairs) <= len(seeds) / 20

"""Warehouses so small that every row can be written out."""

from __future__ import annotations

from pathlib import Path

import pytest

from sql.base_rows import NOON, Fetch, Tree, built, rows, select
from sql.reference.reading import MARTS

ONE_PLAN = Tree(
    "LOAD_PLAN",
    "Nightly",
    "Finished with Errors",
    (
        Tree("TABLE", "orders", "Success"),
        Tree("TABLE", "items", "Failed"),
        Tree("TABLE", "orders", "Finished with Errors"),
    ),
)
ONE_RUNNING = Tree("LOAD_PLAN", "Nightly", "Running", (), "Load State")


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("empty") / "warehouse.duckdb")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One execution of one tenant, and one that still runs of another."""
    return built(
        tmp_path_factory.mktemp("small") / "warehouse.duckdb",
        [*rows(ONE_PLAN, 7, tenant="ended"), *rows(ONE_RUNNING, 8, tenant="running")],
        [Fetch("cluster", "ended", 9, "20261101T120000.000000Z-0", NOON, "not_found")],
    )


@pytest.mark.parametrize("mart", MARTS)
def test_an_empty_warehouse_has_empty_marts(empty: Path, mart: str) -> None:
    """Nothing was loaded: there is nothing to say, not even a zero."""
    assert select(empty, f"from load_analysis.{mart}") == []


def test_a_single_execution_is_final_and_recent(small: Path) -> None:
    """Without anything before it an execution is not partial."""
    assert select(small, "from load_analysis.executions order by tenant") == [
        (
            *("cluster", "ended", 7, "Nightly", "Terminator State", "Finished with Errors"),
            *("partial", True, False, True, 4, 3, 2, 0, NOON, NOON),
        ),
        (
            *("cluster", "running", 8, "Nightly", "Load State", "Running"),
            *("running", False, False, True, 1, 0, 0, 0, NOON, NOON),
        ),
    ]


def test_a_rate_says_how_sure_it_is(small: Path) -> None:
    """The same name twice in one execution is two runs; the interval is as wide as these allow."""
    low, high = 0.09453120573423068, 0.9054687942657693  # Wilson, 1 of 2
    assert select(
        small,
        """
        select runs, executions, counted, error_rate, error_rate_low, error_rate_high
        from load_analysis.failure_rates_by_table where table_name = 'orders'
        """,
    ) == [(2, 1, 2, 0.5, pytest.approx(low), pytest.approx(high))]


def test_nothing_counted_is_no_rate(small: Path) -> None:
    """A plan that only runs has no rate, not a rate of 0."""
    assert select(
        small,
        """
        select runs, counted, running, failure_rate, failure_rate_low, error_rate_high,
            table_error_rate, last_success_execution_id, last_error_execution_id
        from load_analysis.failure_rates_by_plan where tenant = 'running'
        """,
    ) == [(1, 0, 1, None, None, None, None, None, None)]


def test_coverage_counts_what_was_asked_and_what_was_not(small: Path) -> None:
    """Nodes without a ledger row are loaded; an id above them that was not found is not missing."""
    assert select(small, "from load_analysis.coverage order by tenant") == [
        ("cluster", "ended", 2, 1, 1, 0, 0, 0, 0, 7, 7, 0, 0, 0, NOON),
        ("cluster", "running", 1, 1, 0, 0, 0, 0, 0, 8, 8, 0, 1, 0, NOON),
    ]

"""Warehouses so small that every row can be written out."""

from __future__ import annotations

from pathlib import Path

import pytest

from sql.base_rows import NOON, Fetch, History, Tree, built, rows, select
from sql.comparison import BuiltHistory, differences
from sql.compiled import Model, built_in_file
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
WAITING = Tree("TABLE", "orders", "In Queue", (), "Load State")
ONE_RUNNING = Tree("LOAD_PLAN", "Nightly", "Running", (WAITING,), "Load State")


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("empty") / "warehouse.duckdb")


@pytest.fixture(scope="module")
def small_warehouse(
    compiled: list[Model], tmp_path_factory: pytest.TempPathFactory
) -> BuiltHistory:
    """One tenant with one execution, and another with a running one."""
    nodes = [*rows(ONE_PLAN, 7, tenant="ended"), *rows(ONE_RUNNING, 8, tenant="running")]
    fetches = [Fetch("cluster", "ended", 9, "20261101T120000.000000Z-0", NOON, "not_found")]
    database = tmp_path_factory.mktemp("small") / "warehouse.duckdb"
    history = History(nodes, fetches)
    return BuiltHistory(history, built_in_file(compiled, database, history))


@pytest.fixture(scope="module")
def small(small_warehouse: BuiltHistory) -> Path:
    return small_warehouse.database


@pytest.mark.parametrize("mart", MARTS)
def test_an_empty_warehouse_has_empty_marts(empty: Path, mart: str) -> None:
    """Without loaded rows no mart has a row, not even with a zero."""
    assert select(empty, f"from load_analysis.{mart}") == []


@pytest.mark.parametrize("mart", MARTS)
def test_a_small_warehouse_has_every_mart(small_warehouse: BuiltHistory, mart: str) -> None:
    """One execution, or a running one, is enough for every mart to match plain Python."""
    assert differences(small_warehouse, mart) == []


@pytest.mark.parametrize("mart", MARTS)
def test_running_executions_have_no_rates(small: Path, mart: str) -> None:
    """Nothing is counted, so rates, intervals, p-values and differences are null."""
    columns = [
        str(name)
        for (name,) in select(
            small,
            f"""
            select column_name from duckdb_columns()
            where schema_name = 'load_analysis' and table_name = '{mart}' and data_type = 'DOUBLE'
            """,
        )
    ]
    values = ", ".join(["null", *columns])
    found = select(small, f"select {values} from load_analysis.{mart} where tenant = 'running'")
    assert {value for row in found for value in row} <= {None}


def test_a_single_execution_is_final_and_recent(small: Path) -> None:
    """Without a previous execution it is not partial."""
    query = """
        select * exclude (execution_key, plan_key) from load_analysis.executions order by tenant
    """
    assert select(small, query) == [
        (
            *("cluster", "ended", 7, "Nightly", "Terminator State", "Finished with Errors"),
            *("partial", True, False, True, 4, 3, 2, 0, NOON, NOON),
        ),
        (
            *("cluster", "running", 8, "Nightly", "Load State", "Running"),
            *("running", False, False, True, 2, 1, 0, 0, NOON, NOON),
        ),
    ]


def test_a_rate_has_a_confidence_interval(small: Path) -> None:
    """The same name twice in an execution is two runs, which determine the interval."""
    low, high = 0.09453120573423068, 0.9054687942657693  # Wilson, 1 of 2
    assert select(
        small,
        """
        select runs, executions, counted, error_rate, error_rate_low, error_rate_high
        from load_analysis.failure_rates_by_table
        where tenant = 'ended' and table_name = 'orders'
        """,
    ) == [(2, 1, 2, 0.5, pytest.approx(low), pytest.approx(high))]


def test_without_counted_runs_the_rate_is_null(small: Path) -> None:
    """A plan with running executions only has no rate, rather than 0."""
    assert select(
        small,
        """
        select runs, counted, running, failure_rate, failure_rate_low, error_rate_high,
            table_error_rate, last_success_execution_id, last_error_execution_id
        from load_analysis.failure_rates_by_plan where tenant = 'running'
        """,
    ) == [(1, 0, 1, None, None, None, None, None, None)]


def test_coverage_counts_requested_and_missing_ids(small: Path) -> None:
    """Nodes without a ledger row are loaded; an id above them is not missing."""
    assert select(small, "from load_analysis.coverage order by tenant") == [
        ("cluster", "ended", 2, 1, 1, 0, 0, 0, 0, 7, 7, 0, 0, 0, NOON, False, 9),
        ("cluster", "running", 1, 1, 0, 0, 0, 0, 0, 8, 8, 0, 1, 0, NOON, False, 8),
    ]


def test_a_table_of_a_plan_that_never_ended_is_gone(small: Path) -> None:
    """Such a plan is not live: it has none of the latest final executions."""
    query = """
        select * exclude (table_key, schema_key) from load_analysis.table_health
        where tenant = 'running'
    """
    assert select(small, query) == [
        (
            *("cluster", "running", None, "orders", 0, 0, None, None, None, None, "gone"),
            *(False, 0, None, None, None, None, 0, None, 8, 8),
        )
    ]

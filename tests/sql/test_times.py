"""Times of executions that were looked at while they ran: the truth lies within."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import duckdb
import pytest

from sql.base_rows import NOON, Fetch, History
from sql.compiled import Model, built_in_memory
from sql.looked_at import EXECUTIONS, PAUSE, LookedAt, looked_at
from sql.reference.keys import Row
from sql.sketches import sketch

Warehouse = duckdb.DuckDBPyConnection


@pytest.fixture(scope="module", params=[20261130, 7, 8])
def truth(request: pytest.FixtureRequest) -> LookedAt:
    """What happened, for three draws."""
    return looked_at(request.param)


@pytest.fixture(scope="module")
def warehouse(compiled: list[Model], truth: LookedAt) -> Iterator[Warehouse]:
    with built_in_memory(compiled, truth.history) as warehouse:
        yield warehouse


def read(warehouse: Warehouse, query: str) -> list[Row]:
    found = warehouse.execute(query)
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def test_every_execution_started_and_ended_within_its_intervals(
    warehouse: Warehouse, truth: LookedAt
) -> None:
    """A look before each of them, and one after, is known."""
    times = read(warehouse, "from load_analysis.execution_times")
    assert len(times) == EXECUTIONS
    for row in times:
        start, end = truth.executions[row["execution_id"]]
        assert row["started_after"] < start <= row["started_by"]
        assert row["ended_after"] < end <= row["ended_by"]
        assert row["shortest_seconds"] <= (end - start).total_seconds() <= row["longest_seconds"]


def test_every_table_began_and_ended_within_its_intervals(
    warehouse: Warehouse, truth: LookedAt
) -> None:
    """Also if it was never seen running."""
    times = read(warehouse, "from load_analysis.table_times")
    assert len(times) == len(truth.tables)
    for row in times:
        begin, end = truth.tables[row["execution_id"], row["table_name"]]
        assert row["began_after"] < begin <= row["began_by"]
        assert row["ended_after"] < end <= row["ended_by"]
        assert row["shortest_seconds"] <= (end - begin).total_seconds() <= row["longest_seconds"]


def test_an_interval_is_that_between_two_consecutive_runs(
    warehouse: Warehouse, truth: LookedAt
) -> None:
    """Never wider: some begin in an outage of four pauses."""
    after = dict(pairwise(truth.looks))
    for row in read(warehouse, "from load_analysis.execution_times"):
        for bounds in (("started_after", "started_by"), ("ended_after", "ended_by")):
            earlier, later = (max(at for at in truth.looks if at <= row[each]) for each in bounds)
            assert after[earlier] == later


def test_an_execution_that_is_slower_for_certain_is_told(warehouse: Warehouse) -> None:
    """The last ones took an hour longer than any before."""
    verdicts = read(warehouse, "select load_plan, verdict from load_analysis.plan_durations")
    assert {row["verdict"] for row in verdicts} == {"slower"}


def test_a_day_has_the_executions_that_ended_on_it(warehouse: Warehouse, truth: LookedAt) -> None:
    """Those that may have ended on either of two days have none."""
    days = read(warehouse, "from load_analysis.failures_by_day")
    assert sum(row["executions"] for row in days) == EXECUTIONS
    for row in days:
        if row["day"] is not None:
            ended = [end for _, end in truth.executions.values() if end.date() == row["day"]]
            assert row["executions"] <= len(ended)


def test_history_that_was_seen_once_has_no_times(compiled: list[Model]) -> None:
    """Only that it had ended is known."""
    nodes = sketch("t", {"a": "...X"})
    fetches = [Fetch("cluster", "t", id_, "run", NOON, "loaded", True) for id_ in range(1, 5)]
    with built_in_memory(compiled, History(nodes, fetches)) as warehouse:
        times = read(warehouse, "from load_analysis.execution_times")
        assert {row["ended_by"] for row in times} == {NOON}
        unknown = ("started_after", "ended_after", "shortest_seconds", "longest_seconds")
        assert {row[name] for row in times for name in unknown} == {None}
        for mart in ("table_times", "plan_durations", "table_durations"):
            assert read(warehouse, f"from load_analysis.{mart}") == []


def test_a_restarted_execution_ends_when_it_ended_last(compiled: list[Model]) -> None:
    """Its id was final, then running, then final again."""
    nodes = sketch("t", {"a": "."})
    states = [False, True, False, True]
    fetches = [
        Fetch("cluster", "t", 1, f"run {place}", NOON + place * PAUSE, "loaded", is_final)
        for place, is_final in enumerate(states)
    ]
    with built_in_memory(compiled, History(nodes, fetches)) as warehouse:
        [row] = read(warehouse, "from load_analysis.execution_times")
    assert (row["ended_after"], row["ended_by"]) == (NOON + 2 * PAUSE, NOON + 3 * PAUSE)

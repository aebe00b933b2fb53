from __future__ import annotations

from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING

import pytest

from incorta_simulator.company.execution import TABLES_AT_ONCE, Execution
from incorta_simulator.company.timing import QUEUE_SECONDS, spans, statuses_at
from incorta_simulator.company.tree import FAILED, RUNNING, SKIPPED, SUCCESS, build

if TYPE_CHECKING:
    from incorta_simulator.company.plans import Plan
    from incorta_simulator.company.tree import Path

ITEMS = ("Group 1", "Stock", "Stock.items")
DAILY = ("Group 2", "Reports", "Reports.daily")


@pytest.fixture
def execution(shop: Plan) -> Execution:
    return Execution.full(shop, 7, seed=1)


def moments(execution: Execution) -> list[float]:
    """All times at which something changes, and one between each two of them."""
    ends = sorted({time for span in spans(execution).values() for time in span if time != inf})
    return sorted([*ends, *((one + other) / 2 for one, other in pairwise(ends))])


def test_an_execution_lasts_as_long_as_its_tables(execution: Execution) -> None:
    """It waits, then its tables run; the last of them ends it."""
    times = spans(execution)
    of_tables = [times[path] for path in execution.tables()]

    assert min(begin for begin, _ in of_tables) == QUEUE_SECONDS
    assert times[()] == (0.0, max(end for _, end in of_tables))
    assert all(begin < end for begin, end in of_tables)


def test_a_group_starts_when_the_one_before_ended(execution: Execution) -> None:
    """No table of the second group runs while one of the first does."""
    times = spans(execution)
    of_group = {
        name: [times[path] for path in execution.tables() if path[0] == name]
        for name in ("Group 1", "Group 2")
    }

    assert max(end for _, end in of_group["Group 1"]) == min(
        begin for begin, _ in of_group["Group 2"]
    )


def test_few_tables_run_at_once(shop: Plan) -> None:
    """Of twenty tables in one schema, never more than the allowed number run."""
    tables: dict[Path, str] = {("g", "s", str(number)): SUCCESS for number in range(20)}
    execution = Execution(shop, 1, 1, tables)
    times = spans(execution)

    most = max(
        sum(begin <= moment < end for path, (begin, end) in times.items() if path)
        for moment in moments(execution)
    )
    assert most == TABLES_AT_ONCE


def test_the_tree_follows_the_times(execution: Execution) -> None:
    """At every moment a table is queued before its begin, runs until its end, then has its end."""
    execution.statuses[ITEMS] = FAILED
    times = spans(execution)

    for moment in moments(execution):
        for path, status in statuses_at(execution, moment).items():
            begin, end = times[path]
            at = "In Queue" if moment < begin else "Running"
            assert status == (execution.statuses[path] if moment >= end else at)


def test_an_execution_is_final_exactly_from_its_end_on(execution: Execution) -> None:
    """Its root is in terminator state from the end of its last table on, not before."""
    end = spans(execution)[()][1]

    for moment in moments(execution):
        tree = build(execution.plan, statuses_at(execution, moment))
        assert (tree["status"]["stateType"] == "Terminator State") == (moment >= end)


def test_a_skipped_table_ends_with_the_execution(execution: Execution) -> None:
    """It is queued until then and never runs."""
    execution.statuses[DAILY] = SKIPPED
    times = spans(execution)

    assert times[DAILY] == (times[()][1], times[()][1])


def test_a_table_that_never_ends_does_not_hold_the_execution(execution: Execution) -> None:
    """It runs while the execution is over."""
    execution.statuses[ITEMS] = RUNNING
    times = spans(execution)

    assert times[ITEMS][1] == inf
    assert times[()][1] < inf
    assert statuses_at(execution, times[()][1])[ITEMS] == RUNNING

"""Outcomes of statuses defined by the user."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from incorta_loads.analysis.outcomes import StatusOutcomes
from incorta_loads.tree.statuses import STATUS_OUTCOMES
from sql.base_rows import History, Tree, rows, select, write_base_tables
from sql.compiled import Model, built_in_file, compiled_models

LINES = [
    ["Terminator State", " It's {{ done }}\n", "success"],
    ["*", "Odd \\ 'n' \"END\"", "interrupted"],
    ["odd state", "*", "running"],
    ["terminator state", "success", "partial"],
    ["*", "success", "skipped"],
]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> list[Model]:
    """The models compiled with the user's rules."""
    folder = tmp_path_factory.mktemp("compiled")
    write_base_tables(folder / "base_tables.duckdb")
    return compiled_models(folder / "base_tables.duckdb", {"user_status_outcomes": LINES})


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory, compiled: list[Model]) -> Path:
    statuses = ("Success", "It's {{ done }}", "Odd \\ 'n' \"end\"", "Parked", "Failed")
    tables = tuple(Tree("TABLE", status, status) for status in statuses)
    odd = Tree("TABLE", "odd state", "Success", (), "Odd State")
    nodes = rows(Tree("LOAD_PLAN", "plan", "Success", (*tables, odd)), 1)
    path = tmp_path_factory.mktemp("statuses") / "warehouse.duckdb"
    return built_in_file(compiled, path, History(nodes, []))


def test_the_first_line_wins_and_the_users_come_first(warehouse: Path) -> None:
    """A rule may contain any text; other statuses keep their built-in outcome."""
    assert select(
        warehouse, "select name, outcome from load_analysis.node_outcomes order by node_id"
    ) == [
        ("plan", "partial"),
        ("Success", "partial"),
        ("It's {{ done }}", "success"),
        ("Odd \\ 'n' \"end\"", "interrupted"),
        ("Parked", "unknown"),
        ("Failed", "failure"),
        ("odd state", "running"),
    ]


def test_the_mapping_can_be_read_as_a_table(warehouse: Path) -> None:
    """`status_outcomes` has the user's rules in normalized form, then the built-in ones."""
    lines = select(
        warehouse,
        "select state_type, job_status, outcome from load_analysis_steps.status_outcomes "
        "order by priority",
    )
    assert lines[:6] == [
        ("terminator state", "it's {{ done }}", "success"),
        ("*", "odd \\ 'n' \"end\"", "interrupted"),
        ("odd state", "*", "running"),
        ("terminator state", "success", "partial"),
        ("*", "success", "skipped"),
        ("terminator state", "success", "success"),
    ]
    assert lines[-1] == ("*", "*", "unknown")


STATES = [
    None,
    "",
    "Terminator State",
    " TERMINATOR STATE\t",
    "Load State",
    "odd state",
    "\u00a0x",
    "*",
]
JOBS = [
    *(
        None,
        "",
        "*",
        "Deferred",
        "İn Queue",
        "FAILED\u00a0",
        "\x1fFailed",
        "Kelvin \u212a",
        "In  Queue",
    ),
    *("Success", "Succeeded", "Completed", "Finished", "Finished With Errors"),
    *("Completed with Errors", "Partially Succeeded", "Failed", "Failure", "Error"),
    *("Interrupted", "Canceled", "Cancelled", "Aborted", "Killed", "Stopped", "Terminated"),
    *("Skipped", "Not Started", "Not Run", "Blocked", "Disabled"),
    *("In Queue", "Queued", "Pending", "Waiting", "Running", "In Progress"),
]
SPELLINGS: list[Callable[[str], str]] = [str, str.upper, lambda text: f"\v {text}\r\n"]


def test_python_and_sql_give_the_same_outcome(tmp_path: Path, compiled: list[Model]) -> None:
    """The rule holds for any state, status and spelling; the user's rules come first in both."""
    statuses = {
        (state, job if job is None else spell(job))
        for state, job, spell in product(STATES, JOBS, SPELLINGS)
    }
    tables = tuple(
        Tree("TABLE", f"t{number}", job, (), state)
        for number, (state, job) in enumerate(sorted(statuses, key=repr))
    )
    nodes = rows(Tree("LOAD_PLAN", "plan", "Success", tables), 1)
    path = built_in_file(compiled, tmp_path / "warehouse.duckdb", History(nodes, []))
    from_sql = select(
        path,
        "select state_type, job_status, outcome from load_analysis.node_outcomes order by 1, 2",
    )
    outcomes = StatusOutcomes(LINES)
    for state, job, outcome in from_sql:
        assert isinstance(state, str | None)
        assert isinstance(job, str | None)
        assert outcomes.of(state, job) == outcome
    assert {outcome for *_, outcome in from_sql} == set(STATUS_OUTCOMES)
    assert len(from_sql) == len(tables) + 1

"""What a status means when the user says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from sql.base_rows import History, Tree, rows, select, write_base_tables
from sql.compiled import built_in_file, compiled_models


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    statuses = ("Success", "It's {{ done }}", "Odd \\ 'n' \"end\"", "Parked", "Failed")
    tables = tuple(Tree("TABLE", status, status) for status in statuses)
    odd = Tree("TABLE", "odd state", "Success", (), "Odd State")
    lines = [
        ["Terminator State", " It's {{ done }}\n", "success"],
        ["*", "Odd \\ 'n' \"END\"", "interrupted"],
        ["odd state", "*", "running"],
        ["terminator state", "success", "partial"],
        ["*", "success", "skipped"],
    ]
    folder = tmp_path_factory.mktemp("statuses")
    write_base_tables(folder / "base_tables.duckdb")
    compiled = compiled_models(folder / "base_tables.duckdb", {"user_status_outcomes": lines})
    nodes = rows(Tree("LOAD_PLAN", "plan", "Success", (*tables, odd)), 1)
    return built_in_file(compiled, folder / "warehouse.duckdb", History(nodes, []))


def test_the_first_line_wins_and_the_users_come_first(warehouse: Path) -> None:
    """Any text may stand in a line; what no line names means what it always meant."""
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
    """`status_outcomes` has the user's lines as they are compared, then the built-in ones."""
    lines = select(
        warehouse,
        "select state_type, job_status, outcome from load_analysis.status_outcomes "
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

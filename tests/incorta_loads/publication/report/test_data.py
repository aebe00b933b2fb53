"""The data in the page compared with the warehouse."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from playwright.sync_api import Browser, expect

from incorta_loads.publication.report import grid
from incorta_loads.publication.report.data import report_data
from incorta_loads.publication.report.names import in_page
from support.report_pages import Made, opened_page

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)


def warehouse_of(page: Path) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(page.with_suffix(".duckdb"), read_only=True)


def columns(part: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """The rows of a part stored by column."""
    return [dict(zip(part, values, strict=True)) for values in zip(*part.values(), strict=True)]


@pytest.mark.parametrize("name", ["story", "odd", "large"])
def test_each_character_is_the_outcome_in_the_warehouse(made: Made, name: str) -> None:
    """If a table occurs twice in an execution, the run in error counts."""
    with warehouse_of(made(name)) as warehouse:
        data = report_data(warehouse, AT)
        expected = warehouse.execute(
            """
            SELECT
                nodes.cluster, nodes.tenant, nodes.load_plan, schema_name, table_name, execution_id,
                coalesce(
                    any_value(outcome) FILTER (WHERE is_error), arg_max(outcome, node_id)
                ) AS outcome
            FROM load_analysis.node_outcomes AS nodes WHERE type = 'TABLE' GROUP BY ALL
            """
        ).fetchall()
    assert found(data) == {(*map(in_page, row[:5]), row[5]): row[6] for row in expected}


def found(data: dict[str, Any]) -> dict[tuple[Any, ...], str]:
    """Cluster, tenant, plan, schema, table and execution → outcome, as the page reads it."""
    names, tables = data["names"], columns(data["tables"])
    outcomes = {each["character"]: each["outcome"] for each in data["statuses"]}
    ids = {
        (each["cluster"], each["tenant"], each["load_plan"], each["plan_column"]): each[
            "execution_id"
        ]
        for each in columns(data["executions"])
    }
    cells = {}
    for row in columns(data["grid"]):
        table = tables[row["table"]]
        place = table["cluster"], table["tenant"], row["load_plan"]
        blanks = grid.EXECUTIONS_OF_A_PLAN - len(row["cells"])
        for column, character in enumerate(row["cells"], blanks):
            if character != " ":
                series = (*place, table["schema_name"], table["table_name"])
                key = (*(names[each] for each in series), ids[*place, column])
                cells[key] = outcomes[character]
    return cells


def test_the_latest_executions_are_in_the_grid(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """The latest execution of each plan is in the last column."""
    monkeypatch.setitem(grid._LIMITS, "of_a_plan", 3)
    with warehouse_of(made("story")) as warehouse:
        read = grid.read_grid(warehouse)
        newest = warehouse.execute(
            "SELECT load_plan, max(execution_id, 3) FROM load_analysis.executions GROUP BY ALL"
        ).fetchall()
    for plan, ids in newest:
        of_plan = [each for each in read.executions if each["load_plan"] == plan]
        assert {each["execution_id"] for each in of_plan} == set(ids)
        assert sorted(each["plan_column"] for each in of_plan) == [0, 1, 2]


def test_each_plan_has_its_share_of_the_grid(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """Frequent plans do not displace a plan that runs rarely."""
    monkeypatch.setitem(grid._LIMITS, "of_all", 11)
    with warehouse_of(made("story")) as warehouse:
        read = grid.read_grid(warehouse)
    shares = Counter(each["load_plan"] for each in read.executions)
    assert sorted(shares.values()) == [2, 2, 2, 2, 3]


def test_statuses_beyond_the_alphabet_keep_their_outcome(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the text of such a status is left out."""
    monkeypatch.setattr(grid, "_MOST_STATUSES", 1)
    monkeypatch.setitem(grid._MOST, "statuses", 1)
    with warehouse_of(made("story")) as warehouse:
        read = grid.read_grid(warehouse)
    assert [each["job_status"] for each in read.statuses] == ["Success", *[None] * 8]
    failure = next(each["character"] for each in read.statuses if each["outcome"] == "failure")
    goals = next(row for row in read.rows if row["table_name"] == "Web_Analytics.goals")
    assert goals["cells"].count(failure) == goals["failures"]


def test_the_page_states_what_it_omits(browser: Browser, made: Made) -> None:
    """The note appears if there is more data than the page includes."""
    with opened_page(browser, made("large")) as tab:
        expect(tab.locator("#episodes-note")).to_have_text(
            "Showing 2,000 of 7,722 episodes, ongoing ones first, then the latest."
        )
        tab.fill("[name=table]", "no such table")
        expect(tab.locator("#episode-list")).to_contain_text("among the rows on this page")

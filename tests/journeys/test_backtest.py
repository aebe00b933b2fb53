"""What notifications would have been worth: the command, and when its tables are built."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from journeys.shell import Demo, User
from sql.base_rows import select

SUMMARY = "load_analysis.alert_backtest_summary"


def test_the_command_prints_the_summary(analyzed: User) -> None:
    """Programs get every setting and kind; --setting limits them."""
    rows = analyzed.reads("backtest")
    assert [(row["setting"], row["kind"]) for row in rows] == [
        ("current", "worse"),
        ("current", "broken"),
        ("eager", "worse"),
    ]
    assert rows == analyzed.queries(f"FROM {SUMMARY} ORDER BY setting, kind DESC")
    assert analyzed.reads("backtest", "--setting", "eager") == rows[2:]
    assert "Notifications over this history" in analyzed.runs("backtest").stdout


def test_a_plan_limits_the_tables(analyzed: User) -> None:
    """The messages are those about the tables of the plan."""
    [row] = analyzed.reads("backtest", "--setting", "eager", "--plan", "Sales Daily")
    [expected] = analyzed.queries(
        """
        WITH tables AS (
            SELECT DISTINCT schema_name, table_name
            FROM load_analysis.failure_rates_by_plan_and_table WHERE load_plan = 'Sales Daily'
        )
        SELECT
            (SELECT count(*) FROM tables) AS tables,
            (SELECT count(*) FROM load_analysis.alert_backtest
                JOIN tables USING (schema_name, table_name) WHERE setting = 'eager') AS messages
        """
    )
    assert (row["tables"], row["messages"]) == (expected["tables"], expected["messages"])


def test_an_unknown_setting_is_one_sentence(analyzed: User) -> None:
    """The sentence names the settings."""
    done = analyzed.runs("backtest", "--setting", "nobody", exit_code=2)
    assert done.stderr == (
        "Error: There is no setting 'nobody' of notifications; the settings are: 'current', "
        "'eager'.\n"
    )


@pytest.fixture
def own(user: User, demo: Demo) -> User:
    """A user with a copy of the warehouse, to write into."""
    shutil.copyfile(demo.warehouse, user.warehouse)
    return user


def test_its_tables_are_published_if_they_were_asked_for(own: User, tmp_path: Path) -> None:
    """Otherwise they are computed when they are read, and neither a file nor in the report."""
    published = tmp_path / "published"
    own.runs("publish", str(published))
    assert not (published / "parquet/alert_backtest.parquet").exists()
    assert "analyze --backtest" in (published / "report.html").read_text()
    before = select(published / "incorta_loads.duckdb", f"FROM {SUMMARY} ORDER BY ALL")
    own.runs("analyze", "--backtest")
    own.runs("publish", str(published))
    for mart in ("alert_backtest", "alert_backtest_summary"):
        file = published / f"parquet/{mart}.parquet"
        rows = duckdb.sql(f"FROM '{file}' ORDER BY ALL").fetchall()
        assert rows == select(
            published / "incorta_loads.duckdb", f"FROM load_analysis.{mart} ORDER BY ALL"
        )
    assert before == select(published / "incorta_loads.duckdb", f"FROM {SUMMARY} ORDER BY ALL")
    assert "analyze --backtest" not in (published / "report.html").read_text()

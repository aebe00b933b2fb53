"""Someone on call: what is broken, what got worse, what to fix first, and a scheduler that asks."""

from __future__ import annotations

import pytest

from journeys.shell import User

FINDINGS = {
    "health": "table_health",
    "regressions": "table_regressions",
    "conflicts": "status_conflicts",
    "fix-first": "fix_first",
}
NOW = {
    "health": "behaviour IN ('always_failing', 'broken_since')",
    "regressions": "verdict = 'regressed'",
}


@pytest.mark.parametrize("command", FINDINGS)
def test_a_command_prints_its_mart(analysed: User, command: str) -> None:
    """All rows and columns for programs; for people a table, of which a limit cuts the end."""
    (row,) = analysed.asks(f"SELECT count(*) AS rows FROM load_analysis.{FINDINGS[command]}")
    rows = analysed.reads(command)
    assert len(rows) == row["rows"] > 0
    assert analysed.reads(command, "--limit", "2") == rows[:2]
    assert "No rows" not in analysed.runs(command).stdout


@pytest.mark.parametrize("command", NOW)
def test_a_scheduler_is_told_of_what_is_so_now(analysed: User, command: str) -> None:
    """Exit code 4 and a line on stderr, whatever the limit hides."""
    query = f"SELECT count(*) AS rows FROM load_analysis.{FINDINGS[command]} WHERE {NOW[command]}"
    (row,) = analysed.asks(query)
    done = analysed.runs(command, "--fail-on-any", "--limit", "1", exit_code=4 * (row["rows"] > 0))
    assert f": {row['rows']} (--fail-on-any)" in done.stderr or not row["rows"]


def test_a_scheduler_is_told_nothing_where_nothing_is_wrong(
    analysed: User, request: pytest.FixtureRequest
) -> None:
    """Plan by plan: only those with tables that are broken."""
    broken = {
        row["load_plan"]: row["broken"]
        for row in analysed.asks(
            "SELECT load_plan, count(*) FILTER (WHERE behaviour IN ('always_failing', "
            "'broken_since')) AS broken FROM load_analysis.failure_rates_by_plan_and_table "
            "JOIN load_analysis.table_health USING (cluster, tenant, schema_name, table_name) "
            "GROUP BY load_plan"
        )
    }
    assert min(broken.values()) == 0 < max(broken.values())
    if not request.config.getoption("--full"):
        by_count = sorted(broken, key=lambda plan: broken[plan])
        broken = {plan: broken[plan] for plan in (by_count[0], by_count[-1])}
    for plan, count in broken.items():
        analysed.runs("health", "--plan", plan, "--fail-on-any", exit_code=4 if count else 0)


@pytest.mark.parametrize("command", ["failures", *FINDINGS])
def test_a_plan_that_is_not_there_is_named(analysed: User, command: str) -> None:
    """A misspelt one must not pass for one without failures."""
    done = analysed.runs(command, "--plan", "sales daily", exit_code=2)
    assert done.stderr.startswith("Error: There is no load plan 'sales daily' in the warehouse")
    assert "'Sales Daily'" in done.stderr


def test_failures_of_tables_may_come_by_rank(analysed: User) -> None:
    """That of `table_health`; nothing else has one."""
    by_rank = [row["table_name"] for row in analysed.reads("failures", "--sort", "rank")]
    ranked = analysed.asks(
        "SELECT table_name FROM load_analysis.table_health "
        "ORDER BY worst_rank NULLS LAST, schema_name, table_name"
    )
    assert by_rank == [row["table_name"] for row in ranked]
    done = analysed.runs("failures", "--by", "plan", "--sort", "rank", exit_code=2)
    assert "Only tables have a rank" in done.stderr

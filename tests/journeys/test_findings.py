"""The commands for people on call, and their exit codes for a scheduler."""

from __future__ import annotations

import re

import pytest

from journeys.shell import User
from journeys.terminal import on_a_terminal

FINDINGS = {
    "incidents": "incidents",
    "health": "table_health",
    "regressions": "table_regressions",
    "conflicts": "status_conflicts",
    "fix-first": "fix_first",
}
NOW = {
    "incidents": "is_open",
    "health": "behaviour IN ('always_failing', 'broken_since')",
    "regressions": "verdict = 'regressed'",
}


@pytest.mark.parametrize("command", FINDINGS)
def test_a_command_prints_its_mart(analyzed: User, command: str) -> None:
    """Programs get all rows and columns, people a table that a limit cuts."""
    (row,) = analyzed.queries(f"SELECT count(*) AS rows FROM load_analysis.{FINDINGS[command]}")
    rows = analyzed.reads(command)
    assert len(rows) == row["rows"] > 0
    assert analyzed.reads(command, "--limit", "2") == rows[:2]
    assert "No rows" not in analyzed.runs(command).stdout


@pytest.mark.parametrize("command", NOW)
def test_a_current_finding_gives_4(analyzed: User, command: str) -> None:
    """The exit code is 4, with a line on stderr, even for findings beyond the limit."""
    query = f"SELECT count(*) AS rows FROM load_analysis.{FINDINGS[command]} WHERE {NOW[command]}"
    (row,) = analyzed.queries(query)
    done = analyzed.runs(command, "--fail-on-any", "--limit", "1", exit_code=4 * (row["rows"] > 0))
    assert (
        f": {row['rows']}; exit code 4 because of --fail-on-any" in done.stderr or not row["rows"]
    )


def test_without_a_finding_the_exit_code_is_0(
    analyzed: User, request: pytest.FixtureRequest
) -> None:
    """With `--plan`, the exit code is 4 only for plans with a broken table."""
    broken = {
        row["load_plan"]: row["broken"]
        for row in analyzed.queries(
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
        analyzed.runs("health", "--plan", plan, "--fail-on-any", exit_code=4 if count else 0)


@pytest.mark.parametrize("command", ["failures", *FINDINGS])
def test_an_unknown_plan_is_an_error(analyzed: User, command: str) -> None:
    """A misspelled plan must not look like one without failures."""
    done = analyzed.runs(command, "--plan", "sales daily", exit_code=2)
    assert done.stderr.startswith("Error: There is no load plan 'sales daily' in the warehouse")
    assert "'Sales Daily'" in done.stderr


def test_failures_of_tables_may_be_sorted_by_rank(analyzed: User) -> None:
    """The rank is that of `table_health`; only tables have one."""
    by_rank = [row["table_name"] for row in analyzed.reads("failures", "--sort", "rank")]
    ranked = analyzed.queries(
        "SELECT table_name FROM load_analysis.table_health "
        "ORDER BY worst_rank NULLS LAST, schema_name, table_name"
    )
    assert by_rank == [row["table_name"] for row in ranked]
    done = analyzed.runs("failures", "--by", "plan", "--sort", "rank", exit_code=2)
    assert "Only tables have a rank" in done.stderr


def test_executions_come_newest_first(analyzed: User) -> None:
    """`--plan` shows those of one plan."""
    query = (
        "FROM load_analysis.executions WHERE load_plan = 'Sales Daily' ORDER BY execution_id DESC"
    )
    expected = analyzed.queries(f"SELECT execution_id {query}")
    found = analyzed.reads("executions", "--plan", "Sales Daily")
    assert [{"execution_id": row["execution_id"]} for row in found] == expected
    text = analyzed.runs("executions", "--limit", "3").stdout
    assert re.search(r"\n +136 .* \d+ of \d+", text)
    assert text.endswith("3 of 130 rows; --all for the rest.\n")


@pytest.mark.parametrize("command", ["failures", *FINDINGS])
def test_a_terminal_shows_at_most_20_notable_rows(analyzed: User, command: str) -> None:
    """The last line says how many there are; `--all` shows the others, and `--limit` fewer."""
    total = len(analyzed.reads(command))
    _, *lines = shown(analyzed, command)
    rest = re.fullmatch(rf"(\d+) of {total:,} rows?; --all for the rest\.", lines[-1])
    number = int(rest[1]) if rest else total
    assert number <= 20
    assert not re.search(r" (healthy|gone|unchanged|insufficient_data)\b", "\n".join(lines))
    everything = shown(analyzed, command, "--all")
    assert not everything[-1].endswith("rest.")
    assert len(everything) >= total
    limited = shown(analyzed, command, "--limit", "1")
    assert (limited[-1] == f"{min(number, 1)} of {total:,} rows; --all for the rest.") is (
        total > min(number, 1)
    )
    assert not re.search(r" (healthy|gone|unchanged|insufficient_data)\b", "\n".join(limited))


def shown(user: User, *arguments: str) -> list[str]:
    """The lines that a terminal shows, without styles."""
    exit_code, output = on_a_terminal(user, *arguments, NO_COLOR="1")
    assert exit_code == 0
    return re.sub(r"\x1b\[[\d;]*m", "", output).splitlines()


def test_causes_that_are_over_or_never_worked_are_on_a_shelf(analyzed: User) -> None:
    """A table of them has `--all`, in a pipe too; CSV and JSON have all."""
    causes = analyzed.reads("fix-first")
    notable = [row for row in causes if row["is_failing"] and row["behaviour"] != "always_failing"]
    assert 0 < len(notable) < len(causes)
    text = analyzed.runs("fix-first").stdout
    assert text.endswith(f"{len(notable)} of {len(causes)} rows; --all for the rest.\n")
    assert "always_failing" not in text
    assert "always_failing" in analyzed.runs("fix-first", "--all").stdout


def test_a_limit_that_no_table_can_have_is_refused(analyzed: User) -> None:
    """DuckDB has none as high."""
    for command in (("health",), ("sql", "SELECT 1")):
        done = analyzed.runs(*command, "--limit", "99999999999999999999", exit_code=2)
        assert "'--limit'" in done.stderr


def test_an_incident_has_its_tables(analyzed: User) -> None:
    """An id that is no incident is an error."""
    found = analyzed.reads("incidents")
    assert analyzed.reads("incidents", "--open") == [row for row in found if row["is_open"]]
    incident = str(found[0]["execution_id"])
    tables = analyzed.reads("incidents", incident)
    assert len({(row["schema_name"], row["table_name"]) for row in tables}) == found[0]["tables"]
    assert f"Tables of incident {incident}" in analyzed.runs("incidents", incident).stdout
    assert analyzed.reads("incidents", incident, "--limit", "1") == tables[:1]
    still_open = [row for row in tables if row["is_open"]]
    assert analyzed.reads("incidents", incident, "--open") == still_open
    done = analyzed.runs("incidents", "999999", exit_code=1)
    assert done.stderr == (
        "Error: There is no incident 999999; incorta-loads incidents lists them.\n"
    )

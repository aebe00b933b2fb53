"""How long it takes: `durations` on a cluster whose executions were looked at while they ran."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from journeys.shell import COMMAND, User
from sql.base_rows import built
from sql.looked_at import EXECUTIONS, looked_at


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("looked-at") / "warehouse.duckdb", *looked_at().history)


def runs(warehouse: Path, *arguments: str, command: str = "durations", exit_code: int = 0) -> str:
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    environment["DESTINATION__DUCKDB__CREDENTIALS"] = str(warehouse)
    done = subprocess.run(
        [COMMAND, command, *arguments],
        env=environment,
        cwd=warehouse.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == exit_code, done.stderr
    return done.stdout + done.stderr


def rows(warehouse: Path, *arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(runs(warehouse, *arguments, "--format", "json"))
    return found


def test_a_duration_is_an_interval(warehouse: Path) -> None:
    """The last line says of how many executions it is known."""
    heading, *lines, known, counted = runs(warehouse).splitlines()[1:]
    assert heading.split()[:2] == ["plan", "runs"]
    assert [line.split()[0] for line in lines] == ["Slow", "Fast"]
    assert all("–" in line and line.endswith("slower") for line in lines)
    assert known == f"Durations are known of {EXECUTIONS} of {EXECUTIONS} executions."
    assert counted == "Runs that failed and restarts of a part of a plan are not counted."


def test_the_number_of_known_durations_is_that_of_the_chosen_rows(warehouse: Path) -> None:
    """Of a plan, or of the runs of a table."""
    slow = json.loads(history(warehouse, "Slow", "--format", "json"))[0]["rates"]["runs"]
    printed = runs(warehouse, "--plan", "Slow")
    assert f"Durations are known of {slow} of {slow} executions." in printed
    printed = runs(warehouse, "--by", "table", "--table", "d")
    assert f"Durations are known of {slow} of {slow} runs." in printed


def test_an_analysis_of_an_older_version_is_named_so(warehouse: Path, tmp_path: Path) -> None:
    """It lacks the marts of durations."""
    copy = tmp_path / "older.duckdb"
    shutil.copy(warehouse, copy)
    with duckdb.connect(copy) as connection:
        connection.execute("DROP TABLE load_analysis.plan_durations")
    assert "was made by another version; run incorta-loads analyze first" in (
        runs(copy, exit_code=1)
    )


def test_csv_has_both_ends_in_seconds(warehouse: Path) -> None:
    """As the marts have them."""
    printed = runs(warehouse, "--format", "csv")
    for row in csv.DictReader(io.StringIO(printed)):
        assert 0 <= float(row["median_shortest_seconds"]) < float(row["median_longest_seconds"])


def test_tables_of_a_plan_have_their_share(warehouse: Path) -> None:
    """The longest comes first; plans have no tables."""
    found = rows(warehouse, "--by", "table", "--plan", "Slow")
    assert {row["table_name"] for row in found} == {"a", "d"}
    medians = [row["median_longest_seconds"] for row in found]
    assert medians == sorted(medians, reverse=True)
    assert all(0 < row["share_of_plan"] < 1 for row in found)
    assert "use --by table" in runs(warehouse, "--table", "a", exit_code=2)


def test_what_became_slower_comes_first(warehouse: Path) -> None:
    """Sorted so, and with an exit code for schedulers."""
    verdicts = [row["verdict"] for row in rows(warehouse, "--by", "table", "--sort", "slower")]
    order = ["slower", "cannot_tell", "as_before", "insufficient_data"]
    assert verdicts == sorted(verdicts, key=order.index)
    assert "plans whose last run was slower: 2" in runs(warehouse, "--fail-on-any", exit_code=4)


def test_history_that_was_seen_once_says_what_to_do(analyzed: User) -> None:
    """There are no times, and no guess."""
    printed = analyzed.runs("durations").stdout
    assert "No rows." in printed
    assert "Durations are known of 0 of 130 executions" in printed
    assert printed.endswith("run incorta-loads run on a schedule.\n")


def test_days_are_those_of_the_time_zone(warehouse: Path, user: User) -> None:
    """A mistyped one is refused before anything is built."""
    shutil.copy(warehouse, user.warehouse)
    user.settings["SOURCES__INCORTA__MODELS__TIME_ZONE"] = "Pacific/Auckland"
    user.runs("analyze")
    days = user.queries(
        "SELECT day, sum(executions) AS executions FROM load_analysis.failures_by_day "
        "WHERE day IS NOT NULL GROUP BY ALL ORDER BY ALL"
    )
    assert days == user.queries(
        "SELECT CAST(ended_by AT TIME ZONE 'Pacific/Auckland' AS DATE) AS day, "
        "count(*) AS executions FROM load_analysis.execution_times "
        "WHERE CAST(ended_by AT TIME ZONE 'Pacific/Auckland' AS DATE) "
        "= CAST(ended_after AT TIME ZONE 'Pacific/Auckland' AS DATE) GROUP BY ALL ORDER BY ALL"
    )
    user.settings["SOURCES__INCORTA__MODELS__TIME_ZONE"] = "Berlin"
    assert "time_zone under [sources.incorta.models] is 'Berlin', which is no name" in (
        user.runs("analyze", exit_code=2).stderr
    )


def test_a_run_says_once_which_plans_became_slower(warehouse: Path, user: User) -> None:
    """In its summary, as receivers of notifications are told."""
    shutil.copy(warehouse, user.warehouse)
    first, second = (user.runs("run").stdout for _ in range(2))
    told = [line for line in first.splitlines() if "was slower than 90 % of its runs" in line]
    assert "Slower since the last run: 2\n" in first
    assert [line.split()[0] for line in told] == ["Fast", "Slow"]
    assert "Slower" not in second


def history(warehouse: Path, *arguments: str, exit_code: int = 0) -> str:
    return runs(warehouse, *arguments, command="history", exit_code=exit_code)


def test_the_history_of_a_plan_has_a_line_for_each_run(warehouse: Path) -> None:
    """Newest first, with when it ended and how long it took; above are rates and a strip."""
    above, _, below = history(warehouse, "Slow", "--limit", "3").partition("\n\n")
    assert [line.split("  ")[0] for line in above.splitlines()[:2]] == ["Slow", "Error rate"]
    assert "Duration" in above
    assert "Last runs" in above
    [card] = json.loads(history(warehouse, "Slow", "--limit", "3", "--format", "json"))
    heading, *lines, last = below.splitlines()
    assert heading.split("  ")[-1] == "tables in error"
    assert [line.split()[0] for line in lines] == [str(row["execution_id"]) for row in card["runs"]]
    assert all("–" in line and " min " in line for line in lines)
    assert last == "Durations are known of 3 of 3 runs."


def test_the_history_of_a_table_is_its_card(warehouse: Path) -> None:
    """Under both names, with its durations and the plan of each run."""
    printed = history(warehouse, "s.d", "--limit", "4")
    assert printed == runs(warehouse, "s.d", "--limit", "4", command="table")
    assert "Duration      Slow: " in printed
    _, _, below = printed.partition("\n\n")
    assert [line.split()[-1] for line in below.splitlines()[:-1]] == ["plan", *4 * ["Slow"]]


def test_the_history_as_csv_has_both_ends_of_each_time(warehouse: Path) -> None:
    """In ISO 8601 and in seconds, as many runs as were asked for."""
    printed = history(warehouse, "Fast", "--limit", "9", "--format", "csv")
    found = list(csv.DictReader(io.StringIO(printed)))
    assert len(found) == 9
    for row in found:
        ended = [datetime.fromisoformat(row[name]) for name in ("ended_after", "ended_by")]
        assert ended == sorted(ended)
        assert float(row["shortest_seconds"]) < float(row["longest_seconds"])


def test_a_history_without_times_says_what_to_do(analyzed: User) -> None:
    """It has no columns of times."""
    lines = analyzed.runs("history", "Sales Daily", "--limit", "2").stdout.splitlines()
    assert lines[-5].split() == ["execution", "outcome", "tables", "in", "error"]
    assert lines[-2] == "Durations are known of 0 of 2 runs."


def test_a_history_of_nothing_names_the_closest(warehouse: Path) -> None:
    """Of load plans and tables."""
    assert "no load plan or table 'Fats' in the warehouse; its load plans and tables are" in (
        history(warehouse, "Fats", exit_code=2)
    )

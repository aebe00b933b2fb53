"""Every command explains itself, starts fast, and prints what programs can read."""

from __future__ import annotations

import csv
import io
import json
import subprocess

import pytest

from journeys.shell import CHECKOUT, COMMAND, User


def test_the_page_of_all_tables_is_not_stale(analysed: User) -> None:
    """`make tables` writes it anew."""
    script = [COMMAND.with_name("python"), CHECKOUT / "docs/tables.py", analysed.warehouse]
    done = subprocess.run(script, capture_output=True, text=True, check=True)
    assert done.stdout == (CHECKOUT / "docs/tables.md").read_text()


MODULES = """
import sys
from incorta_loads.__main__ import main
modules = set(sys.argv.pop().split(","))
try:
    main()
finally:
    print(sorted(modules & set(sys.modules)), file=sys.stderr)
"""
HEAVY = ["dlt", "dbt", "pandas", "numpy", "pyarrow", "requests"]
READING = [
    ["failures"],
    ["failures", "--plan", "Nightly Finance"],
    ["health"],
    ["regressions"],
    ["conflicts"],
    ["fix-first"],
    ["coverage"],
    ["show", "1"],
    ["sql", "FROM load_analysis.table_health"],
]


@pytest.mark.parametrize(
    ("command", "modules"),
    [
        (["--help"], [*HEAVY, "duckdb", "msgspec", "yaml"]),
        *((command, HEAVY) for command in READING),
        (["show", "1", "--format", "json"], ["dlt", "dbt", "pandas", "requests"]),
        (["analyze"], ["dlt", "dbt", "pandas"]),
    ],
    ids=" ".join,
)
def test_a_command_imports_only_what_it_uses(
    analysed: User, command: list[str], modules: list[str]
) -> None:
    """Each of these takes as long to import as DuckDB takes to answer."""
    python = (COMMAND.with_name("python"), "-c", MODULES)
    done = analysed.runs(*command, ",".join(modules), program=python, exit_code=None)
    assert done.stderr.splitlines()[-1] == "[]"


def test_formats_agree(analysed: User) -> None:
    """CSV and JSON have the same rows and all columns of the mart."""
    rows = analysed.reads("failures", "--by", "schema")
    printed = analysed.runs("failures", "--by", "schema", "--format", "csv").stdout
    from_csv = list(csv.DictReader(io.StringIO(printed)))
    assert [list(row) for row in from_csv] == [list(row) for row in rows]
    assert [row["schema_name"] for row in from_csv] == [row["schema_name"] for row in rows]
    assert [float(row["error_rate"]) for row in from_csv] == [row["error_rate"] for row in rows]


def test_failures_are_sorted_by_the_lower_end_of_the_interval(analysed: User) -> None:
    """Worst first, so that one error in one run does not lead."""
    lows = [row["error_rate_low"] for row in analysed.reads("failures")]
    assert lows == sorted(lows, reverse=True)
    assert lows[0] > 0


def test_failures_of_one_plan_are_counted_within_it(analysed: User) -> None:
    """`--plan` takes the marts by plan; `--limit` cuts, `--recent` leaves the rest aside."""
    rows = analysed.reads("failures", "--by", "table", "--plan", "Sales Daily", "--limit", "3")
    assert len(rows) == 3
    assert {row["load_plan"] for row in rows} == {"Sales Daily"}


def test_in_a_pipe_each_row_of_a_table_is_one_line(analysed: User) -> None:
    """Below a title and the names of the columns."""
    for by in ("plan", "group", "schema", "table"):
        lines = analysed.runs("failures", "--by", by).stdout.splitlines()
        assert len(lines) == 2 + len(analysed.reads("failures", "--by", by))


def test_sql_prints_all_nodes_into_a_pipe(analysed: User) -> None:
    """22,257 of 19 columns; each is one line. Only a hang takes a minute."""
    query = "FROM load_status.nodes, range(10) LIMIT 22257"
    done = subprocess.run(
        [COMMAND, "sql", query],
        cwd=analysed.home,
        env=analysed.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    heading, *lines = done.stdout.splitlines()
    assert len(lines) == 22_257
    assert len(heading.split()) >= 19
    assert len({line[: heading.index("tenant")] for line in lines}) == 1


def test_sql_reads_and_nothing_else(analysed: User) -> None:
    """One SELECT; whatever writes, leaves the file, or changes settings is refused."""
    before = analysed.warehouse.read_bytes()
    rows = analysed.reads("sql", "SELECT 1 AS one, NULL AS nothing")
    assert rows == [{"one": 1, "nothing": None}]
    for query in (
        "DELETE FROM load_status.nodes",
        "COPY load_status.nodes TO 'stolen.csv'",
        "SELECT * FROM read_text('/etc/passwd')",
    ):
        done = analysed.runs("sql", query, exit_code=2)
        assert done.stderr.startswith("Error: ")
        assert "Traceback" not in done.stderr
    assert analysed.warehouse.read_bytes() == before
    assert sorted(path.name for path in analysed.home.glob("*.csv")) == []


def test_simulate_runs_a_command_against_itself(user: User) -> None:
    """The command finds its settings in the environment, and its exit code is the result."""
    user.settings.clear()
    done = user.runs("simulate", "--executions", "5", "--", str(COMMAND), "ingest")
    assert "5 loaded" in done.stderr
    user.runs("simulate", "--", "sh", "-c", "exit 7", exit_code=7)


def test_simulate_tells_the_truth_about_its_story(user: User) -> None:
    """What is made to fail can be asked for."""
    truth = json.loads(user.runs("simulate", "--truth").stdout)
    assert {"BrokenSince", "Flaky", "Outage"} <= {element["kind"] for element in truth}


def test_debug_shows_the_traceback_and_never_the_token(user: User) -> None:
    """`--debug` works before and after the command; secrets stay out of it."""
    user.settings["SOURCES__INCORTA__TENANT"] = "nobody"
    for arguments in (["--debug", "ingest"], ["ingest", "--debug"]):
        done = user.runs(*arguments, exit_code=2)
        assert "Traceback (most recent call last)" in done.stderr
        assert user.settings["SOURCES__INCORTA__TOKEN"] not in done.stderr + done.stdout

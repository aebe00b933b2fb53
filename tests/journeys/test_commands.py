"""Every command has a help text, starts fast, and prints machine-readable output."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from pathlib import Path

import pytest

from journeys.shell import CHECKOUT, COMMAND, User


def test_the_page_of_all_tables_is_current(analyzed: User) -> None:
    """`make tables` rewrites it."""
    script = [COMMAND.with_name("python"), CHECKOUT / "docs/tables.py", analyzed.warehouse]
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
    analyzed: User, command: list[str], modules: list[str]
) -> None:
    """Each of these modules takes as long to import as DuckDB takes for a query."""
    python = (COMMAND.with_name("python"), "-c", MODULES)
    done = analyzed.runs(*command, ",".join(modules), program=python, exit_code=None)
    assert done.stderr.splitlines()[-1] == "[]"


def test_formats_agree(analyzed: User) -> None:
    """CSV and JSON have the same rows and all columns of the mart."""
    rows = analyzed.reads("failures", "--by", "schema")
    printed = analyzed.runs("failures", "--by", "schema", "--format", "csv").stdout
    from_csv = list(csv.DictReader(io.StringIO(printed)))
    assert [list(row) for row in from_csv] == [list(row) for row in rows]
    assert [row["schema_name"] for row in from_csv] == [row["schema_name"] for row in rows]
    assert [float(row["error_rate"]) for row in from_csv] == [row["error_rate"] for row in rows]


def test_failures_are_sorted_by_the_lower_end_of_the_interval(analyzed: User) -> None:
    """The worst table comes first, and one error in one run does not lead."""
    lows = [row["error_rate_low"] for row in analyzed.reads("failures")]
    assert lows == sorted(lows, reverse=True)
    assert lows[0] > 0


def test_failures_of_one_plan_are_counted_within_it(analyzed: User) -> None:
    """`--plan` uses the marts by plan, `--limit` cuts, and `--recent` ignores older runs."""
    rows = analyzed.reads("failures", "--by", "table", "--plan", "Sales Daily", "--limit", "3")
    assert len(rows) == 3
    assert {row["load_plan"] for row in rows} == {"Sales Daily"}


def test_in_a_pipe_each_row_of_a_table_is_one_line(analyzed: User) -> None:
    """The rows follow a title and a heading."""
    for by in ("plan", "group", "schema", "table"):
        lines = analyzed.runs("failures", "--by", by).stdout.splitlines()
        assert len(lines) == 2 + len(analyzed.reads("failures", "--by", by))


def test_sql_prints_all_nodes_into_a_pipe(analyzed: User) -> None:
    """The output has 22,257 lines of 19 columns; only a hang takes a minute."""
    query = "FROM load_status.nodes, range(10) LIMIT 22257"
    done = subprocess.run(
        [COMMAND, "sql", "--limit", "0", query],
        cwd=analyzed.home,
        env=analyzed.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    heading, *lines = done.stdout.splitlines()
    assert len(lines) == 22_257
    assert len(heading.split()) >= 19
    assert len({line[: heading.index("tenant")] for line in lines}) == 1


def test_sql_prints_40_rows_and_how_many_there_are(analyzed: User) -> None:
    """CSV and JSON have all rows unless a limit is given."""
    query = "FROM range(22257)"
    *lines, rest = analyzed.runs("sql", query).stdout.splitlines()
    assert (len(lines), rest) == (41, "40 of 22,257 rows; --limit 0 for all.")
    assert analyzed.runs("sql", query, "--limit", "2").stdout.splitlines()[1:] == [
        *("    0", "    1", "2 of 22,257 rows; --limit 0 for all."),
    ]
    assert len(analyzed.reads("sql", query)) == 22_257
    assert len(analyzed.reads("sql", query, "--limit", "3")) == 3


def test_sql_reads_its_statement_from_a_file_or_standard_input(
    analyzed: User, tmp_path: Path
) -> None:
    """A statement is given once; names need no schema."""
    file = tmp_path / "query.sql"
    file.write_text("SELECT count(*) AS executions FROM executions SEMI JOIN nodes USING (cluster)")
    expected = analyzed.queries("SELECT count(*) AS executions FROM load_analysis.executions")
    assert analyzed.reads("sql", "--file", str(file)) == expected
    done = subprocess.run(
        [COMMAND, "sql", "-", "--format", "json"],
        cwd=analyzed.home,
        env=analyzed.environment,
        input=file.read_text(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == expected
    for arguments in ([], ["SELECT 1", "--file", str(file)], ["--file", str(tmp_path)]):
        done = analyzed.runs("sql", *arguments, exit_code=2)
        assert len(done.stderr.splitlines()) == 1


def test_sql_only_reads(analyzed: User) -> None:
    """One SELECT is run; statements that write, read other files or change settings are refused."""
    before = analyzed.warehouse.read_bytes()
    rows = analyzed.reads("sql", "SELECT 1 AS one, NULL AS nothing")
    assert rows == [{"one": 1, "nothing": None}]
    for query in (
        "DELETE FROM load_status.nodes",
        "COPY load_status.nodes TO 'stolen.csv'",
        "SELECT * FROM read_text('/etc/passwd')",
    ):
        done = analyzed.runs("sql", query, exit_code=2)
        assert done.stderr.startswith("Error: ")
        assert "Traceback" not in done.stderr
    assert analyzed.warehouse.read_bytes() == before
    assert sorted(path.name for path in analyzed.home.glob("*.csv")) == []


def test_simulate_runs_a_command_against_itself(user: User) -> None:
    """The command gets its settings from the environment, and its exit code is the result."""
    user.settings.clear()
    done = user.runs("simulate", "--executions", "5", "--", str(COMMAND), "ingest")
    assert "5 loaded" in done.stderr
    user.runs("simulate", "--", "sh", "-c", "exit 7", exit_code=7)


def test_simulate_lists_the_failures_it_plans(user: User) -> None:
    """`simulate` can print the list of planned failures."""
    truth = json.loads(user.runs("simulate", "--truth").stdout)
    assert {"BrokenSince", "Flaky", "Outage"} <= {element["kind"] for element in truth}


def test_debug_shows_the_traceback_and_never_the_token(user: User) -> None:
    """`--debug` works before and after the command, and secrets are redacted."""
    user.settings["SOURCES__INCORTA__TENANT"] = "nobody"
    for arguments in (["--debug", "ingest"], ["ingest", "--debug"]):
        done = user.runs(*arguments, exit_code=2)
        assert "Traceback (most recent call last)" in done.stderr
        assert user.settings["SOURCES__INCORTA__TOKEN"] not in done.stderr + done.stdout

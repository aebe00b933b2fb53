"""Rules for the one statement a user may run with `incorta-loads sql`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from incorta_loads.analysis.ad_hoc import one_statement
from incorta_loads.analysis.rows import Rows
from incorta_loads.base_tables import NODES
from incorta_loads.errors import ConfigurationError
from incorta_loads.warehouse.opening import open_for_reading

AT = datetime(2026, 11, 23, 21, 43, 45, tzinfo=UTC)

Connection = duckdb.DuckDBPyConnection


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A warehouse with one small table."""
    path = tmp_path / "loads.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute(
            "CREATE SCHEMA load_status; CREATE SEQUENCE load_status.ids; "
            "CREATE TABLE load_status.nodes AS "
            "SELECT * FROM (VALUES (1, 'a'), (2, NULL)) AS rows(execution_id, name)"
        )
    return path


@pytest.fixture
def reading(path: Path) -> Iterator[Connection]:
    """The read-only connection of `incorta-loads sql`."""
    with open_for_reading(path, 0) as connection:
        yield connection


NODES_ROWS = [{"execution_id": 1, "name": "a"}, {"execution_id": 2, "name": None}]


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("SELECT * FROM load_status.nodes ORDER BY ALL", NODES_ROWS),
        ("FROM load_status.nodes ORDER BY execution_id", NODES_ROWS),
        ("TABLE load_status.nodes", NODES_ROWS),
        ("-- all of it\n/* ; */ SELECT * FROM load_status.nodes; ", NODES_ROWS),
        ("(SELECT 1 AS a) UNION ALL (SELECT 2) ORDER BY a", [{"a": 1}, {"a": 2}]),
        ("VALUES (1, NULL)", [{"col0": 1, "col1": None}]),
        ("WITH n AS (FROM load_status.nodes) SELECT count(*) AS n FROM n", [{"n": 2}]),
        ("SELECT ';' AS a", [{"a": ";"}]),
        ("SELECT 1 AS a WHERE false", []),
        ("SHOW DATABASES", [{"database_name": "loads"}]),
        ("SELECT fetched FROM (SELECT TIMESTAMPTZ '2026-11-23 22:43:45+01' AS fetched)",
         [{"fetched": AT}]),
    ],
)  # fmt: skip
def test_reading_statements_are_run(
    reading: Connection, query: str, rows: list[dict[str, Any]]
) -> None:
    """The rows are returned unchanged, with times in UTC."""
    assert one_statement(reading, query) == (Rows([*rows[0]] if rows else ["a"], rows), len(rows))


@pytest.mark.parametrize(
    ("query", "column", "first"),
    [
        ("DESCRIBE load_status.nodes", "column_name", "execution_id"),
        ("DESCRIBE SELECT 1 AS a", "column_name", "a"),
        ("SHOW load_status.nodes", "column_name", "execution_id"),
        ("SHOW ALL TABLES", "name", "nodes"),
        ("SUMMARIZE load_status.nodes", "max", "2"),
        ("EXPLAIN SELECT 1", "explain_key", "physical_plan"),
        ("EXPLAIN ANALYZE SELECT 1", "explain_key", "analyzed_plan"),
        ("PRAGMA table_info('load_status.nodes')", "name", "execution_id"),
    ],
)
def test_statements_about_tables_are_run(
    reading: Connection, query: str, column: str, first: object
) -> None:
    """Statements that explore the warehouse, such as SHOW and DESCRIBE, are allowed."""
    assert one_statement(reading, query)[0].rows[0][column] == first


def test_columns_of_the_same_name_keep_their_values(reading: Connection) -> None:
    """Duplicate names are numbered as in a DuckDB subquery, skipping numbers in use."""
    found, _ = one_statement(reading, "SELECT 1 AS a, 2 AS a, 3 AS a, 4 AS a_1, 5 AS b")
    assert found == Rows(
        ["a", "a_1", "a_2", "a_1_1", "b"], [{"a": 1, "a_1": 2, "a_2": 3, "a_1_1": 4, "b": 5}]
    )
    same = "SELECT * FROM (SELECT 1 AS a, 2 AS a, 3 AS a, 4 AS a_1, 5 AS b)"
    assert one_statement(reading, same)[0] == found


def test_thousands_of_columns_of_the_same_name_are_numbered(reading: Connection) -> None:
    """Numbering does not try all previous numbers, which would take 12,500,000 steps."""
    found, _ = one_statement(reading, f"SELECT {', '.join(['1 AS a'] * 5_000)}")
    assert found.names[-1] == "a_4999"


MERGE = """
MERGE INTO load_status.nodes USING (SELECT 1 AS execution_id) AS s USING (execution_id)
WHEN MATCHED THEN DELETE
"""
WRONG_COLUMN = (
    'Binder Error: Referenced column "nam" not found in FROM clause! Candidate bindings: "name"'
)
ONLY_READS = "`sql` only reads, but the statement is {}; nothing was run. Use SELECT."
ONE = "`sql` takes one statement, not {}; nothing was run."


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("INSERT INTO load_status.nodes VALUES (3, 'c')", "INSERT"),
        ("UPDATE load_status.nodes SET name = 'x'", "UPDATE"),
        ("DELETE FROM load_status.nodes", "DELETE"),
        ("TRUNCATE load_status.nodes", "DELETE"),
        (MERGE, "MERGE_INTO"),
        ("WITH a AS (SELECT 1) INSERT INTO load_status.nodes SELECT 1, 'x' FROM a", "INSERT"),
        ("CREATE TABLE t AS SELECT 1", "CREATE"),
        ("CREATE TEMP TABLE t AS SELECT 1", "CREATE"),
        ("CREATE OR REPLACE VIEW load_status.v AS SELECT 1", "CREATE"),
        ("ALTER TABLE load_status.nodes RENAME TO n", "ALTER"),
        ("COMMENT ON TABLE load_status.nodes IS 'x'", "ALTER"),
        ("DROP TABLE load_status.nodes", "DROP"),
        ("COPY load_status.nodes TO 'stolen.csv'", "COPY"),
        ("COPY (SELECT 1) TO 'stolen.csv'", "COPY"),
        ("COPY load_status.nodes FROM '/etc/passwd'", "COPY"),
        ("EXPORT DATABASE 'stolen'", "EXPORT"),
        ("ATTACH 'other.duckdb'", "ATTACH"),
        ("ATTACH ':memory:' AS m", "ATTACH"),
        ("DETACH loads", "DETACH"),
        ("USE memory", "SET"),
        ("INSTALL httpfs", "LOAD"),
        ("LOAD httpfs", "LOAD"),
        ("SET threads = 1", "SET"),
        ("SET enable_external_access = true", "SET"),
        ("SET VARIABLE a = 1", "SET"),
        ("RESET threads", "SET"),
        ("PRAGMA threads = 2", "SET"),
        ("PRAGMA enable_profiling", "PRAGMA"),
        ("CALL pragma_version()", "CALL"),
        ("CHECKPOINT", "CALL"),
        ("VACUUM", "VACUUM"),
        ("ANALYZE", "VACUUM"),
        ("BEGIN", "TRANSACTION"),
        ("PREPARE a AS SELECT 1", "PREPARE"),
    ],
)  # fmt: skip
def test_other_statements_are_refused_before_they_run(
    reading: Connection, path: Path, query: str, kind: str
) -> None:
    """Statements that write, leave the file or change settings are refused; the error names their
    kind."""
    refused_without_effect(reading, path, query, ONLY_READS.format(kind))


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", ONE.format(0)),
        (" \n", ONE.format(0)),
        (";", ONE.format(0)),
        ("-- SELECT 1", ONE.format(0)),
        ("SELECT 1; SELECT 2", ONE.format(2)),
        ("SELECT 1; DROP TABLE load_status.nodes", ONE.format(2)),
        ("SELECT 1;; DELETE FROM load_status.nodes; SELECT 3", ONE.format(3)),
    ],
)
def test_anything_but_one_statement_is_refused(
    reading: Connection, path: Path, query: str, message: str
) -> None:
    """If there is no statement, or more than one, nothing is run."""
    refused_without_effect(reading, path, query, message)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("SELEC 1", 'Parser Error: syntax error at or near "SELEC"'),
        ("SELECT nam FROM load_status.nodes", WRONG_COLUMN),
        ("SELECT error('boom')", "Invalid Input Error: boom"),
        ("SELECT sum('x'::INTEGER)",
         "Conversion Error: Could not convert string 'x' to INT32"),
        ("SELECT * FROM query('DELETE FROM load_status.nodes')",
         "Parser Error: Expected a single SELECT statement"),
    ],
)  # fmt: skip
def test_an_error_of_duckdb_is_reported_in_its_words(
    reading: Connection, path: Path, query: str, reason: str
) -> None:
    """The message is one line, without DuckDB's marker of the position."""
    refused_without_effect(reading, path, query, f"DuckDB rejected the statement: {reason}")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_blob('/etc/passwd')",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_json('/etc/passwd')",
        "SELECT * FROM read_parquet('/etc/passwd')",
        "SELECT * FROM sniff_csv('/etc/passwd')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM read_duckdb('/tmp/other.duckdb')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM '/etc/x.csv'",
        "SELECT * FROM query('FROM read_text(''/etc/passwd'')')",
        "SELECT getenv('HOME')",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO 'stolen.csv'",
        "EXPLAIN ANALYZE INSERT INTO load_status.nodes VALUES (3, 'c')",
        "SELECT nextval('load_status.ids')",
        "SELECT * FROM frame",
    ],
)
def test_reading_statements_stay_in_the_warehouse(
    reading: Connection, path: Path, query: str
) -> None:
    """Files, the environment, sequences and the program's variables are out of reach."""
    frame = NODES.empty_table()
    assert frame.num_rows == 0
    refused_without_effect(reading, path, query, "DuckDB rejected the statement: ")


def refused_without_effect(connection: Connection, path: Path, query: str, message: str) -> None:
    """Checks that the query is refused with a one-line message and changes nothing."""
    before = path.read_bytes()
    settings = "SELECT * FROM duckdb_settings() WHERE name NOT LIKE '%memory%' ORDER BY ALL"
    settings_before = connection.execute(settings).fetchall()
    with pytest.raises(ConfigurationError) as raised:
        one_statement(connection, query)
    assert str(raised.value).startswith(message)
    if not message.endswith(": "):
        assert str(raised.value) == message
    assert "\n" not in str(raised.value)
    assert connection.execute(settings).fetchall() == settings_before
    assert one_statement(connection, "FROM load_status.nodes")[0].rows == NODES_ROWS
    assert path.read_bytes() == before
    assert sorted(each.name for each in path.parent.iterdir()) == [
        "loads.duckdb",
        "loads.duckdb.lock",
    ]

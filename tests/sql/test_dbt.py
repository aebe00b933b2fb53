"""The program's own build gives the same result as dbt."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from incorta_loads.analysis import compiled
from incorta_loads.analysis.compiled import DataTest, compiled_project
from incorta_loads.analysis.dbt import run_dbt
from incorta_loads.analysis.project import project_directory
from sql.base_rows import write_base_tables
from sql.comparison import BuiltHistory

MODELS = {
    path.stem: "load_analysis" if path.parent.name == "marts" else "load_analysis_steps"
    for path in sorted((project_directory() / "models").rglob("*.sql"))
}
"""Model → its schema."""

DESCRIBED = """
    SELECT schema_name, table_name, column_name, column_index, data_type, comment
    FROM duckdb_columns()
    WHERE
        database_name = '{0}' AND schema_name LIKE 'load_analysis%'
        AND table_name <> 'build_state'
    UNION ALL
    SELECT schema_name, table_name, NULL, NULL, 'TABLE', comment
    FROM duckdb_tables()
    WHERE
        database_name = '{0}' AND schema_name LIKE 'load_analysis%'
        AND table_name <> 'build_state'
    UNION ALL
    SELECT schema_name, view_name, NULL, NULL, 'VIEW', comment
    FROM duckdb_views()
    WHERE database_name = '{0}' AND schema_name LIKE 'load_analysis%'
    ORDER BY ALL
"""


@pytest.fixture(scope="module")
def both(
    tmp_path_factory: pytest.TempPathFactory, random_warehouse: BuiltHistory
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same history, built by the program in `ours` and by dbt's own runner in `dbts`."""
    database = tmp_path_factory.mktemp("dbt") / "warehouse.duckdb"
    write_base_tables(database, *random_warehouse.history)
    done = run_dbt(
        ["build", "--exclude-resource-type", "unit_test"], {}, database=str(database)
    ).results
    assert {result.status for result in done} == {"success", "pass"}
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{random_warehouse.database}' AS ours (READ_ONLY)")
        connection.execute(f"ATTACH '{database}' AS dbts (READ_ONLY)")
        yield connection


@pytest.mark.parametrize("model", MODELS)
def test_every_cell_is_the_same(both: duckdb.DuckDBPyConnection, model: str) -> None:
    """The cells of each relation are equal to the last digit."""
    ours, dbts = (
        both.execute(f"FROM {each}.{MODELS[model]}.{model}").fetchall() for each in ("ours", "dbts")
    )
    assert sorted(ours, key=repr) == sorted(dbts, key=repr)


def test_columns_types_and_comments_are_the_same(both: duckdb.DuckDBPyConnection) -> None:
    """The columns also have the same order."""
    ours, dbts = (both.execute(DESCRIBED.format(each)).fetchall() for each in ("ours", "dbts"))
    assert ours == dbts
    assert {name: schema for schema, name, *_ in ours} == MODELS


def test_the_compiled_statements_are_current(
    tmp_path: Path,
) -> None:
    """`make models` rewrites them."""
    written = tmp_path / "compiled.json"
    subprocess.run([sys.executable, "-m", compiled.__name__, written], check=True)
    assert written.read_bytes() == (project_directory() / "compiled.json").read_bytes()


def test_the_same_tests_are_run(random_warehouse: BuiltHistory) -> None:
    """The program runs all tests that dbt finds in the project, with the same queries."""
    project = compiled_project(random_warehouse.database, {})
    ours = [step.name for step in project.steps if isinstance(step, DataTest)]
    listed = run_dbt(["ls", "--output", "name", "--select", "resource_type:test"], {})
    assert sorted(ours) == sorted(listed)
    # no test of this project uses other options of dbt tests
    tests = run_dbt(["parse"], {}).nodes.values()
    configured = {
        (each.config.severity, each.config.error_if, each.config.fail_calc, each.config.limit)
        for each in tests
        if each.resource_type == "test"
    }
    assert configured == {("ERROR", "!= 0", "count(*)", None)}

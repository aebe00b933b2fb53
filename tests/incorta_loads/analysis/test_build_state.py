"""What a warehouse remembers of its last build."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from incorta_loads.analysis.build_state import BuildState

RELATIONS = """
SELECT table_name FROM information_schema.tables
WHERE table_schema = 'load_analysis' ORDER BY table_name
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of one model."""
    directory = tmp_path / "sql"
    directory.mkdir()
    (directory / "int_here.sql").write_text("select 1 as one")
    return directory


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """A warehouse with models of two versions, and with what its users added."""
    path = tmp_path / "w.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE SCHEMA load_analysis; USE load_analysis;")
        connection.execute("CREATE TABLE int_here AS SELECT 1 AS one")
        connection.execute("CREATE TABLE int_gone AS SELECT 1 AS one")
        connection.execute("CREATE VIEW int_gone_too AS SELECT one FROM int_gone")
        connection.execute("CREATE TABLE mine AS SELECT 1 AS one")
        connection.execute("CREATE TABLE main.int_gone AS SELECT 1 AS one")
    return path


def test_tables_are_kept_as_long_as_models_and_variables_are_the_same(
    warehouse: Path, project: Path
) -> None:
    """And only after a build that has succeeded with them."""
    state = BuildState(warehouse, project, {"a": 1})
    assert not state.is_kept()
    state.keep(["int_here"])
    assert BuildState(warehouse, project, {"a": 1}).is_kept()
    assert not BuildState(warehouse, project, {"a": 2}).is_kept()
    assert not state.is_kept()  # that build may have been killed halfway
    state.keep(["int_here"])
    (project / "int_here.sql").write_text("select 2 as one")
    assert not BuildState(warehouse, project, {"a": 1}).is_kept()


def test_intermediate_models_of_an_older_version_are_dropped(
    warehouse: Path, project: Path
) -> None:
    """What users have added stays, and so does every other schema."""
    BuildState(warehouse, project, {}).keep(["int_here"])
    with duckdb.connect(str(warehouse)) as connection:
        left = [name for (name,) in connection.execute(RELATIONS).fetchall()]
        assert left == ["build_state", "int_here", "mine"]
        assert connection.table("main.int_gone").fetchall() == [(1,)]

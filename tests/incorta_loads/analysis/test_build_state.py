"""Which models are due: a build does only the work that depends on a change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import msgspec
import pytest

from incorta_loads.analysis.build import build_in
from incorta_loads.analysis.compiled import CompiledProject, DataTest, Kept, Model
from incorta_loads.errors import ModelsError
from sql.base_rows import create_base_tables

ROW = "INSERT INTO load_status.fetches (cluster, execution_id) VALUES ('c', 1)"
ANSWER = (
    "INSERT INTO load_status.nodes (cluster, tenant, execution_id, node_id) VALUES ('c', 't', 1, 0)"
)


def model(name: str, query: str, **others: Any) -> Model:
    """A table without contract and descriptions, unless the test overrides them."""
    usual: dict[str, Any] = {
        "is_view": False,
        "comment": "",
        "columns": {},
        "types": {},
        "kept": None,
    }
    return Model(schema=schema_of(name), name=name, query=query, **(usual | others))


def schema_of(name: str) -> str:
    """Schema of the steps, or that of the marts."""
    return "load_analysis_steps" if name.startswith("int_") else "load_analysis"


PROJECT = CompiledProject(
    fingerprint="first",
    steps=[
        model("int_answers", "SELECT execution_id FROM load_status.nodes"),
        model("int_ledger", "SELECT execution_id FROM load_status.fetches"),
        model(
            "both",
            "FROM load_analysis_steps.int_answers UNION ALL FROM load_analysis_steps.int_ledger",
        ),
        DataTest("ids_are_positive", "FROM load_analysis.both WHERE execution_id < 0"),
    ],
    below={
        "nodes": ["int_answers", "both", "ids_are_positive"],
        "fetches": ["int_ledger", "both", "ids_are_positive"],
        "status_changes": [],
    },
)


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    """Base tables without rows."""
    with duckdb.connect() as connection:
        create_base_tables(connection)
        yield connection


def built(
    warehouse: duckdb.DuckDBPyConnection,
    project: CompiledProject = PROJECT,
    *,
    on_demand: bool = False,
    run_tests: bool = True,
) -> tuple[int, int]:
    return build_in(warehouse, project, on_demand=on_demand, run_tests=run_tests)


def relations(warehouse: duckdb.DuckDBPyConnection) -> list[str]:
    query = """
        SELECT table_name FROM information_schema.tables WHERE table_schema LIKE 'load_analysis%'
    """
    return sorted(name for (name,) in warehouse.execute(query).fetchall())


def test_a_second_build_without_changes_does_nothing(warehouse: duckdb.DuckDBPyConnection) -> None:
    """The first build creates every relation."""
    assert built(warehouse) == (3, 1)
    assert built(warehouse) == (0, 0)


@pytest.mark.parametrize(("change", "due"), [(ROW, (2, 1)), (ANSWER, (2, 1)), ("SELECT 1", (0, 0))])
def test_models_that_depend_on_a_changed_table_are_due(
    warehouse: duckdb.DuckDBPyConnection, change: str, due: tuple[int, int]
) -> None:
    """Models with no dependency on the changed table are kept."""
    built(warehouse)
    warehouse.execute(change)
    assert built(warehouse) == due


def test_a_changed_project_is_rebuilt_completely(warehouse: duckdb.DuckDBPyConnection) -> None:
    """A new project fingerprint makes all models due."""
    built(warehouse)
    assert built(warehouse, msgspec.structs.replace(PROJECT, fingerprint="second")) == (3, 1)


@pytest.mark.parametrize("change", ["DROP TABLE", "ALTER TABLE", "CREATE OR REPLACE VIEW"])
def test_a_missing_relation_or_one_of_another_kind_is_rebuilt(
    warehouse: duckdb.DuckDBPyConnection, change: str
) -> None:
    """All models are built, whatever kind of relation is in the way."""
    built(warehouse)
    warehouse.execute(
        {
            "DROP TABLE": "DROP TABLE load_analysis.both",
            "ALTER TABLE": "ALTER TABLE load_analysis.both RENAME TO other",
            "CREATE OR REPLACE VIEW": (
                "DROP TABLE load_analysis.both; CREATE VIEW load_analysis.both AS SELECT 1"
            ),
        }[change]
    )
    assert built(warehouse) == (3, 1)
    assert built(warehouse) == (0, 0)


def test_models_built_without_tests_are_due_again(warehouse: duckdb.DuckDBPyConnection) -> None:
    """A table built without its tests does not count as tested."""
    assert built(warehouse, run_tests=False) == (3, 0)
    assert built(warehouse) == (3, 1)


def test_a_failed_build_is_due_again(warehouse: duckdb.DuckDBPyConnection) -> None:
    """The error names the test and the number of rows it found."""
    warehouse.execute(ROW.replace("1)", "-1)"))
    with pytest.raises(
        ModelsError,
        match=r"^the SQL test ids_are_positive failed: 1 row against its rule$",
    ):
        built(warehouse)
    warehouse.execute("DELETE FROM load_status.fetches")
    assert built(warehouse) == (3, 1)


def test_a_kept_table_is_updated_in_place(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Rows whose keys are gone are deleted, missing rows are added, and others are not touched."""
    kept = Kept("load_analysis_steps.int_answers", ["execution_id"], "execution_id <> 4", "true")
    project = msgspec.structs.replace(
        PROJECT,
        steps=[
            PROJECT.steps[0],
            model(
                "node_outcomes",
                "SELECT execution_id, 'new' AS mark FROM load_status.nodes "
                "WHERE execution_id IN (FROM missing_node_outcomes)",
                kept=kept,
            ),
        ],
        below={"nodes": ["int_answers", "node_outcomes"], "fetches": [], "status_changes": []},
    )
    warehouse.execute("INSERT INTO load_status.nodes (execution_id, node_id) VALUES (1, 0), (2, 0)")
    built(warehouse, project)
    warehouse.execute("UPDATE load_analysis.node_outcomes SET mark = 'old'")
    warehouse.execute("DELETE FROM load_status.nodes WHERE execution_id = 1")
    warehouse.execute("INSERT INTO load_status.nodes (execution_id, node_id) VALUES (3, 0), (4, 0)")
    built(warehouse, project)
    found = warehouse.execute("FROM load_analysis.node_outcomes ORDER BY 1").fetchall()
    assert found == [(2, "old"), (3, "new")]
    assert relations(warehouse) == ["build_state", "int_answers", "node_outcomes"]


def test_a_model_on_demand_is_a_view_until_it_is_asked_for(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    """As a table it stays as long as it is current; as a view it always is."""
    project = msgspec.structs.replace(
        PROJECT,
        steps=[
            *PROJECT.steps,
            model("total", "SELECT count(*) FROM load_analysis.both", is_on_demand=True),
            DataTest("no_total", "FROM load_analysis.total WHERE false", is_on_demand=True),
        ],
        below={name: [*below, "total", "no_total"] for name, below in PROJECT.below.items()},
    )

    def kind_and_total() -> tuple[str, int]:
        query = "SELECT table_type FROM information_schema.tables WHERE table_name = 'total'"
        [(kind,)] = warehouse.execute(query).fetchall()
        [(total,)] = warehouse.execute("FROM load_analysis.total").fetchall()
        return kind, total

    assert built(warehouse, project) == (4, 1)
    assert kind_and_total() == ("VIEW", 0)
    assert built(warehouse, project, on_demand=True) == (1, 1)
    assert kind_and_total() == ("BASE TABLE", 0)
    assert built(warehouse, project) == built(warehouse, project, on_demand=True) == (0, 0)
    warehouse.execute(ROW)
    assert built(warehouse, project) == (3, 1)
    assert kind_and_total() == ("VIEW", 1)
    warehouse.execute(ROW.replace("1)", "2)"))
    assert built(warehouse, project, on_demand=True) == (3, 2)
    assert kind_and_total() == ("BASE TABLE", 2)


def test_a_relation_that_breaks_its_contract_is_an_error(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    """A column with another type, name or position, or a missing column, breaks the contract."""
    right = {"a": "INTEGER", "b": "VARCHAR"}
    for types in (right | {"a": "BIGINT"}, {"a": "INTEGER"}, {"b": "VARCHAR", "a": "INTEGER"}):
        one = model("one", "SELECT 1 AS a, 'x' AS b", types=types)
        with pytest.raises(ModelsError, match=r"^the SQL model one failed: it differs from its"):
            built(warehouse, msgspec.structs.replace(PROJECT, steps=[one]))
    one = model("one", "SELECT 1 AS a, 'x' AS b", types=right)
    assert built(warehouse, msgspec.structs.replace(PROJECT, steps=[one])) == (1, 0)


def test_descriptions_become_comments(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Tables, views and their columns get their descriptions, whatever characters these contain."""
    comment, of_column = 'One row; it\'s "one".\n', "ä ' \\"
    table = model("one", "SELECT 1 AS a", comment=comment, columns={"a": of_column})
    view = msgspec.structs.replace(table, name="two", is_view=True)
    built(warehouse, msgspec.structs.replace(PROJECT, steps=[table, view]))
    query = """
        SELECT comment FROM duckdb_columns()
        WHERE schema_name = 'load_analysis' AND table_name IN ('one', 'two')
        UNION ALL SELECT comment FROM duckdb_tables() WHERE table_name = 'one'
        UNION ALL SELECT comment FROM duckdb_views() WHERE view_name = 'two'
    """
    found = sorted(text for (text,) in warehouse.execute(query).fetchall())
    assert found == sorted([comment, of_column] * 2)


def test_intermediate_models_of_an_older_version_are_dropped(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    """Relations added by users and all other schemas are kept."""
    built(warehouse)
    warehouse.execute("CREATE TABLE load_analysis_steps.int_gone AS SELECT 1 AS one")
    warehouse.execute("CREATE VIEW load_analysis.int_gone_too AS FROM load_analysis_steps.int_gone")
    warehouse.execute("CREATE TABLE load_analysis.build_state AS SELECT 1 AS one")
    warehouse.execute("CREATE TABLE load_analysis.mine AS SELECT 1 AS one")
    warehouse.execute("CREATE TABLE main.int_gone AS SELECT 1 AS one")
    built(warehouse, msgspec.structs.replace(PROJECT, fingerprint="second"))
    assert relations(warehouse) == ["both", "build_state", "int_answers", "int_ledger", "mine"]
    assert warehouse.table("main.int_gone").fetchall() == [(1,)]


def test_the_record_of_an_older_version_is_replaced(warehouse: duckdb.DuckDBPyConnection) -> None:
    """The record of older versions had a single column."""
    warehouse.execute("CREATE SCHEMA load_analysis_steps")
    warehouse.execute("CREATE TABLE load_analysis_steps.build_state AS SELECT 'f' AS fingerprint")
    assert built(warehouse) == (3, 1)
    assert built(warehouse) == (0, 0)

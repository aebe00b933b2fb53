"""Roles of nodes by type, including types defined by the user."""

from __future__ import annotations

from pathlib import Path

import pytest

from incorta_loads.analysis.build import build_models
from incorta_loads.analysis.outcomes import TypeRoles
from sql.base_rows import History, Tree, rows, select, write_base_tables
from sql.comparison import differing
from sql.compiled import Model, built_in_file, built_in_memory, compiled_models
from sql.reference.reading import MARTS, Reading
from sql.test_incremental import replace

LINES = [
    ["Folder\n", "schema"],
    ['It\'s {{ a }} "dashboard"', "none"],
    ["batch", "group"],
    ["Job", "load_plan"],
    ["", "none"],
    ["TABLE", "table"],
]
BELOW = (
    Tree("TABLE", "a", "Success"),
    Tree(" table\t", "b", "Failed"),
    Tree("MATERIALIZED_VIEW", "c", "Failed"),
    Tree('it\'s {{ A }} "DASHBOARD"', "d", "Failed"),
    Tree(None, "e", "Failed"),
    Tree("\u00a0TABLE", "f", "Failed"),
    Tree("VIEW", "g", "Failed", (Tree("VIEW", "h", "Success"),)),
)
TREE = Tree(
    "job",
    "Nightly",
    "Failed",
    (
        Tree("Batch", "1", "Failed", (Tree("schema", "s", "Failed", BELOW),)),
        Tree("BATCH", "2", "Failed", (Tree("folder", "views", "Failed", BELOW[:1]),)),
        Tree("VIEW", "outside", "Failed"),
    ),
)
HISTORY = History(rows(TREE, 1), [])


@pytest.fixture(scope="module")
def compiled_users(tmp_path_factory: pytest.TempPathFactory) -> list[Model]:
    """The models compiled with the user's rules."""
    folder = tmp_path_factory.mktemp("compiled")
    write_base_tables(folder / "base_tables.duckdb")
    return compiled_models(folder / "base_tables.duckdb", {"user_type_roles": LINES})


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory, compiled_users: list[Model]) -> Path:
    path = tmp_path_factory.mktemp("types") / "warehouse.duckdb"
    return built_in_file(compiled_users, path, HISTORY)


def test_each_node_has_the_role_of_its_type(warehouse: Path) -> None:
    """With an unknown type, a leaf below a schema is a table, and other nodes have no role."""
    assert select(
        warehouse, "select name, role from load_analysis.node_outcomes order by node_id"
    ) == [
        ("Nightly", "load_plan"),
        *(("1", "group"), ("s", "schema")),
        *(("a", "table"), ("b", "table"), ("c", "table"), ("d", "none"), ("e", "none")),
        *(("f", "table"), ("g", "none"), ("h", "table")),
        *(("2", "group"), ("views", "schema"), ("a", "table"), ("outside", "none")),
    ]


def test_a_nodes_own_name_is_that_of_its_role(warehouse: Path) -> None:
    """A folder is a schema by name; its descendants keep the schema recorded in `nodes`."""
    by_schema = "select schema_name, runs from load_analysis.failure_rates_by_schema order by 1"
    assert select(warehouse, by_schema) == [("s", 1), ("views", 1)]
    by_table = "select schema_name, table_name from load_analysis.table_health order by 1, 2"
    assert select(warehouse, by_table) == [
        *(("s", "a"), ("s", "b"), ("s", "c"), ("s", "f"), ("s", "h")),
        (None, "a"),
    ]
    plan = "select load_plan, tables from load_analysis.executions"
    assert select(warehouse, plan) == [("Nightly", 6)]
    by_group = "select load_plan, group_name from load_analysis.failure_rates_by_group order by 2"
    assert select(warehouse, by_group) == [(None, "1"), (None, "2")]


def test_only_types_without_a_line_are_unknown(warehouse: Path) -> None:
    """A type with the role none is known, and so is a missing type that has a rule."""
    unknown = (
        "select name, role from load_analysis.status_conflicts where rule = 'unknown_type' "
        "order by node_id"
    )
    assert select(warehouse, unknown) == [
        *(("c", "table"), ("f", "table"), ("g", "none"), ("h", "table"), ("outside", "none")),
    ]


@pytest.mark.parametrize("mart", MARTS)
def test_the_marts_match_plain_python(compiled_users: list[Model], mart: str) -> None:
    """The marts use the user's rules."""
    with built_in_memory(compiled_users, HISTORY) as built:
        assert differing(built, mart, Reading(HISTORY, None, LINES).mart(mart)) == []


def test_python_and_sql_give_the_same_role(warehouse: Path) -> None:
    """The role of each node follows from the user's rules and the built-in ones."""
    found = select(
        warehouse,
        "select type, last_descendant_id = node_id, schema_name, role "
        "from load_analysis.node_outcomes",
    )
    roles = TypeRoles(LINES)
    for type_, is_leaf, schema_name, role in found:
        assert isinstance(type_, str | None)
        assert isinstance(schema_name, str | None)
        assert roles.of(type_, is_leaf=bool(is_leaf), schema_name=schema_name) == role
    assert {role for *_, role in found} == {"load_plan", "group", "schema", "table", "none"}


def test_the_mapping_can_be_read_as_a_table(warehouse: Path) -> None:
    """`type_roles` has the user's rules in normalized form, then the built-in ones."""
    lines = select(
        warehouse, "select type, role from load_analysis_steps.type_roles order by priority"
    )
    assert lines[:2] == [("folder", "schema"), ('it\'s {{ a }} "dashboard"', "none")]
    assert lines[-1] == ("table", "table")


def test_changed_rules_rebuild_kept_tables(tmp_path: Path) -> None:
    """A new rule changes the roles in executions that did not change."""
    database = tmp_path / "warehouse.duckdb"
    write_base_tables(database, rows(TREE, 1))
    tables = "select tables from load_analysis.executions order by execution_id"
    build_models(database, run_tests=False)
    assert select(database, tables) == [(8,)]
    build_models(database, variables={"user_type_roles": [["VIEW", "none"]]}, run_tests=True)
    assert select(database, tables) == [(7,)]
    replace(database, History(rows(TREE, 2), []))
    build_models(database, variables={"user_type_roles": [["VIEW", "none"]]}, run_tests=True)
    assert select(database, tables) == [(7,), (7,)]

"""Which failures count as a node's own, with small trees written out node by node."""

from __future__ import annotations

from pathlib import Path

import pytest

from sql.base_rows import History, Tree, rows, select
from sql.compiled import Model, built_in_file


def plan(*groups: Tree) -> Tree:
    return Tree("LOAD_PLAN", "plan", "Failed", groups)


def group(name: str, status: str, *children: Tree) -> Tree:
    return Tree("GROUP", name, status, children)


def schema(name: str, status: str, *tables: str) -> Tree:
    children = tuple(Tree("TABLE", f"t{place}", table) for place, table in enumerate(tables))
    return Tree("SCHEMA", name, status, children)


AFTER_A_FAILED_GROUP = plan(
    group("1", "Failed", schema("a", "Failed", "Failed", "Success")),
    group("2", "Failed", schema("b", "Failed", "Skipped", "Skipped")),
    group("3", "Failed", schema("c", "Failed", "Success", "Skipped")),
    group("4", "Failed", schema("d", "Failed")),
)
BESIDE_A_FAILED_SCHEMA = plan(
    group("1", "Failed", schema("a", "Failed", "Failed"), schema("b", "Failed", "Skipped")),
)
AFTER_AN_INNER_GROUP = plan(
    group(
        "outer",
        "Failed",
        schema("a", "Success", "Failed"),
        group("inner", "Success", schema("b", "Failed", "Skipped")),
        schema("c", "Failed", "Skipped"),
    ),
)
OUTSIDE_OF_GROUPS = plan(
    schema("a", "Failed", "Failed"),
    group("1", "Success"),
    schema("b", "Failed", "Skipped"),
)


@pytest.fixture(scope="module")
def warehouse(compiled: list[Model], tmp_path_factory: pytest.TempPathFactory) -> Path:
    trees = (AFTER_A_FAILED_GROUP, BESIDE_A_FAILED_SCHEMA, AFTER_AN_INNER_GROUP, OUTSIDE_OF_GROUPS)
    nodes = [node for number, tree in enumerate(trees, 1) for node in rows(tree, number)]
    database = tmp_path_factory.mktemp("kinds") / "warehouse.duckdb"
    return built_in_file(compiled, database, History(nodes, []))


def failure_kinds(warehouse: Path, execution_id: int) -> list[tuple[object, ...]]:
    return select(
        warehouse,
        f"""
        select path, failure_kind from load_analysis.node_outcomes
        where execution_id = {execution_id} and is_error
        order by node_id
        """,
    )


def test_groups_after_a_failed_group_are_blocked(warehouse: Path) -> None:
    """Groups run in sequence: the next one is blocked unless one of its tables was counted."""
    assert failure_kinds(warehouse, 1) == [
        ("/plan", "inherited"),
        ("/plan/1", "inherited"),
        ("/plan/1/a", "inherited"),
        ("/plan/1/a/t0", "originated"),
        ("/plan/2", "inherited"),
        ("/plan/2/b", "blocked"),
        ("/plan/3", "inherited"),
        ("/plan/3/c", "originated"),
        ("/plan/4", "inherited"),
        ("/plan/4/d", "originated"),
    ]


def test_schemas_of_one_group_do_not_block_each_other(warehouse: Path) -> None:
    """They run in parallel, so neither can be the cause of the other."""
    assert failure_kinds(warehouse, 2) == [
        ("/plan", "inherited"),
        ("/plan/1", "inherited"),
        ("/plan/1/a", "inherited"),
        ("/plan/1/a/t0", "originated"),
        ("/plan/1/b", "originated"),
    ]


def test_the_nearest_group_decides(warehouse: Path) -> None:
    """An inner group began after a failure; the nodes after it belong to the outer group."""
    assert failure_kinds(warehouse, 3) == [
        ("/plan", "inherited"),
        ("/plan/outer", "inherited"),
        ("/plan/outer/a/t0", "originated"),
        ("/plan/outer/inner/b", "blocked"),
        ("/plan/outer/c", "originated"),
    ]


def test_nothing_is_blocked_outside_of_groups(warehouse: Path) -> None:
    """Without a group above it, the order in which a node ran is unknown."""
    assert failure_kinds(warehouse, 4) == [
        ("/plan", "inherited"),
        ("/plan/a", "inherited"),
        ("/plan/a/t0", "originated"),
        ("/plan/b", "originated"),
    ]

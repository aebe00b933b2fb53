"""Builds that keep tables of a previous build."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from incorta_loads.analysis.build import build_models
from sql.base_rows import History, Node, insert_rows, select, write_base_tables
from sql.comparison import BuiltHistory
from sql.compiled import Model, built_in_memory
from sql.reference.reading import MARTS

VARIABLES = {"bucket_executions": 7}
GONE = 10**9
"""A failed execution that is later removed."""
MENDED = 10**9 + 1
"""An execution whose first response has failures and contradictions, and is later replaced."""


def of(history: History, ids: set[int]) -> History:
    """The part of the history for some executions."""
    return History(
        [row for row in history.nodes if row.execution_id in ids],
        [row for row in history.fetches if row.execution_id in ids],
        [row for row in history.changes if row.execution_id in ids],
    )


def failed(rows: list[Node], execution_id: int) -> list[Node]:
    """The tree under another id, in which all nodes below the root failed and have an unknown
    type."""
    return [
        row._replace(
            execution_id=execution_id,
            fetched_at=row.fetched_at - timedelta(minutes=1),
            type=None,
            state_type="Terminator State",
            job_status="Failed" if row.node_id else "Success",
        )
        for row in rows
    ]


def mended(rows: list[Node]) -> list[Node]:
    """The final tree of `MENDED`, without failures."""
    return [
        row._replace(
            execution_id=MENDED,
            type="GROUP",
            state_type="Terminator State",
            job_status="Success",
        )
        for row in rows
    ]


def earlier(history: History, ids: list[int]) -> list[Node]:
    """Earlier, running responses: each has the tree of the next execution."""
    return [
        row._replace(
            execution_id=execution_id,
            fetched_at=row.fetched_at - timedelta(minutes=1),
            state_type="Load State",
            job_status="Running",
        )
        for execution_id, other in zip(ids, ids[1:] + ids[:1], strict=True)
        for row in of(history, {other}).nodes
    ]


def replace(database: Path, history: History, *, nodes: list[Node] | None = None) -> None:
    """Replaces all rows of the executions, as `ingest` does."""
    ids = {row.execution_id for row in history.nodes}
    with duckdb.connect(str(database)) as warehouse:
        warehouse.execute(
            "delete from load_status.nodes where list_contains($ids, execution_id)", {"ids": [*ids]}
        )
        insert_rows(warehouse, history if nodes is None else history._replace(nodes=nodes))


@pytest.fixture(scope="module")
def tree(random_warehouse: BuiltHistory) -> list[Node]:
    """The nodes of the execution with the most nodes."""
    nodes = random_warehouse.history.nodes
    of_most = Counter((row.cluster, row.tenant, row.execution_id) for row in nodes)
    ((most, _),) = of_most.most_common(1)
    return [row for row in nodes if (row.cluster, row.tenant, row.execution_id) == most]


@pytest.fixture(scope="module")
def kept(
    tmp_path_factory: pytest.TempPathFactory, random_warehouse: BuiltHistory, tree: list[Node]
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A history loaded in three parts with two responses for some ids, built after each part."""
    history = random_warehouse.history
    draw = random.Random(20261124)
    ids = sorted({row.execution_id for row in history.nodes})
    requested = {row.execution_id for row in history.fetches}
    ids += sorted(requested - set(ids))
    draw.shuffle(ids)
    parts = [set(ids[i::3]) for i in range(3)]
    database = tmp_path_factory.mktemp("kept") / "warehouse.duckdb"
    write_base_tables(database)
    twice = of(history, set(draw.sample(sorted(parts[0]), 20)))
    running = earlier(history, sorted({row.execution_id for row in twice.nodes}))
    for number, part in enumerate(parts):
        replace(database, of(history, part))
        if number == 0:
            replace(database, History(twice.nodes, []), nodes=running)
            replace(database, History(failed(tree, GONE) + failed(tree, MENDED), []))
        if number == 1:
            replace(database, History(twice.nodes + mended(tree), []))
            with duckdb.connect(str(database)) as warehouse:
                warehouse.execute(f"delete from load_status.nodes where execution_id = {GONE}")
        build_models(database, variables=VARIABLES, run_tests=number == 2)
        if number == 0:
            for mart in ("failure_origins", "status_conflicts"):
                ids_there = select(database, f"select execution_id from load_analysis.{mart}")
                assert {(GONE,), (MENDED,)} < set(ids_there)
    with duckdb.connect(str(database), read_only=True) as warehouse:
        yield warehouse


@pytest.fixture(scope="module")
def whole(
    compiled: list[Model], random_warehouse: BuiltHistory, tree: list[Node]
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same history, built once."""
    history = random_warehouse.history
    history = history._replace(nodes=history.nodes + mended(tree))
    with built_in_memory(compiled, history, threads=4) as warehouse:
        yield warehouse


@pytest.mark.parametrize("mart", MARTS)
def test_an_incremental_build_equals_a_full_build(
    kept: duckdb.DuckDBPyConnection, whole: duckdb.DuckDBPyConnection, mart: str
) -> None:
    """Executions are added, change, become shorter, recover or disappear; all digits match."""
    query = f"from load_analysis.{mart}"
    assert sorted(kept.execute(query).fetchall(), key=repr) == sorted(
        whole.execute(query).fetchall(), key=repr
    )


def test_tables_are_kept_while_models_and_variables_are_unchanged(tmp_path: Path) -> None:
    """A marker survives a second build and is gone after a variable changes."""
    database = tmp_path / "warehouse.duckdb"
    write_base_tables(database, [Node("c", "t", 1, name="n", type="TABLE")])
    build_models(database, variables=VARIABLES, run_tests=False)
    with duckdb.connect(str(database)) as warehouse:
        warehouse.execute("update load_analysis_steps.int_node_outcomes set name = 'marked'")
    query = "select name from load_analysis.node_outcomes"
    build_models(database, variables=VARIABLES, run_tests=False)
    assert select(database, query) == [("marked",)]
    build_models(database, variables={"bucket_executions": 8}, run_tests=False)
    assert select(database, query) == [("n",)]

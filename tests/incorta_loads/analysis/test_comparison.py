"""What changed: between two executions, and since the last run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import duckdb
import pytest

from incorta_loads.analysis.build import build_models
from incorta_loads.analysis.comparison import changes, differences, pair_of
from incorta_loads.choices import Names, Wanted
from incorta_loads.errors import ConfigurationError, UnknownExecutionError
from sql.base_rows import NOON, Fetch, write_base_tables
from sql.sketches import sketch

Connection = duckdb.DuckDBPyConnection

TABLES = {"a": "." * 30 + "XXXX", "b": "." * 34, "c": "XXX." + "." * 29, "d": "." * 10}


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """Two tenants with the same executions 1 to 34; table a breaks in 31."""
    database = tmp_path_factory.mktemp("changes") / "w.duckdb"
    nodes = [*sketch("t", TABLES), *sketch("u", TABLES)]
    write_base_tables(database, nodes, _fetches())
    build_models(database, run_tests=False)
    with duckdb.connect(database) as connection:
        yield connection


def _fetches() -> list[Fetch]:
    """One run loaded executions 1 to 30, and another one the rest an hour later."""
    return [
        Fetch("cluster", tenant, each, run_id, NOON + timedelta(hours=hour), "loaded")
        for tenant in "tu"
        for hour, (run_id, ids) in enumerate({"a": range(1, 31), "b": range(31, 35)}.items())
        for each in ids
    ]


def broke(warehouse: Connection, since: int | None = None) -> list[tuple[str, str, int]]:
    found, _ = changes(warehouse, Wanted(), since)
    return [
        (row["tenant"], row["table_name"], row["since_execution_id"])
        for row in found.rows
        if row["change"] == "broke"
    ]


def test_the_last_run_decides_what_is_new(warehouse: Connection) -> None:
    """Its executions are those that no earlier run loaded."""
    assert broke(warehouse) == [("t", "a", 31), ("u", "a", 31)]
    warehouse.begin()
    warehouse.execute("UPDATE load_status.fetches SET run_id = 'a' WHERE execution_id < 34")
    assert broke(warehouse) == []
    warehouse.rollback()


def test_an_execution_decides_what_is_new(warehouse: Connection) -> None:
    """The state must have begun after it."""
    assert broke(warehouse, 30) == [("t", "a", 31), ("u", "a", 31)]
    assert broke(warehouse, 31) == []


def test_names_select_changes(warehouse: Connection) -> None:
    """Other tables and tenants are left out."""
    found, total = changes(warehouse, Wanted(Names(tenant="u", table="a")), 0)
    assert [row["tenant"] for row in found.rows] == ["u"]
    assert total == 1


def test_executions_in_several_tenants_need_a_name(warehouse: Connection) -> None:
    """Nothing is compared across tenants."""
    with pytest.raises(ConfigurationError, match="name one with --cluster and --tenant"):
        pair_of(warehouse, Names(), (30, 31))
    assert pair_of(warehouse, Names(tenant="u"), (31, 30)).earlier == 31


def test_both_executions_must_exist(warehouse: Connection) -> None:
    """A plan with one execution has no two either."""
    with pytest.raises(UnknownExecutionError, match="does not have both executions 30 and 99"):
        pair_of(warehouse, Names(tenant="t"), (30, 99))


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ((30, 31), [("broke", "a", "success", "failure")]),
        ((31, 30), [("recovered", "a", "failure", "success")]),
        ((31, 32), []),
        ((10, 11), [("vanished", "d", "success", None)]),
        ((11, 10), [("appeared", "d", None, "success")]),
    ],
)
def test_nodes_are_compared_by_their_path(
    warehouse: Connection, ids: tuple[int, int], expected: list[tuple[object, ...]]
) -> None:
    """Only different outcomes are returned, in the direction from the first to the second."""
    pair = pair_of(warehouse, Names(tenant="t"), ids)
    found, _ = differences(warehouse, pair, Wanted())
    keys = ("change", "name", "outcome_before", "outcome")
    assert [tuple(row[key] for key in keys) for row in found.rows] == expected


def test_names_select_differences(warehouse: Connection) -> None:
    """The executions are the same, whatever tables are chosen."""
    names = Names(tenant="t", table="b")
    pair = pair_of(warehouse, names, (30, 31))
    assert differences(warehouse, pair, Wanted(names)) == differences(
        warehouse, pair, Wanted(Names(schema="s", table="b"))
    )
    found, _ = differences(warehouse, pair, Wanted(names))
    assert found.rows == []


def test_a_look_leaves_out_what_was_run_only_once(warehouse: Connection) -> None:
    """The number of all differences is known."""
    pair = pair_of(warehouse, Names(tenant="t"), (10, 11))
    found, total = differences(warehouse, pair, Wanted(limit=20, only_notable=True))
    assert (found.rows, total) == ([], 1)

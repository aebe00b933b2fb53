"""Rules for `status_changes`: the rows of consecutive responses for one execution."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from incorta_loads.errors import WarehouseError
from incorta_loads.tree.changes import Look, answer_of, changes_between
from incorta_loads.warehouse.writing import Warehouse, open_for_writing
from support.base_rows import at, batch_of

RUNNING = ("Load State", "Running")
QUEUED = ("Load State", "In Queue")
ENDED = ("Terminator State", "Success")

Status = tuple[str, str]
Rows = list[tuple[Any, ...]]


@pytest.fixture
def warehouse(empty_warehouse: Warehouse) -> Warehouse:
    return empty_warehouse


def tree(root: Status, **tables: Status) -> bytes:
    """A plan with a group, a schema and these tables."""

    def node(kind: str, name: str, status: Status, *below: object) -> dict[str, object]:
        words = dict(zip(("stateType", "jobStatus"), status, strict=True))
        return {"type": kind, "name": name, "status": words, "childStatusDetails": below}

    leaves = [node("TABLE", name, status) for name, status in tables.items()]
    schema = node("SCHEMA", "s", ENDED, *leaves)
    return json.dumps(node("LOAD_PLAN", "P", root, node("GROUP", "g", ENDED, schema))).encode()


def load(warehouse: Warehouse, minute: int, **trees: bytes) -> None:
    """Loads trees at a time; `x7` is execution 7."""
    by_id = {int(name[1:]): body for name, body in trees.items()}
    warehouse.load(batch_of(f"run-{minute}", minute, trees=by_id))


def changes(warehouse: Warehouse) -> Rows:
    return warehouse.connection.execute(
        "SELECT execution_id, path, change, previous_job_status, job_status, seen_after, seen_by "
        "FROM load_status.status_changes ORDER BY ALL"
    ).fetchall()


def watched(warehouse: Warehouse, times: Sequence[int], *bodies: bytes) -> None:
    """Loads the last of these trees as `watch` does, with its looks at all of them."""
    batches = [
        batch_of("watch", time, trees={7: body}) for time, body in zip(times, bodies, strict=True)
    ]
    answers = [answer_of(batch.nodes) for batch in batches]
    looks = [Look(at(times[0]))]
    for earlier, later, time in zip(answers, answers[1:], times[1:], strict=False):
        looks.append(Look(at(time), changes_between(earlier, later)))
    warehouse.load(batches[-1], looks)


def test_a_first_response_has_no_changes(warehouse: Warehouse) -> None:
    """There is nothing that it differs from."""
    load(warehouse, 1, x7=tree(RUNNING, a=QUEUED))
    assert changes(warehouse) == []


def test_changed_nodes_have_a_row_with_both_statuses_and_times(warehouse: Warehouse) -> None:
    """Nodes with equal statuses have none."""
    load(warehouse, 1, x7=tree(RUNNING, a=QUEUED, b=QUEUED), x8=tree(ENDED))
    load(warehouse, 2, x7=tree(RUNNING, a=RUNNING, b=QUEUED), x8=tree(ENDED))
    rows = warehouse.connection.execute("SELECT * FROM load_status.status_changes").fetchall()
    assert rows == [
        (
            *("c", "t", 7, "TABLE", "/P/g/s/a", 0, "P", "g", "s", "a", "changed"),
            *(*QUEUED, *RUNNING, at(1), at(2), "run-2"),
        )
    ]


def test_nodes_that_appear_and_vanish_have_a_row(warehouse: Warehouse) -> None:
    """The missing status is NULL."""
    load(warehouse, 1, x7=tree(RUNNING, a=QUEUED))
    load(warehouse, 2, x7=tree(RUNNING, b=QUEUED))
    assert changes(warehouse) == [
        (7, "/P/g/s/a", "vanished", "In Queue", None, at(1), at(2)),
        (7, "/P/g/s/b", "appeared", None, "In Queue", at(1), at(2)),
    ]


def test_each_change_lies_between_two_consecutive_responses(warehouse: Warehouse) -> None:
    """A response without changes narrows the next interval."""
    for minute, status in enumerate([QUEUED, QUEUED, RUNNING, ENDED], 1):
        load(warehouse, minute, x7=tree(RUNNING, a=status))
    assert [row[3:] for row in changes(warehouse)] == [
        ("In Queue", "Running", at(2), at(3)),
        ("Running", "Success", at(3), at(4)),
    ]


def test_an_unchanged_response_that_was_not_written_narrows_the_interval(
    warehouse: Warehouse,
) -> None:
    """A final execution is requested again; only the ledger has it until it is restarted."""
    load(warehouse, 1, x7=tree(ENDED, a=ENDED))
    asked_again = batch_of("run-2", 2, trees={7: tree(ENDED, a=ENDED)})
    warehouse.load(type(asked_again)(fetches=asked_again.fetches))
    load(warehouse, 3, x7=tree(RUNNING, a=ENDED))
    assert [row[-2:] for row in changes(warehouse)] == [(at(2), at(3))]


def test_other_executions_keep_their_rows(warehouse: Warehouse) -> None:
    """Each execution has its own history."""
    load(warehouse, 1, x7=tree(RUNNING, a=QUEUED), x8=tree(RUNNING, a=QUEUED))
    load(warehouse, 2, x8=tree(ENDED, a=ENDED))
    load(warehouse, 3, x7=tree(ENDED, a=ENDED))
    found = {(row[0], row[-2], row[-1]) for row in changes(warehouse)}
    assert found == {(7, at(1), at(3)), (8, at(1), at(2))}


# --- Watched executions ---------------------------------------------------------------------------


def test_a_watched_execution_has_the_changes_of_its_own_looks(warehouse: Warehouse) -> None:
    """They are closer together than runs."""
    bodies = [tree(RUNNING, a=status) for status in (QUEUED, RUNNING, RUNNING, ENDED)]
    watched(warehouse, [1, 2, 3, 4], *bodies)
    assert [row[3:] for row in changes(warehouse)] == [
        ("In Queue", "Running", at(1), at(2)),
        ("Running", "Success", at(3), at(4)),
    ]


@pytest.mark.parametrize("loaded_at", [1, 3, 5])
def test_looks_of_a_watched_execution_follow_those_of_another_run(
    warehouse: Warehouse, loaded_at: int
) -> None:
    """Another run loaded the execution before or while it was watched."""
    load(warehouse, loaded_at, x7=tree(RUNNING, a=QUEUED, b=QUEUED))
    watched(
        *(warehouse, [2, 4, 6]),
        *(tree(RUNNING, a=QUEUED), tree(RUNNING, a=RUNNING, c=QUEUED), tree(ENDED, a=ENDED)),
    )
    looks = [loaded_at, *(each for each in (2, 4, 6) if each > loaded_at)]
    assert sorted({row[-2:] for row in changes(warehouse)}) == [
        (at(before), at(by)) for before, by in pairwise(looks)
    ]


# --- Kills ----------------------------------------------------------------------------------------


def interrupted(warehouse: Warehouse, minute: int, body: bytes) -> None:
    """Loads a tree until the moment after its changes: its nodes cannot be written."""
    warehouse.connection.execute("CREATE UNIQUE INDEX one_name ON load_status.nodes (name)")
    with pytest.raises(WarehouseError):
        load(warehouse, minute, x7=body)
    warehouse.connection.execute("DROP INDEX load_status.one_name")


def test_changes_without_their_nodes_are_replaced(warehouse: Warehouse) -> None:
    """The next run compares the same earlier response with a later one."""
    load(warehouse, 1, x7=tree(RUNNING, a=QUEUED))
    interrupted(warehouse, 2, tree(RUNNING, a=RUNNING, x=QUEUED, s=QUEUED))
    assert changes(warehouse) != []
    load(warehouse, 3, x7=tree(RUNNING, a=ENDED))
    assert [row[3:] for row in changes(warehouse)] == [("In Queue", "Success", at(1), at(3))]


def test_changes_without_their_nodes_do_not_outlive_the_next_opening(warehouse_path: Path) -> None:
    """Even if the next run requests other executions only."""
    with open_for_writing(warehouse_path, 5) as warehouse:
        load(warehouse, 1, x7=tree(RUNNING, a=QUEUED))
        load(warehouse, 2, x7=tree(RUNNING, a=RUNNING))
        interrupted(warehouse, 3, tree(RUNNING, a=ENDED, s=QUEUED))
    with open_for_writing(warehouse_path, 5) as warehouse:
        assert [row[-1] for row in changes(warehouse)] == [at(2)]


def test_changes_without_their_nodes_do_not_hide_behind_another_cluster(
    warehouse_path: Path,
) -> None:
    """A run over several clusters loaded a later response of another one before."""
    with open_for_writing(warehouse_path, 5) as warehouse:
        load(warehouse, 1, x7=tree(RUNNING, a=QUEUED))
        warehouse.load(batch_of("run-3", 5, trees={7: b'{"name": "Q"}'}, tenant="u"))
        interrupted(warehouse, 3, tree(RUNNING, a=ENDED, s=QUEUED))
    with open_for_writing(warehouse_path, 5) as warehouse:
        assert changes(warehouse) == []


def test_changes_are_kept_if_only_the_ledger_row_is_missing(warehouse_path: Path) -> None:
    """The nodes of the later response are there."""
    with open_for_writing(warehouse_path, 5) as warehouse:
        load(warehouse, 1, x7=tree(RUNNING, a=QUEUED))
        load(warehouse, 2, x7=tree(RUNNING, a=RUNNING))
        warehouse.connection.execute("DELETE FROM load_status.fetches WHERE run_id = 'run-2'")
    with open_for_writing(warehouse_path, 5) as warehouse:
        assert [row[-1] for row in changes(warehouse)] == [at(2)]

"""The final tables do not depend on the order of runs or on how they were split."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from crashes.readers import State, broken, broken_changes, state
from histories.runs import TOKEN, run
from incorta_simulator.company.company import Company
from incorta_simulator.faults.bodies import AS_DOCUMENTED, LOGIN_PAGE
from incorta_simulator.faults.faults import RawBody
from incorta_simulator.server.simulator import Simulator
from support.proof import IS_PROOF

PROBE_GAP = 10
LAST_ID = 107  # 95 executions, gaps, and the probe gap after them
# Each run takes a second or two, so the gate uses fewer, larger pieces.
PIECE = 10 if IS_PROOF else 27
PIECES = [f"{first}-{min(first + PIECE - 1, LAST_ID)}" for first in range(1, LAST_ID + 1, PIECE)]
OVERLAPPING = (
    ["40-80", "1-20", "90-107", "60-95", "10-45", "81,3,44", "1-107"]
    if IS_PROOF
    else ["40-80", "1-45", "81,3,44", "60-107"]
)
ROUNDS, NEW_A_ROUND = (5, 15) if IS_PROOF else (3, 25)
ORDERS: dict[str, list[str | None]] = {
    "backwards": [*PIECES[::-1]],
    "overlapping": [*OVERLAPPING],
    "scheduled runs after pieces": [*PIECES[: len(PIECES) // 2], None, None],
}
if IS_PROOF:
    ORDERS |= {"in pieces": [*PIECES], "twice": [f"1-{LAST_ID}"] * 2, "a scheduled run": [None]}


@contextmanager
def cluster(executions: int, running: int) -> Iterator[Simulator]:
    """Always the same company; one plan is hidden, and three bodies are invalid."""
    company = Company(executions=executions, running=running, hidden_plan="HR Weekly")
    with Simulator(company, token=TOKEN) as simulator:
        for execution_id, body in ((5, LOGIN_PAGE), (50, AS_DOCUMENTED), (51, AS_DOCUMENTED)):
            simulator.faults.plan(execution_id, RawBody(body))
        yield simulator


def loaded(path: Path, url: str, *runs: str | None) -> State:
    """The tables after runs for these ids; None stands for a scheduled run."""
    for ids in runs:
        run(path, url, ids, probe_gap=PROBE_GAP)
        assert broken(path) == broken_changes(path) == ""
    return state(path)


@pytest.fixture(scope="module")
def after_one_run(tmp_path_factory: pytest.TempPathFactory) -> State:
    """The tables after one run for all ids."""
    with cluster(95, 0) as simulator:
        path = tmp_path_factory.mktemp("at-once") / "warehouse.duckdb"
        tables = loaded(path, simulator.url, f"1-{LAST_ID}")
    outcomes = [row[-2] for row in tables["ledger"]]
    assert len(outcomes) == LAST_ID
    assert {each: outcomes.count(each) for each in sorted(set(outcomes))} == {
        "forbidden": 5,
        "invalid_payload": 3,
        "loaded": 87,
        "not_found": 12,
    }
    return tables


@pytest.mark.parametrize("runs", ORDERS.values(), ids=ORDERS)
def test_the_same_cluster_gives_the_same_tables(
    tmp_path: Path, after_one_run: State, runs: list[str | None]
) -> None:
    """Nodes, last outcomes and kept bodies are equal for any order of runs, except times."""
    with cluster(95, 0) as simulator:
        assert loaded(tmp_path / "warehouse.duckdb", simulator.url, *runs) == after_one_run


def test_incremental_runs_give_the_same_tables_in_the_end(
    tmp_path: Path, after_one_run: State
) -> None:
    """Executions run, end and begin between the runs."""
    path = tmp_path / "warehouse.duckdb"
    with cluster(20, 4) as simulator:
        for _ in range(ROUNDS):
            loaded(path, simulator.url, None)
            simulator.company.finish_all()
            simulator.company.release(NEW_A_ROUND)
        simulator.company.finish_all()
        assert loaded(path, simulator.url, None) == after_one_run

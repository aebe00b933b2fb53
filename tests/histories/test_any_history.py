"""After any history of a cluster and of runs, the warehouse matches the model."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from crashes.processes import in_process
from histories import contents
from histories.model import Expected, LedgerRow, is_final
from histories.runs import BATCH, TOKEN, Moment, killed_run, run
from histories.world import BEGINNINGS, CHANGES, HIGHEST_ID, RESPONSES, Response, World, serving
from incorta_loads.endpoint.execution_ids import ExecutionIds
from incorta_loads.ingest import batches, fetching
from incorta_loads.warehouse.writing import open_for_writing
from incorta_simulator.server.simulator import Simulator
from support.proof import IS_PROOF

HISTORIES = settings(
    max_examples=25 if IS_PROOF else 3,
    stateful_step_count=15 if IS_PROOF else 10,
    phases=(Phase.generate, Phase.shrink),
)


TIMES = {
    "nodes": ["fetched_at"],
    "fetches": ["fetched_at"],
    "status_changes": ["seen_after", "seen_by"],
}
"""Table → its columns with times."""

_RUN = st.just(("a_scheduled_run",))
_RUN_WITH_IDS = st.tuples(
    st.just("a_run_with_ids"), st.sets(st.integers(1, HIGHEST_ID + 2), min_size=1, max_size=9)
)
_KILL = st.tuples(st.just("a_killed_run"), st.integers(0, 2), st.booleans())
_TIME = st.tuples(st.just("time_passes"), st.sampled_from([2, 4, 30, 31 * 24]))
_LOSS = st.just(("the_ledger_is_lost",))
_RESTORE = st.tuples(st.just("the_cluster_is_restored"), RESPONSES)
EVENTS = st.one_of(_RUN, _KILL, _RUN_WITH_IDS, _TIME, _RUN, _KILL, _TIME, _LOSS, _RESTORE)


class Histories(RuleBasedStateMachine):
    """A cluster, a warehouse, and the expected contents.

    Attributes:
        simulator: the cluster.
        world: the cluster's responses.
        empty: a warehouse without rows.
        path: the warehouse.
        counts: the number of events of each kind, for the figures.
    """

    simulator: Simulator
    world: World
    empty: Path
    path: Path
    counts: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.world.responses.clear()
        shutil.rmtree(self.path.parent)
        self.path.parent.mkdir()
        shutil.copyfile(self.empty, self.path)
        self.expected = Expected()
        self.numbers: dict[str, int] = {}
        self.counts["histories"] += 1

    @initialize(changes=BEGINNINGS)
    def the_cluster_begins(self, changes: dict[int, Response]) -> None:
        """The cluster starts with some executions."""
        self.the_cluster_changes(changes)

    @rule(changes=CHANGES, event=EVENTS)
    def something_happens(self, changes: dict[int, Response], event: tuple[Any, ...]) -> None:
        """Applies one event of any kind.

        With one rule for each kind, hypothesis would use only a few of them in a history.
        """
        self.the_cluster_changes(changes)
        rule_name, *arguments = event
        getattr(self, rule_name)(*arguments)

    def the_cluster_changes(self, changes: dict[int, Response]) -> None:
        """Executions begin, change, end, are hidden, break, fail, disappear and come back.

        The highest known execution is kept, since otherwise hardly any run would load anything.
        """
        for execution_id, response in changes.items():
            if execution_id != self.highest or not self.expected.is_gone(execution_id, response):
                self.world.set_response(execution_id, response)

    def the_cluster_is_restored(self, response: Response) -> None:
        """The cluster is restored to another execution with the highest id."""
        if self.highest is not None:
            self.world.set_response(self.highest, response)
        self.a_scheduled_run()

    def time_passes(self, hours: float) -> None:
        """Moves all times in the warehouse back."""
        by = timedelta(hours=hours)
        with duckdb.connect(self.path) as connection:
            for table, columns in TIMES.items():
                earlier = ", ".join(f"{column} = {column} - $by" for column in columns)
                connection.execute(f"UPDATE load_status.{table} SET {earlier}", {"by": by})
        self.expected.shift(by)

    def the_ledger_is_lost(self) -> None:
        """Loaded executions are still known."""
        with duckdb.connect(self.path) as connection:
            connection.execute("DELETE FROM load_status.fetches")
        self.expected.lose_ledger()

    def a_scheduled_run(self) -> None:
        """The run requests the due ids and no others."""
        restored = self.expected.restore()
        begin = datetime.now(UTC)
        requested = self.requested_by(lambda: run(self.path, self.simulator.url, None))
        end = datetime.now(UTC)
        must, may = (self.expected.due(now, self.world.response_to) for now in (begin, end))
        assert set(must) <= set(requested) <= set(may)
        self.counts["scheduled runs"] += 1
        self.counts["of which found the ids to start over"] += self.ids_start_over
        self.counts["of which requested ids known beforehand"] += must == may
        self.compare(
            begin, restored=restored, entered=requested, taken=requested, is_scheduled=True
        )

    @property
    def highest(self) -> int | None:
        """The highest execution in the warehouse."""
        return max(self.expected.trees, default=None)

    @property
    def ids_start_over(self) -> bool:
        """Whether the cluster no longer has the highest execution."""
        highest = self.highest
        return highest is not None and self.expected.is_gone(
            highest, self.world.response_to(highest)
        )

    def a_run_with_ids(self, ids: set[int]) -> None:
        """The run requests exactly these ids."""
        restored = self.expected.restore()
        begin = datetime.now(UTC)
        given = str(ExecutionIds.of(ids))
        requested = self.requested_by(lambda: run(self.path, self.simulator.url, given))
        assert sorted(requested) == sorted(ids)
        self.counts["runs with ids"] += 1
        self.compare(begin, restored=restored, entered=requested, taken=requested)

    def a_killed_run(self, package: int, is_after: bool) -> None:
        """All batches before the last are committed; of the last, at least its nodes and bodies.

        Ids requested ahead of the last batch leave no rows.
        """
        begin = datetime.now(UTC)
        missing = self.expected.without_row()
        survived: list[str | None] = []
        requested = self.requested_by(
            lambda: survived.append(
                in_process(killed_run, self.path, self.simulator.url, Moment(package, is_after))
            )
        )
        self.counts["kills"] += survived == [None]
        if missing and package == 0 and not is_after:
            assert requested == []
            self.compare(begin, restored=[], entered=[], taken=[])
            return
        restored = self.expected.restore()
        assert set(requested) <= set(self.expected.due(datetime.now(UTC), self.world.response_to))
        batch = package - bool(missing)  # restored rows are a package of their own
        ends = [*self.batch_ends(requested), len(requested)]
        entered = requested[: ([0, *ends] + ends[-1:] * batch)[batch + is_after]]
        taken = requested[: (ends + ends[-1:] * batch)[batch]]
        ahead = len(requested) - len(taken)
        assert ahead <= fetching.MOST_AHEAD + 1 or survived == ["survived"]
        self.compare(begin, restored=restored, entered=entered, taken=taken, is_scheduled=True)

    def batch_ends(self, requested: list[int]) -> list[int]:
        """The number of ids at which each batch ends; a changed highest id has its own batch."""
        highest = self.highest
        if highest is None:
            first = 0
        elif self.ids_start_over or not self.is_rewritten(highest):
            first = 1
        else:
            return [1, *range(1 + BATCH, len(requested) + BATCH, BATCH)]
        return [*range(first + BATCH, len(requested) + BATCH, BATCH)]

    def is_rewritten(self, execution_id: int) -> bool:
        """Whether a scheduled run writes the nodes of an execution again."""
        response = self.world.response_to(execution_id)
        return response.tree is not None and not self.expected.stays(
            execution_id, response, self.highest
        )

    def requested_by(self, action: Callable[[], object]) -> list[int]:
        """The ids requested during the action, each once."""
        before = len(self.simulator.requests)
        action()
        requested = [request.execution_id for request in self.simulator.requests[before:]]
        assert len(requested) == len(set(requested))
        return [int(execution_id or -1) for execution_id in requested]

    def compare(
        self,
        begin: datetime,
        *,
        restored: list[int],
        entered: list[int],
        taken: list[int],
        is_scheduled: bool = False,
    ) -> None:
        """Checks that the warehouse has its previous rows and what the run must have added.

        Args:
            begin: when the run began.
            restored: ids whose ledger row was restored when the run began.
            entered: ids whose responses are in the ledger.
            taken: ids whose response bodies are committed.
            is_scheduled: whether the run chose its ids, rather than being given them.
        """
        gone = {self.highest} if is_scheduled and self.ids_start_over else set()
        kept = gone | {i for i in taken if is_scheduled and not self.is_rewritten(i)}
        found = contents.read(self.path)
        new = sorted({row.run_id for row in found.fetches} - set(self.numbers))
        assert len(new) == bool(restored) + bool(entered)
        assert not self.numbers or not new or new[0] > max(self.numbers)
        numbers = ([self.expected.runs - 1] if restored else []) + [self.expected.runs]
        self.numbers |= dict(zip(new, numbers, strict=False))
        trees = {i for i in taken if self.world.response_to(i).tree is not None} - kept
        times = {i: at for i, at in found.node_times.items() if i in trees}
        times |= (
            {row.execution_id: row.at for row in found.fetches if row.run_id in new[-1:]}
            if entered
            else {}
        )
        assert all(begin <= at for at in times.values())
        for execution_id in taken:
            response = self.world.response_to(execution_id)
            if response.tree is None or execution_id not in kept:
                self.expected.take(execution_id, response, times.get(execution_id, begin))
        for execution_id in entered:
            response = self.world.response_to(execution_id)
            outcome = "not_found" if execution_id in gone else response.outcome
            ledger_row = LedgerRow(
                self.expected.runs,
                times[execution_id],
                outcome,
                response.status,
                is_final(response.tree) if response.tree and outcome == "loaded" else None,
            )
            self.expected.enter(execution_id, ledger_row)
            if outcome == "loaded" and execution_id in kept:
                self.expected.see_again(execution_id, times[execution_id])
        self.counts["ids requested"] += len(taken)
        assert contents.ledger(found, self.numbers) == self.expected.ledger
        assert found.nodes == contents.nodes(self.expected)
        assert found.changes == contents.changes(self.expected)
        assert found.invalid == sorted(self.expected.invalid)
        self.counts["changes of nodes, at most"] = max(
            len(found.changes), self.counts["changes of nodes, at most"]
        )


@pytest.fixture
def histories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Histories]]:
    """Histories of a cluster and a warehouse that are there."""
    monkeypatch.setattr(batches, "MOST_EXECUTIONS", BATCH)
    empty_here, home = tmp_path / "empty.duckdb", tmp_path / "home"
    home.mkdir()
    with open_for_writing(empty_here, 5):
        pass
    here = World()
    with serving(here, TOKEN) as serving_here:

        class Here(Histories):
            simulator = serving_here
            world = here
            path = home / "warehouse.duckdb"
            empty = empty_here

        Here.counts = Counter()
        yield Here


@pytest.mark.timeout(3_600)
def test_any_history_ends_as_the_model_expects(
    histories: type[Histories], report_figure: Callable[[str], None]
) -> None:
    """Nodes match the trees, each requested id has one row, and scheduled runs request due ids
    only."""
    run_state_machine_as_test(histories, settings=HISTORIES)
    report_figure("; ".join(f"{count} {name}" for name, count in histories.counts.items()))


def test_a_change_stays_as_it_was_first_seen(histories: type[Histories]) -> None:
    """Later looks at the same tree begin where the next change is counted from."""
    history = histories()
    for job_status in ("Failed", "Failed", "Success", "Success", "Success", "Failed"):
        status = {"stateType": "Terminator State", "jobStatus": job_status}
        tree = {"type": "LOAD_PLAN", "name": "a", "status": status}
        history.world.set_response(1, Response(200, json.dumps(tree).encode(), tree))
        history.a_scheduled_run()
    assert len(contents.read(history.path).changes) == 2

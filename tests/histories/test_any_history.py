"""Any history of a cluster and of the runs that ask it: the warehouse holds what the model says."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from crashes.processes import apart
from histories import contents
from histories.model import Asked, Expected
from histories.runs import BATCH, TOKEN, Moment, killed_run, run
from histories.world import ANSWERS, BEGINNINGS, CHANGES, HIGHEST_ID, ObservedTable, World, serving
from incorta_loads.endpoint.execution_ids import ExecutionIds
from incorta_loads.ingest import batches
from incorta_loads.warehouse.writing import open_for_writing
from incorta_simulator.server.simulator import Simulator
from support.proof import IS_PROOF

HISTORIES = settings(
    max_examples=25 if IS_PROOF else 3,
    stateful_step_count=15 if IS_PROOF else 10,
    phases=(Phase.generate, Phase.shrink),
)


_RUN = st.just(("a_scheduled_run",))
_RUN_WITH_IDS = st.tuples(
    st.just("a_run_with_ids"), st.sets(st.integers(1, HIGHEST_ID + 2), min_size=1, max_size=9)
)
_KILL = st.tuples(st.just("a_killed_run"), st.integers(0, 2), st.booleans())
_TIME = st.tuples(st.just("time_passes"), st.sampled_from([2, 4, 30, 31 * 24]))
_LOSS = st.just(("the_ledger_is_lost",))
_RESTORE = st.tuples(st.just("the_cluster_is_restored"), ANSWERS)
WHAT = st.one_of(_RUN, _KILL, _RUN_WITH_IDS, _TIME, _RUN, _KILL, _TIME, _LOSS, _RESTORE)


class Histories(RuleBasedStateMachine):
    """A cluster, a warehouse, and what must be in it.

    Attributes:
        simulator: the cluster.
        world: what it answers.
        empty: a warehouse without rows.
        path: the warehouse.
        counts: what was done, for the figures.
    """

    simulator: Simulator
    world: World
    empty: Path
    path: Path
    counts: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.world.answers.clear()
        shutil.rmtree(self.path.parent)
        self.path.parent.mkdir()
        shutil.copyfile(self.empty, self.path)
        self.expected = Expected()
        self.numbers: dict[str, int] = {}
        self.counts["histories"] += 1

    @initialize(changes=BEGINNINGS)
    def the_cluster_begins(self, changes: dict[int, ObservedTable]) -> None:
        """With some executions."""
        self.the_cluster_lives_on(changes)

    @rule(changes=CHANGES, what=WHAT)
    def something_happens(self, changes: dict[int, ObservedTable], what: tuple[Any, ...]) -> None:
        """One rule only: with several, hypothesis would leave most of them out of a history."""
        self.the_cluster_lives_on(changes)
        rule_name, *arguments = what
        getattr(self, rule_name)(*arguments)

    def the_cluster_lives_on(self, changes: dict[int, ObservedTable]) -> None:
        """Executions begin, change, end, are hidden, break, fail, go and come back.

        The highest that is known stays what it is, or hardly any run would load a thing.
        """
        for execution_id, told in changes.items():
            if execution_id != self.highest or not self.expected.is_gone(execution_id, told):
                self.world.tell(execution_id, told)

    def the_cluster_is_restored(self, told: ObservedTable) -> None:
        """To some other executions, if any."""
        if self.highest is not None:
            self.world.tell(self.highest, told)
        self.a_scheduled_run()

    def time_passes(self, hours: float) -> None:
        """As the warehouse sees it: all that is in it happened so much earlier."""
        by = timedelta(hours=hours)
        with duckdb.connect(self.path) as connection:
            for table in ("nodes", "fetches"):
                connection.execute(
                    f"UPDATE load_status.{table} SET fetched_at = fetched_at - $by", {"by": by}
                )
        self.expected.shift(by)

    def the_ledger_is_lost(self) -> None:
        """What is loaded is still known."""
        with duckdb.connect(self.path) as connection:
            connection.execute("DELETE FROM load_status.fetches")
        self.expected.ledger.clear()

    def a_scheduled_run(self) -> None:
        """It asks for what is due and for nothing else."""
        restored = self.expected.restore()
        begin = datetime.now(UTC)
        asked = self.asked_by(lambda: run(self.path, self.simulator.url, None))
        end = datetime.now(UTC)
        must, may = (self.expected.due(now, self.world.answer) for now in (begin, end))
        assert set(must) <= set(asked) <= set(may)
        self.counts["scheduled runs"] += 1
        self.counts["of which found the ids to start over"] += self.ids_start_over
        self.counts["of which asked for ids known beforehand"] += must == may
        self.compare(begin, restored=restored, entered=asked, taken=asked, is_scheduled=True)

    @property
    def highest(self) -> int | None:
        """The highest execution that the warehouse has."""
        return max(self.expected.trees, default=None)

    @property
    def ids_start_over(self) -> bool:
        """Whether the cluster no longer has that one."""
        highest = self.highest
        return highest is not None and self.expected.is_gone(highest, self.world.answer(highest))

    def a_run_with_ids(self, ids: set[int]) -> None:
        """It asks for exactly these."""
        restored = self.expected.restore()
        begin = datetime.now(UTC)
        given = str(ExecutionIds.of(ids))
        asked = self.asked_by(lambda: run(self.path, self.simulator.url, given))
        assert sorted(asked) == sorted(ids)
        self.counts["runs with ids"] += 1
        self.compare(begin, restored=restored, entered=asked, taken=asked)

    def a_killed_run(self, package: int, is_after: bool) -> None:
        """Whole batches are there, and of the last one at least nodes and bodies."""
        begin = datetime.now(UTC)
        missing = self.expected.without_row()
        survived: list[str | None] = []
        asked = self.asked_by(
            lambda: survived.append(
                apart(killed_run, self.path, self.simulator.url, Moment(package, is_after))
            )
        )
        self.counts["kills"] += survived == [None]
        if missing and package == 0 and not is_after:
            assert asked == []
            self.compare(begin, restored=[], entered=[], taken=[])
            return
        restored = self.expected.restore()
        assert set(asked) <= set(self.expected.due(datetime.now(UTC), self.world.answer))
        batch = package - bool(missing)  # the rows that are restored are a package of their own
        ends = [*self.batch_ends(asked), len(asked)]
        entered = asked[: ([0, *ends] + ends[-1:] * batch)[batch + is_after]]
        taken = asked[: (ends + ends[-1:] * batch)[batch]]
        assert asked == taken or survived == ["survived"]
        self.compare(begin, restored=restored, entered=entered, taken=taken, is_scheduled=True)

    def batch_ends(self, asked: list[int]) -> list[int]:
        """After how many ids each batch ends: the highest has one of its own where it changed."""
        highest = self.highest
        if highest is None:
            first = 0
        elif self.ids_start_over or not self.is_rewritten(highest):
            first = 1
        else:
            return [1, *range(1 + BATCH, len(asked) + BATCH, BATCH)]
        return [*range(first + BATCH, len(asked) + BATCH, BATCH)]

    def is_rewritten(self, execution_id: int) -> bool:
        """Whether a scheduled run writes the nodes of an execution again."""
        told = self.world.answer(execution_id)
        return told.tree is not None and not self.expected.stays(execution_id, told, self.highest)

    def asked_by(self, action: Callable[[], object]) -> list[int]:
        """The ids that were asked for meanwhile, each once."""
        before = len(self.simulator.requests)
        action()
        asked = [request.execution_id for request in self.simulator.requests[before:]]
        assert len(asked) == len(set(asked))
        return [int(execution_id or -1) for execution_id in asked]

    def compare(
        self,
        begin: datetime,
        *,
        restored: list[int],
        entered: list[int],
        taken: list[int],
        is_scheduled: bool = False,
    ) -> None:
        """The warehouse has exactly what it had, and what the run must have added.

        Args:
            begin: when the run began.
            restored: ids whose ledger row was written at its beginning.
            entered: ids whose answers are in the ledger.
            taken: ids whose answers are there.
            is_scheduled: whether the run chose its ids by itself.
        """
        gone = {self.highest} if is_scheduled and self.ids_start_over else set()
        kept = gone | {i for i in taken if is_scheduled and not self.is_rewritten(i)}
        found = contents.read(self.path)
        new = sorted({row.run_id for row in found.fetches} - set(self.numbers))
        assert len(new) == bool(restored) + bool(entered)
        assert not self.numbers or not new or new[0] > max(self.numbers)
        numbers = ([self.expected.runs - 1] if restored else []) + [self.expected.runs]
        self.numbers |= dict(zip(new, numbers, strict=False))
        trees = {i for i in taken if self.world.answer(i).tree is not None} - kept
        times = {i: at for i, at in found.node_times.items() if i in trees}
        times |= (
            {row.execution_id: row.at for row in found.fetches if row.run_id in new[-1:]}
            if entered
            else {}
        )
        assert all(begin <= at for at in times.values())
        for execution_id in taken:
            told = self.world.answer(execution_id)
            if told.tree is None or execution_id not in kept:
                self.expected.take(execution_id, told, times.get(execution_id, begin))
        for execution_id in entered:
            told = self.world.answer(execution_id)
            outcome = "not_found" if execution_id in gone else told.outcome
            asked = Asked(self.expected.runs, times[execution_id], outcome, told.status)
            self.expected.enter(execution_id, asked)
        self.counts["ids asked"] += len(taken)
        assert contents.ledger(found, self.numbers) == self.expected.ledger
        assert found.nodes == contents.nodes(self.expected)
        assert found.invalid == sorted(self.expected.invalid)


@pytest.mark.timeout(1_800)
def test_any_history_ends_as_the_model_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tell: Callable[[str], None]
) -> None:
    """Nodes are the trees, each id asked has one row, and scheduled runs ask for what is due."""
    monkeypatch.setattr(batches, "MOST_EXECUTIONS", BATCH)
    empty, home = tmp_path / "empty.duckdb", tmp_path / "home"
    home.mkdir()
    with open_for_writing(empty, 5):
        pass
    here, counts = World(), Counter[str]()
    with serving(here, TOKEN) as serving_here:

        class Here(Histories):
            simulator = serving_here
            world = here
            path = home / "warehouse.duckdb"

        Here.empty, Here.counts = empty, counts
        run_state_machine_as_test(Here, settings=HISTORIES)
    tell("; ".join(f"{count} {name}" for name, count in counts.items()))

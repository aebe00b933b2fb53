"""One run: plan, fetch, load, batch after batch."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from incorta_loads.base_tables import Batch
from incorta_loads.batches import batch_of, fetch_batches
from incorta_loads.config.settings import Settings
from incorta_loads.continuity import (
    as_gone,
    is_over_and_unchanged,
    nodes_of,
    why_another,
    without_executions,
)
from incorta_loads.endpoint.client import Answer
from incorta_loads.endpoint.execution_ids import ExecutionIds
from incorta_loads.errors import (
    ClusterDownError,
    ConfigurationError,
    IncortaLoadsError,
    SpoolError,
)
from incorta_loads.plan import Feed, Known, OutcomeOf, asked_for, due, read_known
from incorta_loads.redaction import Redactor
from incorta_loads.restarted_ids import RestartedIds
from incorta_loads.run_ids import new_run_id
from incorta_loads.text import counted
from incorta_loads.warehouse.writing import Warehouse

logger = logging.getLogger(__name__)


@dataclass
class Ingested:
    """What one run did so far.

    Attributes:
        run_id: its name in the ledger.
        outcomes: ids by outcome.
        nodes: rows written to `nodes`.
        seconds: wall time.
        planned: ids that the run will ask for at least; None while it still looks for the newest.
        first_problem: outcome → the lowest id that ended so, and its message.
        found_nothing: an empty warehouse stayed empty.
        in_vain: ids in a row without nodes after which the looking for new ones was given up, and
            the last of these; None: it came to where nothing exists.
        restarted: where the cluster's ids seem to have started over; nothing else was asked then.
        ended_by: the error that ended the run early, if any; what is counted here was committed.
    """

    run_id: str
    outcomes: Counter[str] = field(default_factory=Counter)
    nodes: int = 0
    seconds: float = 0.0
    planned: int | None = None
    first_problem: dict[str, tuple[int, str]] = field(default_factory=dict)
    found_nothing: bool = False
    in_vain: tuple[int, int] | None = None
    restarted: RestartedIds | None = None
    ended_by: IncortaLoadsError | None = None

    @property
    def ids(self) -> int:
        """Ids that got a ledger row."""
        return self.outcomes.total()

    @property
    def is_complete(self) -> bool:
        """Whether each id is loaded or known to be a gap."""
        is_known = self.outcomes["loaded"] + self.outcomes["not_found"] == self.ids
        return is_known and self.restarted is None

    def count(self, batch: Batch) -> None:
        """Adds a batch that was committed."""
        self.nodes += batch.nodes.num_rows
        for row in batch.fetches.select(["execution_id", "outcome", "message"]).to_pylist():
            self.outcomes[row["outcome"]] += 1
            problem = row["execution_id"], row["message"] or ""
            self.first_problem[row["outcome"]] = min(
                problem, self.first_problem.get(row["outcome"], problem)
            )


def ingest_into(
    warehouse: Warehouse,
    settings: Settings,
    ids: ExecutionIds | None,
    *,
    outcome_of: OutcomeOf,
    stopping: threading.Event,
    report: Callable[[Ingested], None],
) -> Ingested:
    """Fetches and loads the given ids, or what is due.

    Args:
        warehouse: open for writing.
        settings: the cluster.
        ids: exactly these; None: what the warehouse says is due.
        outcome_of: what statuses mean: what did not end in success may be repaired.
        stopping: once set, the run ends after what is in flight.
        report: is told what was done, after each batch and before the first.

    Raises:
        WarehouseError: the warehouse could not be written.
    """
    began = time.monotonic()
    # Before the run has its name: it may ask for the same ids, and has one row for each.
    _restore_ledger(warehouse)
    ingested = Ingested(new_run_id())
    run = _Run(warehouse, settings, ingested, stopping)
    was_empty = False
    if ids is not None:
        ingested.planned = len(ids)
        logger.info("asking for the ids %s", ids)
        batches = run.fetched(asked_for(ids))
    else:
        known = run.known(outcome_of)
        was_empty = known.highest is None
        batches = run.due(known)
    report(ingested)
    try:
        with warehouse.memory.little():
            for batch in batches:
                begin = time.monotonic()
                warehouse.load(batch)
                ingested.count(batch)
                logger.debug(
                    "loaded a batch of %s, %s in %.1f s",
                    counted(batch.fetches.num_rows, "id"),
                    counted(batch.nodes.num_rows, "node"),
                    time.monotonic() - begin,
                    extra={"run_id": ingested.run_id},
                )
                del batch  # before the next one grows beside it
                ingested.seconds = time.monotonic() - began
                report(ingested)
    except (ConfigurationError, ClusterDownError, SpoolError) as error:
        ingested.ended_by = error
    looked_everywhere = ingested.ended_by is None and not stopping.is_set()
    ingested.found_nothing = was_empty and looked_everywhere and not ingested.outcomes["loaded"]
    return ingested


@dataclass(frozen=True)
class _Run:
    """Where the batches of one run come from."""

    warehouse: Warehouse
    settings: Settings
    ingested: Ingested
    stopping: threading.Event

    def fetched(self, feed: Feed) -> Iterator[Batch]:
        """What becomes of the ids of a feed."""
        return fetch_batches(
            feed,
            self.settings,
            run_id=self.ingested.run_id,
            redactor=Redactor([self.settings.token]),
            stopping=self.stopping,
        )

    def known(self, outcome_of: OutcomeOf) -> Known:
        """What the warehouse says is due."""
        known = read_known(
            self.warehouse.connection,
            cluster=self.settings.cluster,
            tenant=self.settings.tenant,
            first_id=self.settings.first_id,
            probe_gap=self.settings.probe_gap,
            now=datetime.now(UTC),
            outcome_of=outcome_of,
        )
        logger.info(
            "asking for %s not final, new ones above %s, %s not loaded",
            counted(len(known.not_final), "execution"),
            self.settings.first_id - 1 if known.highest is None else known.highest,
            counted(len(known.not_loaded), "id"),
        )
        return known

    def due(self, known: Known) -> Iterator[Batch]:
        """The highest execution, to see that the ids go on, then what else is due."""
        first = Batch()
        if known.highest is not None:
            for first in self.fetched(asked_for(ExecutionIds.of([known.highest]))):
                before = self._nodes_of(known.highest)
                reason = why_another(before, first, was_gone=known.highest_is_gone)
                if reason is not None:
                    names = self.settings.cluster, self.settings.tenant
                    self.ingested.restarted = RestartedIds(*names, known.highest, reason)
                    yield as_gone(first, reason)
                    return
        first = self._without_unchanged(first, known)
        feed = due(known, first_id=self.settings.first_id, probe_gap=self.settings.probe_gap)
        rest = (self._without_unchanged(batch, known) for batch in self.fetched(feed))
        yield from _begun_with(first, rest)
        if feed.ids_in_vain:
            self.ingested.in_vain = feed.ids_in_vain, feed.last_probed

    def _without_unchanged(self, batch: Batch, known: Known) -> Batch:
        """The batch without executions that were final and are as they were: nothing to write."""
        ids = pc.unique(batch.nodes["execution_id"]).to_pylist()
        unchanged = [
            each
            for each in ids
            if (each == known.highest or each in known.not_successful)
            and is_over_and_unchanged(self._nodes_of(each), nodes_of(batch, each))
        ]
        return without_executions(batch, unchanged) if unchanged else batch

    def _nodes_of(self, execution_id: int) -> pa.Table:
        names = self.settings.cluster, self.settings.tenant
        return self.warehouse.nodes_of(*names, execution_id)


def _begun_with(first: Batch, rest: Iterator[Batch]) -> Iterator[Batch]:
    """The batches, the first of them with the ledger row of another one: one package less."""
    if first.nodes.num_rows or not first.fetches.num_rows:
        second = first
    else:
        try:
            second = next(rest, Batch())
        except IncortaLoadsError:
            yield first
            raise
        second = Batch(
            second.nodes,
            pa.concat_tables([first.invalid_payloads, second.invalid_payloads]),
            pa.concat_tables([first.fetches, second.fetches]),
        )
    if second.fetches.num_rows:
        yield second
    del first, second  # before the next one grows beside them
    yield from rest


def load_answer(warehouse: Warehouse, settings: Settings, answer: Answer) -> bool:
    """Loads an answer that is a tree and is already here, as a run of its own would.

    Returns:
        Whether it was loaded; False: the warehouse has what came of asking later.

    Raises:
        WarehouseError: it could not be written.
    """
    _restore_ledger(warehouse)
    later = warehouse.connection.execute(
        "SELECT 1 FROM load_status.nodes WHERE cluster = $cluster AND tenant = $tenant "
        # what a clock left that was wrong once is no later answer
        "AND execution_id = $id AND node_id = 0 AND fetched_at BETWEEN $after AND $now",
        {
            "cluster": settings.cluster,
            "tenant": settings.tenant,
            "id": answer.execution_id,
            "after": answer.fetched_at + timedelta(microseconds=1),
            "now": datetime.now(UTC),
        },
    ).fetchone()
    if later:
        return False
    # Of now, not of when it was asked for: which id is settled is decided by comparing run ids.
    batch = batch_of(answer, settings, run_id=new_run_id(), redactor=Redactor([settings.token]))
    with warehouse.memory.little():
        warehouse.load(batch)
    return True


def _restore_ledger(warehouse: Warehouse) -> None:
    if restored := warehouse.restore_ledger(new_run_id()):
        logger.info(
            "restored %s that a run was ended before writing", counted(restored, "ledger row")
        )

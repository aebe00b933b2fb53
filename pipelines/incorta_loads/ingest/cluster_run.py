"""The requests of a run to one cluster: the highest execution first, then all ids that are due."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc

from incorta_loads.base_tables import Batch
from incorta_loads.config.settings import Settings
from incorta_loads.endpoint.execution_ids import ExecutionIds
from incorta_loads.errors import IncortaLoadsError
from incorta_loads.ingest.continuity import (
    as_gone,
    is_over_and_unchanged,
    nodes_of,
    why_another,
    without_executions,
)
from incorta_loads.ingest.feed import Feed, asked_for, due
from incorta_loads.ingest.fetching import fetch_batches
from incorta_loads.ingest.ingested import Ingested
from incorta_loads.ingest.known import Known, read_known
from incorta_loads.redaction import Redactor
from incorta_loads.restarted_ids import RestartedIds
from incorta_loads.text import counted
from incorta_loads.tree.statuses import OutcomeOf
from incorta_loads.warehouse.executions import nodes_of as nodes_of_execution
from incorta_loads.warehouse.writing import Warehouse

logger = logging.getLogger(__name__)


class ClusterRun:
    """The requests of one run to one cluster.

    Attributes:
        settings: the cluster.
        ingested: what became of them.
        stopping: once set, the requests to this cluster end.
        began: when it began, on the monotonic clock in seconds.
        was_empty: whether the warehouse had no execution of the cluster when it began.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        settings: Settings,
        run_id: str,
        redactor: Redactor,
        stopping: threading.Event,
        runs: int = 1,
        side_by_side: int = 1,
    ) -> None:
        self.settings = settings
        name = f"{settings.cluster}, tenant {settings.tenant}" if runs > 1 else ""
        self.ingested = Ingested(run_id, name=name)
        self.stopping = stopping
        self.began = time.monotonic()
        self.was_empty = False
        self._warehouse = warehouse
        self._redactor = redactor
        self._side_by_side = side_by_side
        # for the thread that fetches; another thread loads at the same time
        self._reading = warehouse.connection.cursor()
        self._ids: ExecutionIds | None = None
        self._known = Known()

    def plan(self, ids: ExecutionIds | None, outcome_of: OutcomeOf) -> None:
        """Reads from the warehouse which ids are due, in the context of `roots`.

        Args:
            ids: exactly the ids to request, or None for the ids that are due.
            outcome_of: maps statuses to outcomes.
        """
        self._ids = ids
        begin = f"{self.ingested.name}: " if self.ingested.name else ""
        if ids is not None:
            self.ingested.planned = len(ids)
            logger.info("%srequesting ids %s", begin, ids)
            return
        self._known = read_known(
            self._warehouse.connection,
            cluster=self.settings.cluster,
            tenant=self.settings.tenant,
            first_id=self.settings.first_id,
            probe_gap=self.settings.probe_gap,
            now=datetime.now(UTC),
            outcome_of=outcome_of,
        )
        self.was_empty = self._known.highest is None
        logger.info(
            "%srequesting %s not final, new ones above %s, %s not loaded",
            begin,
            counted(len(self._known.not_final), "execution"),
            self.settings.first_id - 1 if self.was_empty else self._known.highest,
            counted(len(self._known.not_loaded), "id"),
        )

    def batches(self) -> Iterator[Batch]:
        """Yields the rows to load, in batches."""
        if self._ids is not None:
            return self._fetched(asked_for(self._ids))
        return self._due(self._known)

    def _fetched(self, feed: Feed) -> Iterator[Batch]:
        return fetch_batches(
            feed,
            self.settings,
            run_id=self.ingested.run_id,
            redactor=self._redactor,
            stopping=self.stopping,
            side_by_side=self._side_by_side,
        )

    def _due(self, known: Known) -> Iterator[Batch]:
        """Yields the highest execution, then the other ids that are due.

        The highest execution shows whether the cluster's ids have started over.
        """
        first = Batch()
        if known.highest is not None:
            for first in self._fetched(asked_for(ExecutionIds.of([known.highest]))):
                before = self._nodes_of(known.highest)
                reason = why_another(before, first, was_gone=known.highest_is_gone)
                if reason is not None:
                    names = self.settings.cluster, self.settings.tenant
                    self.ingested.restarted = RestartedIds(*names, known.highest, reason)
                    yield as_gone(first, reason)
                    return
        first = self._without_unchanged(first, known)
        feed = due(known, first_id=self.settings.first_id, probe_gap=self.settings.probe_gap)
        rest = (self._without_unchanged(batch, known) for batch in self._fetched(feed))
        yield from _begun_with(first, rest)
        if feed.ids_in_vain:
            self.ingested.in_vain = feed.ids_in_vain, feed.last_probed

    def _without_unchanged(self, batch: Batch, known: Known) -> Batch:
        """Returns the batch without unchanged final executions, which need no writing."""
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
        return nodes_of_execution(self._reading, *names, execution_id)


def _begun_with(first: Batch, rest: Iterator[Batch]) -> Iterator[Batch]:
    """Yields `first` and then `rest`.

    If `first` has only a ledger row, it is merged into the next batch, which saves a dlt package.
    """
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
    del first, second  # free them before the next batch is built
    yield from rest

"""Requests of a scheduled run: the highest execution first, then all ids that are due."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass
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
from incorta_loads.warehouse.writing import Warehouse

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunBatches:
    """Provides the batches of one run."""

    warehouse: Warehouse
    settings: Settings
    ingested: Ingested
    stopping: threading.Event

    def fetched(self, feed: Feed) -> Iterator[Batch]:
        """Yields the results for the ids of a feed."""
        return fetch_batches(
            feed,
            self.settings,
            run_id=self.ingested.run_id,
            redactor=Redactor([self.settings.token]),
            stopping=self.stopping,
        )

    def known(self, outcome_of: OutcomeOf) -> Known:
        """Reads from the warehouse which ids are due."""
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
            "requesting %s not final, new ones above %s, %s not loaded",
            counted(len(known.not_final), "execution"),
            self.settings.first_id - 1 if known.highest is None else known.highest,
            counted(len(known.not_loaded), "id"),
        )
        return known

    def due(self, known: Known) -> Iterator[Batch]:
        """Yields the highest execution, then the other ids that are due.

        The highest execution shows whether the cluster's ids have started over.
        """
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
        return self.warehouse.nodes_of(*names, execution_id)


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

"""One run: plans, fetches and loads, batch by batch."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from incorta_loads.config.settings import Settings
from incorta_loads.endpoint.client import Answer
from incorta_loads.endpoint.execution_ids import ExecutionIds
from incorta_loads.errors import (
    ClusterDownError,
    ConfigurationError,
    RunFailedError,
    SpoolError,
)
from incorta_loads.ingest.batches import batch_of
from incorta_loads.ingest.continuity import why_another
from incorta_loads.ingest.feed import asked_for
from incorta_loads.ingest.ingested import Ingested
from incorta_loads.ingest.run_ids import new_run_id
from incorta_loads.ingest.scheduled import RunBatches
from incorta_loads.redaction import Redactor
from incorta_loads.text import counted
from incorta_loads.tree.changes import Look
from incorta_loads.tree.statuses import OutcomeOf
from incorta_loads.warehouse.roots import roots
from incorta_loads.warehouse.writing import Warehouse

logger = logging.getLogger(__name__)


def ingest_into(
    warehouse: Warehouse,
    settings: Settings,
    ids: ExecutionIds | None,
    *,
    outcome_of: OutcomeOf,
    stopping: threading.Event,
    report: Callable[[Ingested], None],
) -> Ingested:
    """Fetches and loads the given ids, or the ids that are due.

    Args:
        warehouse: the warehouse, open for writing.
        settings: the cluster.
        ids: exactly the ids to request, or None for the ids that are due.
        outcome_of: maps statuses to outcomes; executions without success may be repaired.
        stopping: once set, the run ends after the requests in flight.
        report: receives the progress before the first batch and after each batch.

    Raises:
        WarehouseError: the warehouse could not be written.
    """
    began = time.monotonic()
    was_empty = False
    with roots(warehouse.connection):
        # Before this run gets its run id, so that the restored rows have a lower one: this run may
        # request the same executions.
        _restore_ledger(warehouse)
        ingested = Ingested(new_run_id())
        run = RunBatches(warehouse, settings, ingested, stopping)
        if ids is not None:
            ingested.planned = len(ids)
            logger.info("requesting ids %s", ids)
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
                del batch  # free it before the next batch is built
                ingested.seconds = time.monotonic() - began
                report(ingested)
    except (ConfigurationError, ClusterDownError, SpoolError) as error:
        ingested.ended_by = error
    looked_everywhere = ingested.ended_by is None and not stopping.is_set()
    ingested.found_nothing = was_empty and looked_everywhere and not ingested.outcomes["loaded"]
    return ingested


def load_answer(
    warehouse: Warehouse, settings: Settings, answer: Answer, looks: Sequence[Look]
) -> bool:
    """Loads an answer that is a tree and was already fetched, like a run of its own.

    Args:
        warehouse: the warehouse, open for writing.
        settings: the cluster.
        answer: the answer.
        looks: all looks at the execution, of which the answer is the last.

    Returns:
        Whether the answer was loaded. False if the warehouse has the result of a later request.

    Raises:
        RunFailedError: the warehouse has an execution of another plan under this id.
        WarehouseError: the warehouse could not be written.
    """
    with roots(warehouse.connection):
        _restore_ledger(warehouse)
    later = warehouse.connection.execute(
        "SELECT 1 FROM load_status.nodes WHERE cluster = $cluster AND tenant = $tenant "
        # a row from the future, left by a wrong clock, is not a later answer
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
    # The run id has the current time, not that of the request: run ids decide which id is settled.
    batch = batch_of(answer, settings, run_id=new_run_id(), redactor=Redactor([settings.token]))
    before = warehouse.nodes_of(settings.cluster, settings.tenant, answer.execution_id)
    if before.num_rows and (reason := why_another(before, batch, was_gone=False)) is not None:
        raise RunFailedError(
            f"The warehouse has an {reason}; if the cluster was restored, set cluster = "
            f'"{settings.cluster}-2" under [sources.incorta], which keeps its executions apart.'
        )
    with warehouse.memory.little():
        warehouse.load(batch, looks)
    return True


def _restore_ledger(warehouse: Warehouse) -> None:
    if restored := warehouse.restore_ledger(new_run_id()):
        logger.info(
            "restored %s that an earlier run had not written before it ended",
            counted(restored, "ledger row"),
        )

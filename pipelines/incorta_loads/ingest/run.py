"""One run: plans, fetches and loads, batch by batch."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from incorta_loads.config.settings import Settings
from incorta_loads.endpoint.client import Answer
from incorta_loads.endpoint.execution_ids import ExecutionIds
from incorta_loads.errors import RunFailedError
from incorta_loads.ingest.batches import batch_of
from incorta_loads.ingest.cluster_run import ClusterRun
from incorta_loads.ingest.continuity import why_another
from incorta_loads.ingest.ingested import Ingested
from incorta_loads.ingest.run_ids import new_run_id
from incorta_loads.ingest.side_by_side import side_by_side
from incorta_loads.ingest.stopping import Stopping
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
    stopping: Stopping,
    report: Callable[[Ingested], None],
) -> Ingested:
    """Fetches and loads the given ids of one cluster, or the ids that are due.

    Like `ingest_clusters` with one cluster.
    """
    (ingested,) = ingest_clusters(
        warehouse, [settings], ids, outcome_of=outcome_of, stopping=stopping, report=report
    )
    return ingested


def ingest_clusters(
    warehouse: Warehouse,
    clusters: Sequence[Settings],
    ids: ExecutionIds | None,
    *,
    outcome_of: OutcomeOf,
    stopping: Stopping,
    report: Callable[[Ingested], None],
    at_once: int = 1,
) -> list[Ingested]:
    """Fetches from clusters side by side, and loads what comes, one batch after another.

    A cluster that ends early does not end the others.

    Args:
        warehouse: the warehouse, open for writing.
        clusters: the clusters, each with one tenant.
        ids: exactly the ids to request, or None for the ids that are due.
        outcome_of: maps statuses to outcomes; executions without success may be repaired.
        stopping: once set, the run ends after the requests in flight.
        report: receives the progress of a cluster before its first batch and after each batch.
        at_once: from how many clusters to fetch at the same time.

    Returns:
        The results of each cluster, in the same order.

    Raises:
        WarehouseError: the warehouse could not be written.
    """
    redactor = Redactor([each.token for each in clusters])
    with roots(warehouse.connection):
        # Before this run gets its run id, so that the restored rows have a lower one: this run may
        # request the same executions.
        _restore_ledger(warehouse)
        run_id = new_run_id()
        runs = [
            ClusterRun(
                warehouse,
                settings,
                run_id,
                redactor,
                stopping.child(),
                runs=len(clusters),
                side_by_side=min(at_once, len(clusters)),
            )
            for settings in clusters
        ]
        for run in runs:
            run.plan(ids, outcome_of)
    for run in runs:
        report(run.ingested)
    with warehouse.memory.little():
        for run, batch in side_by_side(runs, at_once):
            begin = time.monotonic()
            warehouse.load(batch)
            run.ingested.count(batch)
            logger.debug(
                "loaded a batch of %s, %s in %.1f s",
                counted(batch.fetches.num_rows, "id"),
                counted(batch.nodes.num_rows, "node"),
                time.monotonic() - begin,
                extra={"run_id": run_id},
            )
            del batch  # free it before the next batch is built
            run.ingested.seconds = time.monotonic() - run.began
            report(run.ingested)
    for run in runs:
        looked_everywhere = run.ingested.ended_by is None and not stopping.is_set()
        found_any = run.ingested.outcomes["loaded"]
        run.ingested.found_nothing = run.was_empty and looked_everywhere and not found_any
    return [run.ingested for run in runs]


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

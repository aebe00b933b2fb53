"""One run: plan, fetch, load, batch after batch."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from incorta_loads.batches import Batch, batch_of, fetch_batches
from incorta_loads.client import Answer
from incorta_loads.errors import (
    ClusterDownError,
    ConfigurationError,
    IncortaLoadsError,
    SpoolError,
)
from incorta_loads.execution_ids import ExecutionIds
from incorta_loads.plan import Feed, asked_for, due, read_known
from incorta_loads.redaction import Redactor
from incorta_loads.run_ids import new_run_id
from incorta_loads.settings import Settings
from incorta_loads.warehouse import Warehouse
from incorta_loads.words import counted

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
        ended_by: the error that ended the run early, if any; what is counted here was committed.
    """

    run_id: str
    outcomes: Counter[str] = field(default_factory=Counter)
    nodes: int = 0
    seconds: float = 0.0
    planned: int | None = None
    first_problem: dict[str, tuple[int, str]] = field(default_factory=dict)
    found_nothing: bool = False
    ended_by: IncortaLoadsError | None = None

    @property
    def ids(self) -> int:
        """Ids that got a ledger row."""
        return self.outcomes.total()

    @property
    def is_complete(self) -> bool:
        """Whether each id is loaded or known to be a gap."""
        return self.outcomes["loaded"] + self.outcomes["not_found"] == self.ids

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
    stopping: threading.Event,
    report: Callable[[Ingested], None],
) -> Ingested:
    """Fetches and loads the given ids, or what is due.

    Args:
        warehouse: open for writing.
        settings: the cluster.
        ids: exactly these; None: what the warehouse says is due.
        stopping: once set, the batch in flight is finished and the run ends.
        report: called at the beginning and after each batch, with the sums so far.

    Raises:
        WarehouseError: a batch could not be written; those before it are committed.
    """
    began = time.monotonic()
    # Under a run id of their own: this run may ask for the same ids, and has one row for each.
    _restore_ledger(warehouse)
    ingested = Ingested(new_run_id())
    feed, was_empty = _feed(warehouse, settings, ids, ingested)
    report(ingested)
    batches = fetch_batches(
        feed,
        settings,
        run_id=ingested.run_id,
        redactor=Redactor([settings.token]),
        stopping=stopping,
    )
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
        "AND execution_id = $id AND node_id = 0 AND fetched_at > $fetched_at",
        {
            "cluster": settings.cluster,
            "tenant": settings.tenant,
            "id": answer.execution_id,
            "fetched_at": answer.fetched_at,
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


def _feed(
    warehouse: Warehouse, settings: Settings, ids: ExecutionIds | None, ingested: Ingested
) -> tuple[Feed, bool]:
    if ids is not None:
        ingested.planned = len(ids)
        logger.info("asking for the ids %s", ids)
        return asked_for(ids), False
    known = read_known(
        warehouse.connection,
        cluster=settings.cluster,
        tenant=settings.tenant,
        first_id=settings.first_id,
        probe_gap=settings.probe_gap,
        now=datetime.now(UTC),
    )
    logger.info(
        "asking for %s not final, new ones above %s, %s not loaded",
        counted(len(known.not_final), "execution"),
        settings.first_id - 1 if known.highest is None else known.highest,
        counted(len(known.not_loaded), "id"),
    )
    feed = due(known, first_id=settings.first_id, probe_gap=settings.probe_gap)
    return feed, known.highest is None

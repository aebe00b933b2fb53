"""Runs of the real pipeline for histories; one of them is killed at a chosen moment."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from crashes.points import watch
from histories.model import PROBE_GAP
from incorta_loads.analysis.outcomes import StatusOutcomes
from incorta_loads.config.settings import load_settings
from incorta_loads.endpoint.execution_ids import ExecutionIds
from incorta_loads.ingest import batches
from incorta_loads.ingest.ingested import Ingested
from incorta_loads.ingest.run import ingest_into
from incorta_loads.ingest.stopping import Stopping
from incorta_loads.warehouse.writing import open_for_writing

TOKEN = "history-token"
BATCH = 7  # executions, so that small runs have more than one


def run(
    path: Path, url: str, ids: str | None, *, concurrency: int = 2, probe_gap: int = PROBE_GAP
) -> Ingested:
    """Runs once into the warehouse, from opening to closing it."""
    settings = load_settings(
        {"cluster_url": url, "tenant": "demo", "token": TOKEN, "cluster": "c", "max_attempts": 1}
        | {"probe_gap": probe_gap, "concurrency": concurrency}
    )
    wanted = None if ids is None else ExecutionIds.parse(ids)
    with open_for_writing(path, 5) as warehouse:
        return ingest_into(
            warehouse,
            settings,
            wanted,
            outcome_of=StatusOutcomes().of,
            stopping=Stopping(),
            report=lambda _: None,
        )


@dataclass(frozen=True)
class Moment:
    """The moment at which a run is killed.

    Attributes:
        package: the number of the ledger package, from 0; restored rows are a package too.
        is_after: whether the kill comes right after the commit of its rows, or right before.
    """

    package: int
    is_after: bool


def killed_run(path: Path, url: str, moment: Moment) -> Literal["survived"]:
    """A scheduled run that is killed at the moment, unless it has fewer packages.

    It requests one id at a time, so that requests and batches have the same order.
    """
    passed = 0

    def kill(what: str) -> None:
        nonlocal passed
        if what.startswith('before INSERT INTO "load_status"."fetches"'):
            passed += 1
        is_after = what.startswith('after INSERT INTO "load_status"."fetches"')
        if passed == moment.package + 1 and is_after == moment.is_after:
            os.kill(os.getpid(), signal.SIGKILL)

    watch(kill)
    batches.MOST_EXECUTIONS = BATCH
    run(path, url, None, concurrency=1)
    return "survived"

"""Fetches from several clusters at the same time, for a warehouse that has one writer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import Queue

from incorta_loads.base_tables import Batch
from incorta_loads.errors import ClusterDownError, ConfigurationError, SpoolError
from incorta_loads.ingest.cluster_run import ClusterRun

Waiting = Queue[tuple[ClusterRun, Batch] | None]


def side_by_side(runs: Sequence[ClusterRun], at_once: int) -> Iterator[tuple[ClusterRun, Batch]]:
    """Yields the batches of all runs as they come, each with its run.

    An error that ends the requests to one cluster is in its `ingested.ended_by`. If the caller
    stops early, all requests end.

    Args:
        runs: what to fetch, in this order if not all at the same time.
        at_once: how many of them at the same time.
    """
    if len(runs) == 1 or at_once == 1:
        for run in runs:
            yield from _batches(run)
        return
    # one batch waits while another one is loaded; clusters with more wait for that
    waiting: Waiting = Queue(maxsize=1)
    with ThreadPoolExecutor(at_once, "cluster") as pool:
        fetching = [pool.submit(_fetch, run, waiting) for run in runs]
        pairs = _until_all_ended(waiting, len(runs))
        try:
            for pair in pairs:  # not `yield from`, which would close `pairs` before it is drained
                yield pair
                del pair
        finally:
            for run in runs:
                run.stopping.set()
            for _ in pairs:
                pass
    for each in fetching:
        each.result()


def _fetch(run: ClusterRun, waiting: Waiting) -> None:
    """Hands over the batches of a run, and None at its end."""
    try:
        for pair in _batches(run):
            waiting.put(pair)
            del pair  # free it before the next batch is built
    finally:
        waiting.put(None)


def _until_all_ended(waiting: Waiting, runs: int) -> Iterator[tuple[ClusterRun, Batch]]:
    while runs:
        if (pair := waiting.get()) is None:
            runs -= 1
        else:
            yield pair
            del pair


def _batches(run: ClusterRun) -> Iterator[tuple[ClusterRun, Batch]]:
    try:
        for batch in run.batches():
            yield run, batch
            del batch  # free it before the next batch is built
    except (ConfigurationError, ClusterDownError, SpoolError) as error:
        run.ingested.ended_by = error

"""Fetches ids concurrently and collects the answers in batches."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from incorta_loads.base_tables import Batch
from incorta_loads.config.settings import Settings
from incorta_loads.endpoint.client import Answer, StatusClient
from incorta_loads.errors import ClusterDownError, IncortaLoadsError
from incorta_loads.ingest.batches import BatchBuilder
from incorta_loads.ingest.feed import Feed
from incorta_loads.redaction import Redactor


def fetch_batches(
    feed: Feed,
    settings: Settings,
    *,
    run_id: str,
    redactor: Redactor,
    stopping: threading.Event | None = None,
) -> Iterator[Batch]:
    """Fetches the ids of the feed, `concurrency` at a time, and yields the answers in batches.

    Args:
        feed: ids to request; receives the outcome of each.
        settings: the cluster and the limits of requests.
        run_id: name of the run, stored in each row.
        redactor: removes secrets from messages and from bodies that are kept.
        stopping: once set, no further id is requested, but requests in flight are completed.

    Raises, after everything that was fetched has been yielded:
        InvalidTokenError, WrongTenantError: the cluster refused; no further id was requested.
        ClusterDownError: too many consecutive ids were `unavailable`.
        SpoolError: an answer could not be stored until it was decoded.
    """
    stopping = stopping or threading.Event()
    client = StatusClient(settings, redactor, stopping)
    builder = BatchBuilder(settings, run_id, redactor)
    breaker = _Breaker(most=max(8, 2 * settings.concurrency))
    fatal: IncortaLoadsError | None = None
    flying: set[Future[Answer]] = set()
    try:
        with ThreadPoolExecutor(settings.concurrency, "fetch") as pool:
            while True:
                while (
                    len(flying) < settings.concurrency
                    and not (fatal or stopping.is_set())
                    and (execution_id := feed.take()) is not None
                ):
                    flying.add(pool.submit(client.fetch, execution_id))
                if not flying:
                    break
                done, flying = wait(flying, return_when=FIRST_COMPLETED)
                while done:
                    try:
                        # No variable holds the result, so its body is freed once decoded.
                        answer = builder.add(done.pop().result())
                    except IncortaLoadsError as error:
                        fatal = fatal or error
                        stopping.set()
                        continue
                    feed.report(answer.execution_id, answer.outcome)
                    fatal = fatal or breaker.count(answer)
                    if builder.is_full:
                        yield builder.take()
    finally:
        client.close()
    if not builder.is_empty:
        yield builder.take()
    if fatal:
        raise fatal


class _Breaker:
    """Counts consecutive unavailable ids."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._in_a_row = 0

    def count(self, answer: Answer) -> ClusterDownError | None:
        self._in_a_row = self._in_a_row + 1 if answer.outcome == "unavailable" else 0
        if self._in_a_row < self._most:
            return None
        reason = (answer.message or "").rstrip(".")
        return ClusterDownError(
            f"The cluster is down: {self._in_a_row} ids in a row were unavailable, the last one "
            f"({answer.execution_id}) with: {reason}. What was fetched before is kept; "
            "run the same command again when it is back."
        )

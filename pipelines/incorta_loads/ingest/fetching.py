"""Fetches ids concurrently and collects the answers in batches.

Requests go on while the caller loads a batch: the threads work through a queue of ids. Answers wait
with their bodies still encoded, small ones in memory and large ones on disk, so they take little
memory.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from queue import SimpleQueue

from incorta_loads.base_tables import Batch
from incorta_loads.config.settings import Settings
from incorta_loads.endpoint.client import Answer, StatusClient
from incorta_loads.errors import ClusterDownError, IncortaLoadsError
from incorta_loads.ingest.batches import BatchBuilder
from incorta_loads.ingest.feed import Feed
from incorta_loads.redaction import Redactor

MOST_AHEAD = 100
"""Maximum number of ids beyond those in flight whose answers may wait while a batch is loaded."""


def fetch_batches(
    feed: Feed,
    settings: Settings,
    *,
    run_id: str,
    redactor: Redactor,
    stopping: threading.Event | None = None,
    side_by_side: int = 1,
) -> Iterator[Batch]:
    """Fetches the ids of the feed, `concurrency` at a time, and yields the answers in batches.

    Args:
        feed: ids to request; receives the outcome of each.
        settings: the cluster and the limits of requests.
        run_id: name of the run, stored in each row.
        redactor: removes secrets from messages and from bodies that are kept.
        stopping: once set, no further id is requested, but requests in flight are completed.
        side_by_side: from how many clusters is fetched at the same time; batches are smaller then.

    Raises, after everything that was fetched has been yielded:
        InvalidTokenError, WrongTenantError: the cluster refused; no further id was requested.
        ClusterDownError: too many consecutive ids were `unavailable`.
        SpoolError: an answer could not be stored until it was decoded.
    """
    stopping = stopping or threading.Event()
    builder = BatchBuilder(settings, run_id, redactor, side_by_side)
    requests = _Requests(StatusClient(settings, redactor, stopping), settings, stopping)
    try:
        while requests.add_from(feed):
            try:
                # No variable holds the result, so its body is freed once decoded.
                answer = builder.add(requests.next_answer())
            except CancelledError:
                continue
            feed.report(answer.execution_id, answer.outcome)
            if builder.is_full:
                yield builder.take()
    finally:
        requests.close()
    if not builder.is_empty:
        yield builder.take()
    if requests.fatal:
        raise requests.fatal


class _Requests:
    """Requests in flight, ids that wait for a thread, and answers that wait to be decoded.

    Attributes:
        fatal: the error that ended the requests, if any.
    """

    def __init__(self, client: StatusClient, settings: Settings, stopping: threading.Event) -> None:
        self.fatal: IncortaLoadsError | None = None
        self._client = client
        self._stopping = stopping
        self._breaker = _Breaker(most=max(8, 2 * settings.concurrency))
        self._lock = threading.Lock()
        self._most = settings.concurrency + MOST_AHEAD
        self._pool = ThreadPoolExecutor(settings.concurrency, "fetch")
        self._pending = 0
        self._finished: SimpleQueue[Future[Answer]] = SimpleQueue()

    def add_from(self, feed: Feed) -> bool:
        """Queues ids of the feed up to the limit; returns whether any answer is pending."""
        while (
            self._pending < self._most
            and not self._is_over()
            and (execution_id := feed.take()) is not None
        ):
            self._pool.submit(self._fetch, execution_id).add_done_callback(self._finished.put)
            self._pending += 1
        return self._pending > 0

    def next_answer(self) -> Answer:
        """Waits for the next answer.

        Raises:
            CancelledError: the requests ended before this id was requested, or while it was.
        """
        future = self._finished.get()
        self._pending -= 1
        return future.result()

    def close(self) -> None:
        """Waits for the requests in flight and closes all connections."""
        self._pool.shutdown(cancel_futures=True)
        self._client.close()

    def _fetch(self, execution_id: int) -> Answer:
        if self._is_over():
            raise CancelledError
        try:
            answer = self._client.fetch(execution_id)
        except IncortaLoadsError as error:
            self._stopping.set()
            with self._lock:
                self.fatal = self.fatal or error
            raise CancelledError from error
        # Here, so that the requests end at once even while the caller loads a batch.
        with self._lock:
            down = self._breaker.count(answer)
            self.fatal = self.fatal or down
        return answer

    def _is_over(self) -> bool:
        return self.fatal is not None or self._stopping.is_set()


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
            f"The cluster is down: {self._in_a_row} consecutive ids were unavailable, the last one "
            f"({answer.execution_id}) with: {reason}. What was fetched before is kept; "
            "run the same command again when it is back."
        )

"""Ids → answers, some at a time → batches of rows, ready to be loaded."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace

import pyarrow as pa

from incorta_loads.base_tables import FETCHES, INVALID_PAYLOADS, NODES
from incorta_loads.client import Answer, StatusClient
from incorta_loads.errors import ClusterDownError, IncortaLoadsError
from incorta_loads.plan import Feed
from incorta_loads.redaction import Redactor
from incorta_loads.settings import Settings
from incorta_loads.status_json import InvalidPayload, Tree, decode
from incorta_loads.status_tree import Execution, flatten

MOST_EXECUTIONS = 100
MOST_NODES = 100_000
MOST_BODY_BYTES = 32 * 2**20
MOST_PATH_BYTES = 128 * 2**20
KEPT_BODY_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Batch:
    """The rows that some answers became, one table each (schemas in `base_tables`).

    Attributes:
        nodes: whole executions only.
        invalid_payloads: bodies that are no tree.
        fetches: the ledger, one row an answer.
    """

    nodes: pa.Table = field(default_factory=NODES.empty_table)
    invalid_payloads: pa.Table = field(default_factory=INVALID_PAYLOADS.empty_table)
    fetches: pa.Table = field(default_factory=FETCHES.empty_table)


def fetch_batches(
    feed: Feed,
    settings: Settings,
    *,
    run_id: str,
    redactor: Redactor,
    stopping: threading.Event | None = None,
) -> Iterator[Batch]:
    """Asks for the ids of the feed, `concurrency` at a time, and yields what came back.

    Args:
        feed: the ids; it is told what became of each.
        settings: where to ask, and how.
        run_id: stands in the rows.
        redactor: keeps secrets out of messages and kept bodies.
        stopping: once set no further id is asked for; what is in flight is still awaited.

    Raises, after what was fetched has been yielded:
        InvalidTokenError, WrongTenantError: no further id was asked for.
        ClusterDownError: too many ids in a row were `unavailable`.
    """
    stopping = stopping or threading.Event()
    client = StatusClient(settings, redactor, stopping)
    builder = _BatchBuilder(settings, run_id, redactor)
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
                for future in done:
                    try:
                        answer = builder.add(future.result())
                    except IncortaLoadsError as error:
                        fatal = fatal or error
                        stopping.set()
                        continue
                    feed.report(answer.execution_id, has_nodes=answer.outcome == "loaded")
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
    """Counts unavailable ids in a row."""

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


@dataclass
class _BatchBuilder:
    """Gathers answers until they make a batch."""

    settings: Settings
    run_id: str
    redactor: Redactor
    executions: list[Execution] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    nodes: int = 0
    path_bytes: int = 0
    body_bytes: int = 0

    @property
    def is_empty(self) -> bool:
        return not self.answers

    @property
    def is_full(self) -> bool:
        return (
            len(self.answers) >= MOST_EXECUTIONS
            or self.nodes >= MOST_NODES
            or self.body_bytes >= MOST_BODY_BYTES
            or self.path_bytes >= MOST_PATH_BYTES
        )

    def add(self, answer: Answer) -> Answer:
        """Decodes the body, if any, and returns the answer with its final outcome."""
        self.body_bytes += len(answer.body or b"")
        if answer.outcome == "loaded":
            try:
                tree = self._decode(answer.body or b"")
            except InvalidPayload as error:
                message = self.redactor.clean_text(str(error))
                answer = replace(answer, outcome="invalid_payload", message=message)
            else:
                answer = replace(answer, body=None)
                self.executions.append(Execution(answer.execution_id, answer.fetched_at, tree))
                self.nodes += tree.nodes
                self.path_bytes += tree.path_bytes
        self.answers.append(answer)
        return answer

    def take(self) -> Batch:
        """The batch so far; the builder is empty afterwards."""
        invalid = [answer for answer in self.answers if answer.outcome == "invalid_payload"]
        batch = Batch(
            flatten(self.executions, cluster=self.settings.cluster, tenant=self.settings.tenant),
            pa.Table.from_pylist([self._invalid_row(each) for each in invalid], INVALID_PAYLOADS),
            pa.Table.from_pylist([self._ledger_row(each) for each in self.answers], FETCHES),
        )
        self.executions, self.answers = [], []
        self.nodes = self.path_bytes = self.body_bytes = 0
        return batch

    def _decode(self, body: bytes) -> Tree:
        if self.redactor.found_in(body):
            raise InvalidPayload("it contains the access token, which must not be stored")
        return decode(body)

    def _key(self, answer: Answer) -> dict[str, object]:
        return {
            "cluster": self.settings.cluster,
            "tenant": self.settings.tenant,
            "execution_id": answer.execution_id,
            "run_id": self.run_id,
            "fetched_at": answer.fetched_at,
        }

    def _invalid_row(self, answer: Answer) -> dict[str, object]:
        body = self.redactor.clean_bytes(answer.body or b"")
        return self._key(answer) | {
            "body_sha256": hashlib.sha256(body).hexdigest(),
            "error": answer.message,
            "body": body[:KEPT_BODY_BYTES],
            "bytes": answer.size_bytes,
        }

    def _ledger_row(self, answer: Answer) -> dict[str, object]:
        return self._key(answer) | {
            "outcome": answer.outcome,
            "http_status": answer.http_status,
            "message": answer.message,
            "attempts": answer.attempts,
            "duration_ms": answer.duration_ms,
            "bytes": answer.size_bytes,
        }

"""Conversion of answers into batches of rows that are ready to load."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

import pyarrow as pa

from incorta_loads.base_tables import FETCHES, INVALID_PAYLOADS, NODES, Batch
from incorta_loads.config.settings import Settings
from incorta_loads.endpoint.client import Answer
from incorta_loads.redaction import Redactor
from incorta_loads.tree.decoding import decode
from incorta_loads.tree.flattening import Execution, final_executions, flatten
from incorta_loads.tree.nodes import InvalidPayload, Tree

MOST_EXECUTIONS = 100
MOST_NODES = 100_000
MOST_BODY_BYTES = 32 * 2**20
MOST_ROW_TEXT_BYTES = 32 * 2**20
KEPT_BODY_BYTES = 2**20

FLATTENED_NODES = 20_000
"""Nodes after which decoded trees are converted to rows, which take a quarter of the memory."""


def batch_of(answer: Answer, settings: Settings, *, run_id: str, redactor: Redactor) -> Batch:
    """Returns the rows of one answer. Its body can be read again afterwards."""
    builder = BatchBuilder(settings, run_id, redactor)
    builder.add(answer)
    return builder.take()


@dataclass
class BatchBuilder:
    """Collects answers until they fill a batch.

    Attributes:
        side_by_side: how many batches are collected at the same time, which share the memory.
    """

    settings: Settings
    run_id: str
    redactor: Redactor
    side_by_side: int = 1
    tables: list[pa.Table] = field(default_factory=list)
    executions: list[Execution] = field(default_factory=list)
    invalid_payloads: list[dict[str, object]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    nodes: int = 0
    nodes_of_trees: int = 0
    text_bytes: int = 0
    body_bytes: int = 0

    @property
    def is_empty(self) -> bool:
        return not self.answers

    @property
    def is_full(self) -> bool:
        return (
            len(self.answers) >= MOST_EXECUTIONS
            or self.nodes >= MOST_NODES // self.side_by_side
            or self.body_bytes >= MOST_BODY_BYTES // self.side_by_side
            or self.text_bytes >= MOST_ROW_TEXT_BYTES // self.side_by_side
        )

    def add(self, answer: Answer) -> Answer:
        """Decodes the body, if any, and returns the answer with its final outcome and no body."""
        if answer.body is not None:
            body = answer.body.read()
            answer = replace(answer, body=None)
            self.body_bytes += len(body)
            if answer.outcome == "loaded":
                answer = self._add_tree(answer, body)
            if answer.outcome == "invalid_payload":
                self.invalid_payloads.append(self._invalid_row(answer, body))
            del body  # free it before the trees become rows
        if self.nodes_of_trees >= FLATTENED_NODES // self.side_by_side:
            self._flatten()
        self.answers.append(answer)
        return answer

    def _add_tree(self, answer: Answer, body: bytes) -> Answer:
        try:
            tree = self._decode(body)
        except InvalidPayload as error:
            message = self.redactor.clean_text(str(error))
            return replace(answer, outcome="invalid_payload", message=message)
        self.executions.append(Execution(answer.execution_id, answer.fetched_at, tree))
        self.nodes += tree.nodes
        self.nodes_of_trees += tree.nodes
        self.text_bytes += tree.text_bytes
        return answer

    def take(self) -> Batch:
        """Returns the current batch and empties the builder."""
        self._flatten()
        nodes = pa.concat_tables([NODES.empty_table(), *self.tables])
        final = set(final_executions(nodes).to_pylist())
        batch = Batch(
            nodes,
            pa.Table.from_pylist(self.invalid_payloads, INVALID_PAYLOADS),
            pa.Table.from_pylist([self._ledger_row(each, final) for each in self.answers], FETCHES),
        )
        self.tables, self.invalid_payloads, self.answers = [], [], []
        self.nodes = self.text_bytes = self.body_bytes = 0
        return batch

    def _flatten(self) -> None:
        """Converts the pending trees to rows."""
        names = {"cluster": self.settings.cluster, "tenant": self.settings.tenant}
        self.tables.append(flatten(self.executions, **names))
        self.executions = []
        self.nodes_of_trees = 0

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

    def _invalid_row(self, answer: Answer, body: bytes) -> dict[str, object]:
        body = self.redactor.clean_bytes(body)
        return self._key(answer) | {
            "body_sha256": hashlib.sha256(body).hexdigest(),
            "error": answer.message,
            "body": body[:KEPT_BODY_BYTES],
            "bytes": answer.size_bytes,
        }

    def _ledger_row(self, answer: Answer, final: set[int]) -> dict[str, object]:
        return self._key(answer) | {
            "outcome": answer.outcome,
            "http_status": answer.http_status,
            "message": answer.message,
            "attempts": answer.attempts,
            "duration_ms": answer.duration_ms,
            "bytes": answer.size_bytes,
            "is_final": answer.execution_id in final if answer.outcome == "loaded" else None,
        }

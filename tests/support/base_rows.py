"""Batches of rows as a run creates them, for tests of loading."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pyarrow as pa

from incorta_loads.base_tables import FETCHES, INVALID_PAYLOADS, Batch
from incorta_loads.tree.decoding import decode
from incorta_loads.tree.flattening import Execution, flatten


def at(minute: int) -> datetime:
    return datetime(2026, 11, 23, 12, minute, tzinfo=UTC)


def batch_of(
    run_id: str,
    minute: int,
    *,
    trees: Mapping[int, bytes] | None = None,
    bodies: Mapping[int, bytes] | None = None,
    others: Mapping[int, str] | None = None,
    tenant: str = "t",
    is_final: bool | None = None,
) -> Batch:
    """The batch for trees, invalid bodies and other outcomes, by id."""
    trees, bodies, others = trees or {}, bodies or {}, others or {}
    executions = [Execution(each, at(minute), decode(body)) for each, body in trees.items()]
    outcomes = {
        **dict.fromkeys(trees, "loaded"),
        **dict.fromkeys(bodies, "invalid_payload"),
        **others,
    }
    shared = {"cluster": "c", "tenant": tenant, "run_id": run_id, "fetched_at": at(minute)}
    no_trees = [
        shared
        | {"execution_id": each, "body": body, "bytes": len(body), "error": "no tree"}
        | {"body_sha256": body.hex()}
        for each, body in bodies.items()
    ]
    ledger = [
        shared
        | {"execution_id": each, "outcome": outcome, "attempts": 1, "duration_ms": 5}
        | {"is_final": is_final}
        for each, outcome in outcomes.items()
    ]
    return Batch(
        flatten(executions, cluster="c", tenant=tenant),
        pa.Table.from_pylist(no_trees, INVALID_PAYLOADS),
        pa.Table.from_pylist(ledger, FETCHES),
    )

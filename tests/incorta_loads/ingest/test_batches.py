"""Rules for turning ids into batches of rows."""

from __future__ import annotations

import hashlib
import json
import tempfile
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from incorta_loads.base_tables import FETCHES, INVALID_PAYLOADS, NODES, Batch
from incorta_loads.config.settings import Settings
from incorta_loads.endpoint.execution_ids import ExecutionIds
from incorta_loads.errors import (
    ClusterDownError,
    IncortaLoadsError,
    InvalidTokenError,
    SpoolError,
    WrongTenantError,
)
from incorta_loads.ingest.batches import KEPT_BODY_BYTES
from incorta_loads.ingest.feed import asked_for
from incorta_loads.ingest.fetching import MOST_AHEAD, fetch_batches
from incorta_loads.redaction import Redactor
from incorta_loads.tree.decoding import decode
from incorta_loads.tree.flattening import Execution, flatten
from incorta_simulator.faults.faults import Exchange, RawBody, Refusal
from incorta_simulator.server.simulator import Simulator
from support.patience import HANG_SECONDS

MakeSettings = Callable[..., Settings]
Row = dict[str, Any]

TREE = b'{"name":"Nightly","type":"LOAD_PLAN"}'


def fetched(
    ids: str, settings: Settings, stopping: threading.Event | None = None
) -> Iterator[Batch]:
    redactor = Redactor([settings.token])
    feed = asked_for(ExecutionIds.parse(ids))
    return fetch_batches(feed, settings, run_id="run-1", redactor=redactor, stopping=stopping)


def until_error(batches: Iterator[Batch]) -> tuple[list[Batch], IncortaLoadsError]:
    """The batches yielded before an error, and the error, which must occur."""
    got: list[Batch] = []
    with pytest.raises(IncortaLoadsError) as caught:
        got.extend(iter(lambda: next(batches), None))
    return got, caught.value


def only(batches: Iterator[Batch]) -> Batch:
    (batch,) = batches
    return batch


def outcomes(*batches: Batch) -> dict[int, str]:
    rows = pa.concat_tables([batch.fetches for batch in batches]).to_pylist()
    return {row["execution_id"]: row["outcome"] for row in sorted(rows, key=key)}


def key(row: Row) -> int:
    return int(row["execution_id"])


def requested(simulator: Simulator) -> list[int]:
    return [request.execution_id or 0 for request in simulator.requests]


# --- Rows -----------------------------------------------------------------------------------------


def test_trees_become_the_rows_of_whole_executions(
    simulator: Simulator, settings: Settings
) -> None:
    """Each tree is complete, with the ledger's time; gaps have no nodes."""
    batch = only(fetched("1-34", settings))

    fetched_at = {key(row): row["fetched_at"] for row in batch.fetches.to_pylist()}
    assert sorted(fetched_at) == list(range(1, 35))
    executions = [
        Execution(each, fetched_at[each], decode(json.dumps(simulator.company.tree(each)).encode()))
        for each in simulator.company.ids
    ]
    assert len(executions) == 30
    expected = flatten(executions, cluster="test", tenant=simulator.tenant)
    assert (
        batch.nodes.sort_by([("execution_id", "ascending"), ("node_id", "ascending")]) == expected
    )
    assert batch.invalid_payloads.num_rows == 0
    assert (batch.nodes.schema, batch.fetches.schema) == (NODES, FETCHES)


def test_the_ledger_has_whether_an_execution_was_final(
    simulator: Simulator, settings: Settings
) -> None:
    """Ended roots above a running node are not final; without nodes, `is_final` is NULL."""
    ended = b'{"status":{"stateType":"Terminator State"},"childStatusDetails":[%s]}'
    running = b'{"status":{"stateType":"Load State"}}'
    for execution_id, body in enumerate((ended % b"", ended % running, running, b"[]"), 1):
        simulator.faults.plan(execution_id, RawBody(body))
    rows = only(fetched("1-4,999", settings)).fetches.to_pylist()
    assert {key(row): row["is_final"] for row in rows} == {
        1: True,
        2: False,
        3: False,
        4: None,
        999: None,
    }


def test_the_ledger_has_the_outcome_of_each_id(simulator: Simulator, settings: Settings) -> None:
    """There is one row per id, for every outcome and with every column."""
    simulator.faults.plan(1, RawBody(TREE))
    simulator.faults.plan(2, RawBody(b"<html>"))
    simulator.faults.plan(3, Refusal(403, "Not yours."))
    simulator.faults.plan(4, Refusal(422, "What?"))
    simulator.faults.plan(5, Refusal(503, "Down."))
    before = datetime.now(UTC)
    batch = only(fetched("1-5,999", settings))
    after = datetime.now(UTC)

    rows = sorted(batch.fetches.to_pylist(), key=key)
    for row in rows:
        assert before <= row.pop("fetched_at") <= after
        assert 0 <= row.pop("duration_ms") <= (after - before).total_seconds() * 1000 + 1
    shared = {"cluster": "test", "tenant": simulator.tenant, "run_id": "run-1", "attempts": 1}
    gap = "INC_05291904: The LOAD_PLAN of ID [999] cannot be found."
    no_json = "the body is not JSON (JSON is malformed: invalid character (byte 0))"
    assert rows == [
        shared | {"execution_id": each, "outcome": outcome, "http_status": status,
                  "message": message, "bytes": size,
                  "is_final": False if outcome == "loaded" else None}
        for each, outcome, status, message, size in [
            (1, "loaded", 200, None, len(TREE)),
            (2, "invalid_payload", 200, no_json, len(b"<html>")),
            (3, "forbidden", 403, "Not yours.", len(b'{"message": "Not yours."}')),
            (4, "rejected", 422, "What?", len(b'{"message": "What?"}')),
            (5, "unavailable", 503, "Down.", len(b'{"message": "Down."}')),
            (999, "not_found", 404, gap, len(json.dumps({"message": gap}))),
        ]
    ]  # fmt: skip


def test_an_invalid_payload_is_kept_unchanged(simulator: Simulator, settings: Settings) -> None:
    """An example is the vendor's own documentation, which has an extra comma."""
    body = b'{"name": "LoadPlan_Demo",}'
    simulator.faults.plan(7, RawBody(body))
    batch = only(fetched("7", settings))

    (ledger,) = batch.fetches.to_pylist()
    assert batch.nodes.num_rows == 0
    assert batch.invalid_payloads.schema == INVALID_PAYLOADS
    assert batch.invalid_payloads.to_pylist() == [
        {
            "cluster": "test",
            "tenant": simulator.tenant,
            "execution_id": 7,
            "body_sha256": "0178f55cc00ded0a9473d564adcd26291dcf0624f1dd1aa8abd4e08dadf7d206",
            "run_id": "run-1",
            "fetched_at": ledger["fetched_at"],
            "error": ledger["message"],
            "body": body,
            "bytes": 26,
        }
    ]


@pytest.mark.parametrize("size", [0, KEPT_BODY_BYTES, KEPT_BODY_BYTES + 1])
def test_the_beginning_of_a_large_body_is_kept(
    simulator: Simulator, settings: Settings, size: int
) -> None:
    """The first MiB is kept, with size and digest of the whole body."""
    body = bytes(range(1, 256)) * (size // 255 + 1)
    body = body[:size]
    simulator.faults.plan(1, RawBody(body))
    (row,) = only(fetched("1", settings)).invalid_payloads.to_pylist()
    assert row["body"] == body[: 2**20]
    assert row["bytes"] == size
    assert row["body_sha256"] == hashlib.sha256(body).hexdigest()


def test_a_body_over_the_limit_is_kept_as_far_as_it_was_read(
    simulator: Simulator, make_settings: MakeSettings
) -> None:
    """A truncated body is an invalid payload, even if its tree was valid."""
    simulator.faults.plan(1, RawBody(TREE + b" " * 4096))
    (row,) = only(fetched("1", make_settings(max_body_mib=0.002))).invalid_payloads.to_pylist()
    assert row["error"] == "the body is larger than 0.002 MiB"
    assert row["body"] == TREE + b" " * (2097 - len(TREE))
    assert row["bytes"] == 2097


@pytest.mark.parametrize("spelling", ["plain", "json", "unicode", "percent"])
def test_a_tree_that_contains_the_token_is_an_invalid_payload(
    simulator: Simulator, settings: Settings, spelling: str
) -> None:
    """No spelling of the token is stored; other executions are kept."""
    token = settings.token
    spelled = {
        "plain": token,
        "json": token.replace("/", "\\/"),
        "unicode": "".join(f"\\u{ord(each):04x}" for each in token),
        "percent": "".join(f"%{ord(each):02X}" for each in token),
    }[spelling]
    simulator.faults.plan(1, RawBody(b'{"name":"%s","type":"LOAD_PLAN"}' % spelled.encode()))
    batch = only(fetched("1", settings))

    assert outcomes(batch) == {1: "invalid_payload"}
    assert batch.nodes.num_rows == 0
    (row,) = batch.invalid_payloads.to_pylist()
    kept = b'{"name":"[redacted]","type":"LOAD_PLAN"}'
    assert (row["body"], row["body_sha256"]) == (kept, hashlib.sha256(kept).hexdigest())
    assert row["error"] == "it contains the access token, which must not be stored"


def test_a_body_that_is_not_json_is_kept_without_the_token(
    simulator: Simulator, settings: Settings
) -> None:
    """No other column contains the token either."""
    simulator.faults.plan(1, RawBody(f'{{"name": nonsense {settings.token}'.encode()))
    batch = only(fetched("1", settings))
    assert outcomes(batch) == {1: "invalid_payload"}
    rows = batch.fetches.to_pylist() + batch.invalid_payloads.to_pylist()
    assert settings.token not in str(rows)
    assert "[redacted]" in str(rows)


# --- The size of a batch --------------------------------------------------------------------------


def sizes(batches: Iterator[Batch]) -> list[int]:
    return [batch.fetches.num_rows for batch in batches]


def test_a_batch_ends_at_a_hundred_ids(simulator: Simulator, settings: Settings) -> None:
    """Ids count whatever their outcome."""
    batches = list(fetched("1-250", settings))
    assert sizes(iter(batches)) == [100, 100, 50]
    assert sorted(outcomes(*batches)) == list(range(1, 251))


def test_a_batch_ends_at_a_hundred_thousand_nodes(
    simulator: Simulator, make_settings: MakeSettings
) -> None:
    """The tree that reaches the limit is the last one of its batch."""
    children = b",".join([b"{}"] * 39_999)
    for each in range(1, 6):
        simulator.faults.plan(each, RawBody(b'{"childStatusDetails":[' + children + b"]}"))
    batches = list(fetched("1-5", make_settings(concurrency=1)))
    assert [(batch.fetches.num_rows, batch.nodes.num_rows) for batch in batches] == [
        (3, 120_000),
        (2, 80_000),
    ]


def test_a_batch_ends_at_32_mib_of_bodies(
    simulator: Simulator, make_settings: MakeSettings
) -> None:
    """Bodies count whether they are valid or not."""
    for each in range(1, 7):
        simulator.faults.plan(each, RawBody((TREE if each % 2 else b"?") + b" " * 8 * 2**20))
    assert sizes(fetched("1-6", make_settings(concurrency=1))) == [4, 2]


def test_a_batch_ends_at_32_mib_of_paths(simulator: Simulator, make_settings: MakeSettings) -> None:
    """A few small bodies may have very long paths."""
    long_name = b'{"name":"%s"}' % (b"x" * 100_000)
    children = b",".join([long_name] + [b"{}"] * 99)
    for each in range(1, 4):
        simulator.faults.plan(each, RawBody(b'{"childStatusDetails":[' + children + b"]}"))
    assert sizes(fetched("1-3", make_settings(concurrency=1))) == [2, 1]


def test_no_ids_give_no_batch(settings: Settings) -> None:
    """There is no empty batch."""
    feed = asked_for(ExecutionIds())
    redactor = Redactor([settings.token])
    assert list(fetch_batches(feed, settings, run_id="run-1", redactor=redactor)) == []


# --- Concurrency, and the end of all requests -----------------------------------------------------


@pytest.mark.parametrize("concurrency", [1, 3])
def test_concurrency_sets_the_number_of_simultaneous_requests(
    simulator: Simulator, make_settings: MakeSettings, concurrency: int
) -> None:
    """Each response waits for that many requests, so there are never more, and never fewer while
    ids remain."""
    together = threading.Barrier(concurrency, timeout=HANG_SECONDS)

    class Together:
        def write(self, exchange: Exchange) -> None:
            together.wait()
            exchange.write_last(exchange.normal().encode())

    for each in range(1, 31):
        simulator.faults.plan(each, Together())
    batch = only(fetched("1-30", make_settings(concurrency=concurrency)))
    assert batch.fetches.num_rows == 30
    assert simulator.max_in_flight == concurrency


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Refusal(401), InvalidTokenError),
        (Refusal(404, "Invalid [DEFAULT] tenant in resource path"), WrongTenantError),
    ],
)
def test_a_configuration_error_stops_requests_and_keeps_responses(
    simulator: Simulator,
    make_settings: MakeSettings,
    fault: Refusal,
    error: type[IncortaLoadsError],
) -> None:
    """The id at which the error appeared gets no ledger row."""
    for each in (1, 2):
        simulator.faults.plan(each, RawBody(TREE))
    simulator.faults.plan(3, fault)
    stopping = threading.Event()
    batches, raised = until_error(fetched("1-9", make_settings(concurrency=1), stopping))
    assert type(raised) is error
    assert [outcomes(batch) for batch in batches] == [{1: "loaded", 2: "loaded"}]
    assert requested(simulator) == [1, 2, 3]


def test_requests_in_flight_at_a_configuration_error_are_awaited(
    simulator: Simulator, make_settings: MakeSettings
) -> None:
    """A response that arrives after the refusal is kept too."""
    is_here, was_refused = threading.Event(), threading.Event()

    class Late:
        def write(self, exchange: Exchange) -> None:
            is_here.set()
            assert was_refused.wait(HANG_SECONDS)
            RawBody(TREE).write(exchange)

    class RefuseWhenBothAreHere(Refusal):
        def write(self, exchange: Exchange) -> None:
            assert is_here.wait(HANG_SECONDS)
            super().write(exchange)
            was_refused.set()

    simulator.faults.plan(1, Late())
    simulator.faults.plan(2, RefuseWhenBothAreHere(401))
    batches, raised = until_error(fetched("1,2", make_settings(concurrency=2)))
    assert type(raised) is InvalidTokenError
    assert [outcomes(batch) for batch in batches] == [{1: "loaded"}]


def test_nothing_is_retried_after_a_configuration_error(
    simulator: Simulator, make_settings: MakeSettings
) -> None:
    """An id that waits for another attempt ends with its current outcome."""
    waits = threading.Event()

    class Wait(Refusal):
        def write(self, exchange: Exchange) -> None:
            super().write(exchange)
            waits.set()

    class RefuseOnceTheOtherWaits(Refusal):
        def write(self, exchange: Exchange) -> None:
            assert waits.wait(HANG_SECONDS)
            super().write(exchange)

    simulator.faults.plan(1, Wait(503, "Down.", retry_after=60), times=1)
    simulator.faults.plan(2, RefuseOnceTheOtherWaits(401))
    settings = make_settings(concurrency=2, max_attempts=5)
    batches, raised = until_error(fetched("1,2", settings))
    assert type(raised) is InvalidTokenError
    assert [outcomes(batch) for batch in batches] == [{1: "unavailable"}]
    assert sorted(requested(simulator)) == [1, 2]


def test_an_unavailable_cluster_stops_requests_and_keeps_responses(
    simulator: Simulator, make_settings: MakeSettings
) -> None:
    """The responses before the outage and the failures that showed it are kept."""
    for each in range(1, 4):
        simulator.faults.plan(each, RawBody(TREE))
    for each in range(4, 100):
        simulator.faults.plan(each, Refusal(503, "Down."))
    batches, raised = until_error(fetched("1-99", make_settings(concurrency=1)))
    assert type(raised) is ClusterDownError
    assert str(raised) == (
        "The cluster is down: 8 consecutive ids were unavailable, the last one (11) with: Down. "
        "What was fetched before is kept; run the same command again when it is back."
    )
    expected = dict.fromkeys(range(1, 4), "loaded") | dict.fromkeys(range(4, 12), "unavailable")
    assert [outcomes(batch) for batch in batches] == [expected]
    assert requested(simulator) == list(range(1, 12))


def test_a_full_disk_is_not_reported_as_a_cluster_fault(
    simulator: Simulator,
    make_settings: MakeSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The id gets no row, so that the next run requests it; previous responses are kept."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    simulator.faults.plan(1, RawBody(TREE))
    simulator.faults.plan(2, RawBody(TREE + b" " * 2 * 2**20))
    batches, raised = until_error(fetched("1-9", make_settings(concurrency=1)))
    assert type(raised) is SpoolError
    assert "(No such file or directory); make room there, or set TMPDIR" in str(raised)
    assert [outcomes(batch) for batch in batches] == [{1: "loaded"}]
    assert requested(simulator) == [1, 2]


@pytest.mark.parametrize(("concurrency", "most"), [(1, 8), (4, 8), (6, 12)])
def test_a_cluster_is_unavailable_after_this_many_consecutive_ids(
    simulator: Simulator, make_settings: MakeSettings, concurrency: int, most: int
) -> None:
    """The limit is max(8, 2 × concurrency); requests in flight at that time are kept too."""
    for each in range(1, 100):
        simulator.faults.plan(each, Refusal(503, "Down."))
    batches, raised = until_error(fetched("1-99", make_settings(concurrency=concurrency)))
    assert str(raised).startswith(f"The cluster is down: {most} consecutive ids were unavailable, ")
    assert sorted(outcomes(*batches)) == sorted(requested(simulator))
    assert most <= len(simulator.requests) <= most - 1 + concurrency


def test_occasional_unavailable_ids_do_not_stop_the_run(
    simulator: Simulator, make_settings: MakeSettings
) -> None:
    """Any other response, even a refusal, shows that the cluster is available."""
    for each in range(1, 33):
        fault = Refusal(503, "Down.") if each % 8 else Refusal(403, "Not yours.")
        simulator.faults.plan(each, fault)
    came_back = outcomes(only(fetched("1-32", make_settings(concurrency=1))))
    assert list(came_back.values()) == [*["unavailable"] * 7, "forbidden"] * 4


def test_a_stop_request_awaits_the_ids_in_flight(
    simulator: Simulator, make_settings: MakeSettings
) -> None:
    """No further id is requested, and there is no error."""
    stopping = threading.Event()

    class Stop:
        def write(self, exchange: Exchange) -> None:
            stopping.set()
            RawBody(TREE).write(exchange)

    simulator.faults.plan(1, RawBody(TREE))
    simulator.faults.plan(2, RawBody(TREE))
    simulator.faults.plan(3, Stop())
    batch = only(fetched("1-99", make_settings(concurrency=1), stopping))
    assert outcomes(batch) == {1: "loaded", 2: "loaded", 3: "loaded"}
    assert requested(simulator) == [1, 2, 3]


def test_a_stop_request_before_the_start_prevents_all_requests(
    simulator: Simulator, settings: Settings
) -> None:
    """Not even the first id is requested."""
    stopping = threading.Event()
    stopping.set()
    assert list(fetched("1-9", settings, stopping)) == []
    assert simulator.requests == ()


def test_closing_the_batches_stops_all_requests(
    simulator: Simulator, make_settings: MakeSettings
) -> None:
    """A run that cannot write ends its requests and its threads."""
    batches = fetched("1-500", make_settings(concurrency=2))
    assert next(batches).fetches.num_rows == 100
    del batches
    assert len(simulator.requests) <= 100 + MOST_AHEAD + 2
    assert not [each for each in threading.enumerate() if each.name.startswith("fetch")]

"""Rules for fetching while a batch is loaded."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from incorta_loads.analysis.outcomes import StatusOutcomes
from incorta_loads.base_tables import Batch
from incorta_loads.config.settings import Settings
from incorta_loads.endpoint.execution_ids import ExecutionIds
from incorta_loads.errors import WarehouseError
from incorta_loads.ingest import batches, fetching
from incorta_loads.ingest.run import ingest_into
from incorta_loads.ingest.stopping import Stopping
from incorta_loads.warehouse.writing import Warehouse
from incorta_simulator.faults.weather import Weather
from incorta_simulator.server.simulator import Simulator
from support.patience import HANG_SECONDS

BATCH = 5
CONCURRENCY = 2


class Arrivals(Weather):
    """Counts requests as they arrive, and changes none."""

    def __init__(self) -> None:
        super().__init__(0, 0.0, ())
        self._changed = threading.Condition()
        self._requests = 0

    def strike(self, *_: object) -> None:
        with self._changed:
            self._requests += 1
            self._changed.notify_all()

    def wait_for(self, requests: int) -> bool:
        """Waits until this many requests have arrived; False if they do not."""
        with self._changed:
            return self._changed.wait_for(lambda: self._requests >= requests, HANG_SECONDS)


def ingest(warehouse: Warehouse, settings: Settings, stopping: Stopping) -> None:
    ingest_into(
        warehouse,
        settings,
        ExecutionIds.parse("1-40"),
        outcome_of=StatusOutcomes().of,
        stopping=stopping,
        report=lambda _: None,
    )


@pytest.fixture
def small_batches(
    make_settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> Settings:
    monkeypatch.setattr(batches, "MOST_EXECUTIONS", BATCH)
    monkeypatch.setattr(fetching, "MOST_AHEAD", BATCH)
    return make_settings(concurrency=CONCURRENCY)


def test_the_next_batch_is_fetched_during_a_load(
    simulator: Simulator,
    empty_warehouse: Warehouse,
    small_batches: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """During each load except the last, the next batch is requested, and nothing after it."""
    simulator.faults.weather = arrivals = Arrivals()
    most_ahead = 0
    load = empty_warehouse.load
    loaded = 0

    def load_late(batch: Batch) -> None:
        nonlocal loaded, most_ahead
        loaded += batch.fetches.num_rows
        wanted = min(loaded + BATCH, 40)
        assert arrivals.wait_for(wanted)
        most_ahead = max(most_ahead, len(simulator.requests) - loaded)
        load(batch)

    monkeypatch.setattr(empty_warehouse, "load", load_late)
    ingest(empty_warehouse, small_batches, Stopping())
    assert loaded == 40
    assert most_ahead <= BATCH + CONCURRENCY


def test_a_failed_load_ends_the_requests(
    simulator: Simulator,
    empty_warehouse: Warehouse,
    small_batches: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The error is raised after the requests in flight; queued ids are not requested."""

    def fail(_: Batch) -> None:
        raise WarehouseError("The disk is full.")

    monkeypatch.setattr(empty_warehouse, "load", fail)
    with pytest.raises(WarehouseError, match=r"The disk is full\."):
        ingest(empty_warehouse, small_batches, Stopping())
    assert len(simulator.requests) <= 2 * (BATCH + CONCURRENCY)

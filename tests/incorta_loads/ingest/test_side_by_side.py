"""Several clusters at the same time, and one writer."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from incorta_loads.base_tables import Batch
from incorta_loads.errors import ClusterDownError
from incorta_loads.ingest.ingested import Ingested
from incorta_loads.ingest.side_by_side import side_by_side
from support.patience import HANG_SECONDS


class Run:
    """A run with batches that the test decides."""

    def __init__(self, name: str, batches: Iterator[Batch]) -> None:
        self.ingested = Ingested("run", name=name)
        self.stopping = threading.Event()
        self._batches = batches

    def batches(self) -> Iterator[Batch]:
        return self._batches


def some(number: int) -> Iterator[Batch]:
    for _ in range(number):
        yield Batch()


@pytest.mark.parametrize("at_once", [1, 2, 8])
def test_every_batch_comes_with_its_run(at_once: int) -> None:
    """Whatever the number of runs at the same time is."""
    runs = [Run(str(number), some(number)) for number in range(6)]
    found = [run.ingested.name for run, _ in side_by_side(runs, at_once)]  # type: ignore[arg-type]
    assert sorted(found) == sorted(str(number) for number in range(6) for _ in range(number))


def test_runs_go_on_while_one_waits() -> None:
    """One that has no answer yet does not hold the others up."""
    is_over = threading.Event()

    def slow() -> Iterator[Batch]:
        assert is_over.wait(HANG_SECONDS)
        yield Batch()

    runs = [Run("slow", slow()), Run("a", some(3)), Run("b", some(3))]
    found = []
    for run, _ in side_by_side(runs, 2):  # type: ignore[arg-type]
        found.append(run.ingested.name)
        if len(found) == 6:
            is_over.set()
    assert found[-1] == "slow"


def test_an_error_ends_one_run_only() -> None:
    """What it had fetched before is yielded."""

    def down() -> Iterator[Batch]:
        yield Batch()
        raise ClusterDownError

    runs = [Run("down", down()), Run("up", some(5))]
    assert len([*side_by_side(runs, 2)]) == 6  # type: ignore[arg-type]
    assert [type(run.ingested.ended_by) for run in runs] == [ClusterDownError, type(None)]


def test_an_error_of_the_program_is_raised() -> None:
    """It is not taken for one of the cluster."""

    def broken() -> Iterator[Batch]:
        yield Batch()
        raise KeyError

    with pytest.raises(KeyError):
        list(side_by_side([Run("broken", broken()), Run("up", some(5))], 2))  # type: ignore[list-item]


def test_a_caller_that_stops_ends_all_requests() -> None:
    """No thread remains that waits to hand over."""
    runs = [Run(str(number), some(100)) for number in range(3)]
    batches = side_by_side(runs, 3)  # type: ignore[arg-type]
    next(batches)
    batches.close()  # type: ignore[attr-defined]
    assert all(run.stopping.is_set() for run in runs)
    assert not [each for each in threading.enumerate() if each.name.startswith("cluster")]

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from incorta_simulator.company.company import Company

if TYPE_CHECKING:
    from pathlib import Path

    from incorta_simulator.company.plans import Plan


class MovedClock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def company(shop: Plan, clock: MovedClock) -> Company:
    return Company((shop,), executions=2, running=0, clock=clock)


def test_played_executions_come_one_after_another(company: Company, clock: MovedClock) -> None:
    """Each exists from its time on."""
    before = company.ids
    first, second = company.play(2, every=60)

    seen = []
    for clock.now in (1059.0, 1060.0, 1119.0, 1120.0):
        seen.append((company.exists(first), company.exists(second), company.ids == before))
    assert seen == [
        (False, False, True),
        (True, False, False),
        (True, False, False),
        (True, True, False),
    ]


def test_more_executions_come_after_those_that_were_planned(company: Company) -> None:
    """The order of ids is the order of begins."""
    (first,) = company.play(1, every=60)
    (second,) = company.play(1, every=10)

    assert company.times(first)[()][0] == 1060
    assert company.times(second)[()][0] == 1070


def test_a_played_execution_advances_by_the_clock_alone(
    company: Company, clock: MovedClock
) -> None:
    """Requests do not advance it; from its true end on it is final."""
    (played,) = company.play(1, every=60)
    _, end = company.times(played)[()]
    clock.now = (1060 + end) / 2
    trees = [company.next_tree(played) for _ in range(5)]

    assert trees == trees[:1] * 5
    assert company.running_ids == (played,)
    clock.now = end
    assert company.next_tree(played) == company.tree(played)
    assert company.running_ids == ()


def test_the_times_of_tables_are_those_of_the_clock(company: Company) -> None:
    """All tables of the execution have times within those of the execution."""
    (played,) = company.play(1, every=60)
    times = company.times(played)
    begin, end = times.pop(())

    assert {path[2] for path in times} == {
        table
        for group in company.plans[0].groups
        for each in group.schemas
        for table in each.tables
    }
    assert all(begin <= one <= other <= end for one, other in times.values())


def test_played_executions_stay_over_a_restart(
    shop: Plan, company: Company, clock: MovedClock, tmp_path: Path
) -> None:
    """They keep their ids and times, and the next ones come after them."""
    played = company.play(3, every=60)
    company.save(tmp_path / "state")
    clock.now = 5000
    other = Company((shop,), executions=2, running=0, clock=clock)
    other.load(tmp_path / "state")

    assert [other.times(id_) for id_ in played] == [company.times(id_) for id_ in played]
    assert other.ids == (*company.ids[:2], *played)
    assert other.play(1, every=1)[0] > played[-1]

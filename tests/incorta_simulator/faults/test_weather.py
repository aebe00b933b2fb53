from __future__ import annotations

from typing import TYPE_CHECKING

from incorta_simulator.faults.catalogue import passing
from incorta_simulator.faults.faults import Faults, Refusal
from incorta_simulator.faults.weather import Weather

if TYPE_CHECKING:
    from incorta_simulator.faults.faults import Fault

ONE = (Refusal(503),)


def strikes(weather: Weather, requests: int) -> list[list[Fault | None]]:
    """The faults of the first requests for each of 2,000 ids."""
    return [[weather.strike(id_, nth) for nth in range(1, requests + 1)] for id_ in range(2_000)]


def test_the_rate_is_the_share_of_affected_first_requests() -> None:
    """Of 2,000 first requests a fifth has a fault: 400 ± 4 standard deviations."""
    first = [struck for (struck,) in strikes(Weather(1, 0.2, ONE), 1)]

    assert 328 < sum(struck is not None for struck in first) < 472


def test_the_second_request_for_an_id_never_has_a_fault() -> None:
    """This holds for any rate; the third request may have one again."""
    assert strikes(Weather(1, 1, ONE), 4) == [[ONE[0], None, ONE[0], None]] * 2_000


def test_the_faults_depend_on_the_seed_alone() -> None:
    """They are equal in every process, and another seed affects other ids."""
    faults = tuple(Refusal(status) for status in (429, 500, 503))

    assert strikes(Weather(1, 0.5, faults), 3) == strikes(Weather(1, 0.5, faults), 3)
    assert strikes(Weather(1, 0.5, faults), 3) != strikes(Weather(2, 0.5, faults), 3)


def test_each_fault_occurs() -> None:
    """All faults in the list are used."""
    faults = passing()

    assert {struck for (struck,) in strikes(Weather(1, 1, faults), 1)} == set(faults)


def test_planned_faults_precede_the_weather() -> None:
    """A planned request counts, so that the one after it is the second."""
    faults = Faults()
    faults.weather = Weather(1, 1, ONE)
    faults.plan(1, Refusal(400), times=1)

    assert [faults.take(1) for _ in range(3)] == [Refusal(400), None, ONE[0]]
    assert [faults.take(2) for _ in range(3)] == [ONE[0], None, ONE[0]]
    assert faults.take(None) is None

"""Faults that come and go by chance, for runs that have to end well all the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from incorta_simulator.draws import draw

if TYPE_CHECKING:
    from incorta_simulator.faults.faults import Fault


@dataclass(frozen=True)
class Weather:
    """Lets a share of the requests meet one of the faults, never two in a row for the same id.

    What happens depends on the seed, the id and the number of the request for that id alone. Who
    asks a second time after a fault gets the normal answer.

    Args:
        seed: Another one makes another weather.
        rate: The share of first requests, 0 to 1.
        faults: What may happen. They have to be such that clients ask again.
    """

    seed: int
    rate: float
    faults: tuple[Fault, ...]

    def strike(self, execution_id: int, nth_request: int) -> Fault | None:
        """What the nth request for an id meets, from 1; nothing, most of the time."""
        key = (self.seed, "weather", execution_id, nth_request)
        if nth_request % 2 == 0 or draw(*key) >= self.rate:
            return None
        return self.faults[int(draw(*key, "which") * len(self.faults))]

"""Random transient faults, for runs that must succeed despite them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from incorta_simulator.draws import draw

if TYPE_CHECKING:
    from incorta_simulator.faults.faults import Fault


@dataclass(frozen=True)
class Weather:
    """Applies one of the faults to a share of the requests, never twice in a row for an id.

    The fault depends only on the seed, the id and the number of the request for that id. A retry
    after a fault gets the normal response.

    Args:
        seed: Changes the faults.
        rate: The share of first requests with a fault, 0 to 1.
        faults: The possible faults. All must be ones that clients retry.
    """

    seed: int
    rate: float
    faults: tuple[Fault, ...]

    def strike(self, execution_id: int, nth_request: int) -> Fault | None:
        """Returns the fault for the nth request for an id, from 1; usually None."""
        key = (self.seed, "weather", execution_id, nth_request)
        if nth_request % 2 == 0 or draw(*key) >= self.rate:
            return None
        return self.faults[int(draw(*key, "which") * len(self.faults))]

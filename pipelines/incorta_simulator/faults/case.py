"""One entry of the catalogue of faults: what happens, and what a client must make of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from incorta_simulator.faults.bodies import EXAMPLE_NODES

if TYPE_CHECKING:
    from incorta_simulator.faults.faults import Fault

LOADED = "loaded"
NOT_FOUND = "not_found"
FORBIDDEN = "forbidden"
REJECTED = "rejected"
UNAVAILABLE = "unavailable"
INVALID_PAYLOAD = "invalid_payload"
ENDS_THE_RUN = "ends the run"

_NOT_FOUND_STATUS = 404


@dataclass(frozen=True)
class Case:
    """A fault that each request for an id meets, and the ledger's row that must come of it.

    Attributes:
        sentence: What the client meets.
        make: Makes the fault; each time anew, since some hold a date.
        outcome: The outcome in the ledger; `ends the run` where the id counts as not attempted.
        http_status: The status code in the ledger; None when there was no whole answer.
        nodes: Of a loaded one, the size of its tree.
        is_slow: The client's own patience must end it: give it less than five seconds.
    """

    sentence: str
    make: Callable[[], Fault]
    outcome: str
    http_status: int | None
    nodes: int | None = None
    is_slow: bool = False

    @property
    def is_retried(self) -> bool:
        """Must the client ask again before it gives up."""
        return self.outcome == UNAVAILABLE and self.http_status != _NOT_FOUND_STATUS


Cases = dict[str, Case]


def loaded(sentence: str, make: Callable[[], Fault], nodes: int = EXAMPLE_NODES) -> Case:
    """A tree all the same."""
    return Case(sentence, make, LOADED, 200, nodes)


def invalid(sentence: str, make: Callable[[], Fault]) -> Case:
    """200, and no tree."""
    return Case(sentence, make, INVALID_PAYLOAD, 200)


def rejected(sentence: str, make: Callable[[], Fault], status: int) -> Case:
    """Refused, and asking again makes no sense."""
    return Case(sentence, make, REJECTED, status)


def ends_the_run(sentence: str, make: Callable[[], Fault], status: int) -> Case:
    """The configuration is wrong, so asking for other ids makes no sense either."""
    return Case(sentence, make, ENDS_THE_RUN, status)


def unavailable(
    sentence: str, make: Callable[[], Fault], status: int | None = None, *, is_slow: bool = False
) -> Case:
    """No answer, or one that may be another the next time."""
    return Case(sentence, make, UNAVAILABLE, status, is_slow=is_slow)

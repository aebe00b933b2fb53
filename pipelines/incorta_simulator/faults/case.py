"""One entry of the fault catalog: what happens, and how a client must handle it."""

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
    """A fault that applies to each request for an id, and the expected ledger row.

    Attributes:
        sentence: What happens to the client.
        make: Makes a new fault on each call, because some contain a date.
        outcome: The outcome in the ledger; `ends the run` if the id counts as not attempted.
        http_status: The status code in the ledger; None without a complete response.
        nodes: The size of the loaded tree.
        is_slow: The client must end it by its own timeout; set that below five seconds.
    """

    sentence: str
    make: Callable[[], Fault]
    outcome: str
    http_status: int | None
    nodes: int | None = None
    is_slow: bool = False

    @property
    def is_retried(self) -> bool:
        """Returns whether the client must retry before it gives up."""
        return self.outcome == UNAVAILABLE and self.http_status != _NOT_FOUND_STATUS


Cases = dict[str, Case]


def loaded(sentence: str, make: Callable[[], Fault], nodes: int = EXAMPLE_NODES) -> Case:
    """Returns an entry whose tree is loaded."""
    return Case(sentence, make, LOADED, 200, nodes)


def invalid(sentence: str, make: Callable[[], Fault]) -> Case:
    """Returns an entry with status code 200 and no valid tree."""
    return Case(sentence, make, INVALID_PAYLOAD, 200)


def rejected(sentence: str, make: Callable[[], Fault], status: int) -> Case:
    """Returns a rejection that a retry cannot change."""
    return Case(sentence, make, REJECTED, status)


def ends_the_run(sentence: str, make: Callable[[], Fault], status: int) -> Case:
    """Returns an entry for a wrong configuration, which ends the run."""
    return Case(sentence, make, ENDS_THE_RUN, status)


def unavailable(
    sentence: str, make: Callable[[], Fault], status: int | None = None, *, is_slow: bool = False
) -> Case:
    """Returns an entry without a usable response; a retry may succeed."""
    return Case(sentence, make, UNAVAILABLE, status, is_slow=is_slow)

"""What was asked of the simulator: for tests of how a client behaves."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from incorta_simulator.endpoint import Question

REMEMBERED_REQUESTS = 100_000


@dataclass(frozen=True)
class SeenRequest:
    """One request as it came in."""

    execution_id: int | None
    level: int | None
    path: str
    headers: dict[str, str] = field(repr=False)
    """Names in lower case. Out of the repr: a failing test must not print a token."""
    seen_at_seconds: float
    """On the clock of `time.monotonic`."""
    in_flight: int
    """Requests under way when this one came in, itself included."""


class Traffic:
    """The last requests in the order they came in, and how many were under way at once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._requests: deque[SeenRequest] = deque(maxlen=REMEMBERED_REQUESTS)
        self._in_flight = 0
        self._max_in_flight = 0

    @property
    def requests(self) -> tuple[SeenRequest, ...]:
        """The requests seen so far, oldest first."""
        with self._lock:
            return tuple(self._requests)

    @property
    def max_in_flight(self) -> int:
        """The most requests that were under way at the same time."""
        return self._max_in_flight

    def begin(self, question: Question, path: str, headers: Mapping[str, str]) -> None:
        """A request came in."""
        lower_case = {name.lower(): value for name, value in headers.items()}
        with self._lock:
            self._in_flight += 1
            self._max_in_flight = max(self._max_in_flight, self._in_flight)
            self._requests.append(
                SeenRequest(
                    question.number, question.level, path, lower_case, monotonic(), self._in_flight
                )
            )

    def end(self) -> None:
        """A request is answered."""
        with self._lock:
            self._in_flight -= 1

"""What was asked of the simulator: for tests of how a client behaves."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from incorta_simulator.question import Question

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
    """Requests under way when this one came in, itself included if its client still waits."""


class Client(Protocol):
    """Who asked, for as long as the request is under way."""

    def is_gone(self) -> bool:
        """Has it hung up."""


class Traffic:
    """The last requests in the order they came in, and how many were under way at once.

    A request is under way until it is answered or its client has hung up.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._requests: deque[SeenRequest] = deque(maxlen=REMEMBERED_REQUESTS)
        self._waiting: set[Client] = set()
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

    def begin(
        self, client: Client, question: Question, path: str, headers: Mapping[str, str]
    ) -> None:
        """A request came in."""
        lower_case = {name.lower(): value for name, value in headers.items()}
        with self._lock:
            # A client that gave up a stalled request asks again before that one's thread wakes up.
            asking = self._waiting | {client}
            self._waiting = {each for each in asking if not each.is_gone()}
            in_flight = len(self._waiting)
            self._max_in_flight = max(self._max_in_flight, in_flight)
            self._requests.append(
                SeenRequest(
                    question.number, question.level, path, lower_case, monotonic(), in_flight
                )
            )

    def end(self, client: Client) -> None:
        """Its request is answered; harmless when it was before."""
        with self._lock:
            self._waiting.discard(client)

"""Records the requests, so that tests can check the behavior of a client."""

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
    """One received request."""

    execution_id: int | None
    level: int | None
    path: str
    headers: dict[str, str] = field(repr=False)
    """Header names in lower case. Not in the repr: a failing test must not print a token."""
    seen_at_seconds: float
    """Time of receipt on the clock of `time.monotonic`."""
    in_flight: int
    """Number of concurrent requests on receipt, including this one if its client still waits."""


class Client(Protocol):
    """The client, for the duration of the request."""

    def is_gone(self) -> bool:
        """Returns whether the client has disconnected."""


class Traffic:
    """The last requests in order of receipt, and the maximum number of concurrent ones.

    A request ends with its response or when its client disconnects.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._requests: deque[SeenRequest] = deque(maxlen=REMEMBERED_REQUESTS)
        self._waiting: set[Client] = set()
        self._max_in_flight = 0

    @property
    def requests(self) -> tuple[SeenRequest, ...]:
        """The requests received so far, oldest first."""
        with self._lock:
            return tuple(self._requests)

    @property
    def max_in_flight(self) -> int:
        """The maximum number of concurrent requests."""
        return self._max_in_flight

    def begin(
        self, client: Client, question: Question, path: str, headers: Mapping[str, str]
    ) -> None:
        """Records a received request."""
        lower_case = {name.lower(): value for name, value in headers.items()}
        with self._lock:
            # A client may retry after a stalled request before the thread of that request wakes up.
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
        """Records the response; does nothing if already recorded."""
        with self._lock:
            self._waiting.discard(client)

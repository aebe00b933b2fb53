"""Faults in place of a response, planned by id.

To add a kind of fault, add a class with a `write` method.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from incorta_simulator.answer import HTML, JSON, Answer

if TYPE_CHECKING:
    from incorta_simulator.faults.weather import Weather
    from incorta_simulator.question import Question

_MESSAGES = {
    400: "The request cannot be read.",
    401: "INC_09030108: Invalid authentication header. Invalid Token [abcde12345]",
    403: "You have no View access to any schema of the load plan.",
    404: "The resource is not here.",
    408: "The request took too long.",
    422: "The request cannot be processed.",
    425: "Too early.",
    429: "Too many requests.",
    500: "INC_05150402: No loader services are currently available for this tenant.",
    502: "Bad gateway.",
    503: "The service is unavailable.",
    504: "The gateway timed out.",
}


class Exchange(Protocol):
    """One request that waits for its response."""

    close_connection: bool
    """Whether the server closes the connection after the response; a fault may set it."""

    @property
    def question(self) -> Question:
        """What was requested."""

    @property
    def token(self) -> str:
        """The bearer token of the request."""

    def normal(self) -> Answer:
        """Returns the response without a fault; advances a running execution."""

    def write_part(self, data: bytes) -> None:
        """Sends bytes, with more to follow."""

    def write_last(self, data: bytes) -> None:
        """Sends the last bytes; the request stops being in flight just before."""

    def wait(self, seconds: float | None = None) -> bool:
        """Waits for this time, or forever if None.

        Returns False at once if the client disconnects or the simulator stops.
        """

    def reset(self) -> None:
        """Resets the connection, so that the client's next read fails."""


class Fault(Protocol):
    """Responds in place of the endpoint."""

    def write(self, exchange: Exchange) -> None:
        """Responds to the request, or does not."""


@dataclass(frozen=True)
class Refusal:
    """A status code with a message in the documented shape; by default, the documented message."""

    status: int
    message: str | None = None
    retry_after: str | int | None = None

    def write(self, exchange: Exchange) -> None:
        """Sends it with `Retry-After` if set: seconds or an HTTP date."""
        headers = [] if self.retry_after is None else [("Retry-After", str(self.retry_after))]
        message = _MESSAGES[self.status] if self.message is None else self.message
        exchange.write_last(Answer.error(self.status, message, *headers).encode())


@dataclass(frozen=True)
class Gap:
    """404 with the vendor's text for a missing execution."""

    def write(self, exchange: Exchange) -> None:
        """Sends it with the requested id."""
        execution_id = exchange.question.execution_id
        text = f"INC_05291904: The LOAD_PLAN of ID [{execution_id}] cannot be found."
        exchange.write_last(Answer.error(404, text).encode())


@dataclass(frozen=True)
class WrongTenant:
    """404 with the vendor's text for a missing tenant."""

    def write(self, exchange: Exchange) -> None:
        """Sends it with the requested tenant."""
        text = f"Invalid [{exchange.question.tenant}] tenant in resource path"
        exchange.write_last(Answer.error(404, text).encode())


@dataclass(frozen=True)
class Redirect:
    """A redirect; None omits the location."""

    status: int
    location: str | None
    body: bytes = b""

    def write(self, exchange: Exchange) -> None:
        """Sends it with an HTML body, which may be empty."""
        headers = () if self.location is None else (("Location", self.location),)
        exchange.write_last(Answer(self.status, self.body, HTML, headers).encode())


@dataclass(frozen=True)
class RawBody:
    """A response with any bytes as its body."""

    body: bytes
    status: int = 200
    content_type: str = JSON

    def write(self, exchange: Exchange) -> None:
        """Sends them unchanged."""
        exchange.write_last(Answer(self.status, self.body, self.content_type).encode())


class Faults:
    """The planned faults, by requested execution id, whether or not it exists.

    Attributes:
        weather: Faults for requests without a planned fault.
    """

    def __init__(self) -> None:
        self.weather: Weather | None = None
        self._lock = Lock()
        self._planned: defaultdict[int, deque[tuple[Fault, float]]] = defaultdict(deque)
        self._requests: Counter[int] = Counter()

    def plan(self, execution_id: int, fault: Fault, *, times: int | None = None) -> None:
        """Plans a fault for the next `times` requests for an id; None means all.

        Faults planned earlier for the id come first.
        """
        with self._lock:
            self._planned[execution_id].append((fault, float("inf") if times is None else times))

    def take(self, execution_id: int | None) -> Fault | None:
        """Removes and returns the fault for the next request for an id."""
        if execution_id is None:
            return None
        with self._lock:
            self._requests[execution_id] += 1
            planned = self._planned.get(execution_id)
            if planned:
                return self._next(planned)
            nth_request = self._requests[execution_id]
        return self.weather.strike(execution_id, nth_request) if self.weather else None

    @staticmethod
    def _next(planned: deque[tuple[Fault, float]]) -> Fault:
        fault, times = planned.popleft()
        if times > 1:
            planned.appendleft((fault, times - 1))
        return fault

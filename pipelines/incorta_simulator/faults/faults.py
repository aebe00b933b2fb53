"""What can go wrong on the way to an answer, planned by id.

A new kind of fault is one class here with a `write`.
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
    """One request that waits for its answer."""

    close_connection: bool
    """Whether the server hangs up after the answer; a fault may say so."""

    @property
    def question(self) -> Question:
        """What was asked for."""

    @property
    def token(self) -> str:
        """The bearer token that came with the request."""

    def normal(self) -> Answer:
        """The answer that the request gets without a fault; moves a running execution on."""

    def write_part(self, data: bytes) -> None:
        """Send bytes after which more follow."""

    def write_last(self, data: bytes) -> None:
        """Send the last bytes: from just before them the request is no longer in flight."""

    def wait(self, seconds: float | None = None) -> bool:
        """Do nothing for so long, None: for ever.

        False, at once, when the client has hung up or the simulator stops.
        """

    def reset(self) -> None:
        """Break the connection off, so that the client's next read fails."""


class Fault(Protocol):
    """Something that answers in place of the endpoint."""

    def write(self, exchange: Exchange) -> None:
        """Answer the request, or do not."""


@dataclass(frozen=True)
class Refusal:
    """A status code with a message in the documented shape, by default the documented one."""

    status: int
    message: str | None = None
    retry_after: str | int | None = None

    def write(self, exchange: Exchange) -> None:
        """Send it with `Retry-After` when there is one: seconds or an HTTP date."""
        headers = [] if self.retry_after is None else [("Retry-After", str(self.retry_after))]
        message = _MESSAGES[self.status] if self.message is None else self.message
        exchange.write_last(Answer.error(self.status, message, *headers).encode())


@dataclass(frozen=True)
class Gap:
    """404 with the vendor's text: there is no such execution."""

    def write(self, exchange: Exchange) -> None:
        """Send it with the id that was asked for."""
        execution_id = exchange.question.execution_id
        text = f"INC_05291904: The LOAD_PLAN of ID [{execution_id}] cannot be found."
        exchange.write_last(Answer.error(404, text).encode())


@dataclass(frozen=True)
class WrongTenant:
    """404 with the vendor's text: there is no such tenant."""

    def write(self, exchange: Exchange) -> None:
        """Send it with the tenant that was asked for."""
        text = f"Invalid [{exchange.question.tenant}] tenant in resource path"
        exchange.write_last(Answer.error(404, text).encode())


@dataclass(frozen=True)
class Redirect:
    """Sends the client elsewhere; None for a location that is missing."""

    status: int
    location: str | None
    body: bytes = b""

    def write(self, exchange: Exchange) -> None:
        """Send it with a body of HTML, which may be empty."""
        headers = () if self.location is None else (("Location", self.location),)
        exchange.write_last(Answer(self.status, self.body, HTML, headers).encode())


@dataclass(frozen=True)
class RawBody:
    """Any bytes as a body."""

    body: bytes
    status: int = 200
    content_type: str = JSON

    def write(self, exchange: Exchange) -> None:
        """Send them as they are."""
        exchange.write_last(Answer(self.status, self.body, self.content_type).encode())


class Faults:
    """The faults to come, by the execution id that is asked for, whether or not it exists.

    Attributes:
        weather: What requests meet for which nothing is planned.
    """

    def __init__(self) -> None:
        self.weather: Weather | None = None
        self._lock = Lock()
        self._planned: defaultdict[int, deque[tuple[Fault, float]]] = defaultdict(deque)
        self._requests: Counter[int] = Counter()

    def plan(self, execution_id: int, fault: Fault, *, times: int | None = None) -> None:
        """Let the next `times` requests for an id meet a fault, None: all of them.

        What was planned for the id before comes first.
        """
        with self._lock:
            self._planned[execution_id].append((fault, float("inf") if times is None else times))

    def take(self, execution_id: int | None) -> Fault | None:
        """The fault that the next request for an id meets, used up by being taken."""
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

"""What can go wrong on the way to an answer, planned by id.

A new kind of fault is one class here with a `write`.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

from incorta_simulator.answer import JSON, Answer

_MESSAGES = {
    400: "The request cannot be read.",
    401: "INC_09030108: Invalid authentication header. Invalid Token [abcde12345]",
    403: "You have no View access to any schema of the load plan.",
    404: "The resource is not here.",
    422: "The request cannot be processed.",
    429: "Too many requests.",
    500: "INC_05150402: No loader services are currently available for this tenant.",
    503: "The service is unavailable.",
}


class Exchange(Protocol):
    """One request that waits for its answer."""

    close_connection: bool
    """Whether the server hangs up after the answer; a fault may say so."""

    def normal(self) -> Answer:
        """The answer that the request gets without a fault; moves a running execution on."""

    def write_part(self, data: bytes) -> None:
        """Send bytes after which more follow."""

    def write_last(self, data: bytes) -> None:
        """Send the last bytes: from just before them the request is no longer in flight."""


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
class RawBody:
    """Any bytes as a body."""

    body: bytes
    status: int = 200
    content_type: str = JSON

    def write(self, exchange: Exchange) -> None:
        """Send them as they are."""
        exchange.write_last(Answer(self.status, self.body, self.content_type).encode())


class Faults:
    """The faults to come, by the execution id that is asked for, whether or not it exists."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._planned: defaultdict[int, deque[tuple[Fault, float]]] = defaultdict(deque)

    def plan(self, execution_id: int, fault: Fault, *, times: int | None = None) -> None:
        """Let the next `times` requests for an id meet a fault, None: all of them.

        What was planned for the id before comes first.
        """
        with self._lock:
            self._planned[execution_id].append((fault, float("inf") if times is None else times))

    def take(self, execution_id: int | None) -> Fault | None:
        """The fault that the next request for an id meets, used up by being taken."""
        with self._lock:
            planned = self._planned.get(execution_id) if execution_id is not None else None
            if not planned:
                return None
            fault, times = planned.popleft()
            if times > 1:
                planned.appendleft((fault, times - 1))
            return fault

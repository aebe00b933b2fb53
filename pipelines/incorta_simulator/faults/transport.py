"""Faults of the connection while a response is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from incorta_simulator.answer import JSON, Answer, head
from incorta_simulator.faults.bodies import EXAMPLE
from incorta_simulator.faults.packing import CHUNKED, chunk

if TYPE_CHECKING:
    from incorta_simulator.faults.faults import Exchange

Sent = Literal["nothing", "half a head", "a head", "half a body", "half a body in chunks"]
"""How much of a response is sent before the fault."""

KIB = 1024
MIB = 1024 * KIB


def beginning(sent: Sent) -> bytes:
    """Returns this part of a valid response."""
    answer = Answer(200, EXAMPLE)
    half = EXAMPLE[: len(EXAMPLE) // 2]
    if sent == "nothing":
        return b""
    if sent == "half a head":
        return answer.head()[:25]
    if sent == "a head":
        return answer.head()
    if sent == "half a body":
        return answer.head() + half
    return head(200, ("Content-Type", JSON), CHUNKED) + chunk(half)


@dataclass(frozen=True)
class HangUp:
    """The connection is closed in good order before the response is complete."""

    after: Sent = "nothing"

    def write(self, exchange: Exchange) -> None:
        """Sends the part before the fault, and no more."""
        exchange.close_connection = True
        exchange.write_part(beginning(self.after))


@dataclass(frozen=True)
class Reset:
    """The connection is reset before the response is complete."""

    after: Sent = "nothing"

    def write(self, exchange: Exchange) -> None:
        """Sends the part before the fault; then the client's read fails."""
        exchange.write_part(beginning(self.after))
        exchange.reset()


@dataclass(frozen=True)
class Stall:
    """The connection stays open, and nothing more is sent."""

    after: Sent = "nothing"

    def write(self, exchange: Exchange) -> None:
        """Sends the part before the fault, then waits until the client disconnects."""
        exchange.close_connection = True
        exchange.write_part(beginning(self.after))
        exchange.wait()


@dataclass(frozen=True)
class Drip:
    """A response that is sent in small pieces and never completed."""

    beginning: bytes
    drop: bytes
    interval_seconds: float = 0.05
    total_seconds: float = 5

    @classmethod
    def of_head(cls, interval_seconds: float = 0.05, total_seconds: float = 5) -> Drip:
        """Yields one letter of a header at a time."""
        return cls(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"y", interval_seconds, total_seconds)

    @classmethod
    def of_body(cls, interval_seconds: float = 0.05, total_seconds: float = 5) -> Drip:
        """Yields one blank before a tree at a time."""
        promised = ("Content-Length", str(MIB))
        start = head(200, ("Content-Type", JSON), promised)
        return cls(start, b" ", interval_seconds, total_seconds)

    @classmethod
    def of_continue(cls, interval_seconds: float = 0.05, total_seconds: float = 5) -> Drip:
        """Yields one `100 Continue` at a time, each of which makes the client wait."""
        return cls(b"", head(100), interval_seconds, total_seconds)

    def write(self, exchange: Exchange) -> None:
        """Sends pieces until the time is over or the client disconnects; then closes."""
        exchange.close_connection = True
        exchange.write_part(self.beginning)
        for _ in range(int(self.total_seconds / self.interval_seconds)):
            if not exchange.wait(self.interval_seconds):
                return
            exchange.write_part(self.drop)


@dataclass(frozen=True)
class Slow:
    """A valid response in ten parts with pauses between them, sent completely."""

    interval_seconds: float = 0.02

    def write(self, exchange: Exchange) -> None:
        """Sends the parts, without a pause after the last."""
        answer = Answer(200, EXAMPLE).encode()
        size = len(answer) // 10
        for start in range(0, 9 * size, size):
            exchange.write_part(answer[start : start + size])
            if not exchange.wait(self.interval_seconds):
                exchange.close_connection = True
                return
        exchange.write_last(answer[9 * size :])


@dataclass(frozen=True)
class RawAnswer:
    """Bytes in place of a response; then the connection closes."""

    answer: bytes

    def write(self, exchange: Exchange) -> None:
        """Sends them unchanged."""
        exchange.close_connection = True
        exchange.write_last(self.answer)


@dataclass(frozen=True)
class HeaderFlood:
    """Endless headers: those of a valid response, then this many MiB of others, then a close."""

    mib: int = 8
    line: bytes = b"X-Flood: " + b"y" * (KIB - 11) + b"\r\n"

    def write(self, exchange: Exchange) -> None:
        """Sends them without the empty line that would end them."""
        exchange.close_connection = True
        exchange.write_part(b"HTTP/1.1 200 OK\r\n")
        lines = self.line * (MIB // len(self.line))
        for _ in range(self.mib):
            exchange.write_part(lines)

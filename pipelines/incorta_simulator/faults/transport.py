"""What can happen to an answer on the wire, as far as it comes at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from incorta_simulator.answer import JSON, Answer, head
from incorta_simulator.faults.bodies import EXAMPLE
from incorta_simulator.faults.packing import CHUNKED, chunk

if TYPE_CHECKING:
    from incorta_simulator.faults.faults import Exchange

Sent = Literal["nothing", "half a head", "a head", "half a body", "half a body in chunks"]
"""How much of an answer goes out before something happens."""

KIB = 1024
MIB = 1024 * KIB


def beginning(sent: Sent) -> bytes:
    """So much of a good answer."""
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
    """The connection is closed in good order before the answer is whole."""

    after: Sent = "nothing"

    def write(self, exchange: Exchange) -> None:
        """Send what there is before, and no more."""
        exchange.close_connection = True
        exchange.write_part(beginning(self.after))


@dataclass(frozen=True)
class Reset:
    """The connection is broken off before the answer is whole."""

    after: Sent = "nothing"

    def write(self, exchange: Exchange) -> None:
        """Send what there is before; what the client reads after it fails."""
        exchange.write_part(beginning(self.after))
        exchange.reset()


@dataclass(frozen=True)
class Stall:
    """Nothing more comes, and nobody hangs up."""

    after: Sent = "nothing"

    def write(self, exchange: Exchange) -> None:
        """Send what there is before, then wait until the client is gone."""
        exchange.close_connection = True
        exchange.write_part(beginning(self.after))
        exchange.wait()


@dataclass(frozen=True)
class Drip:
    """A drop now and then of an answer that never becomes whole."""

    beginning: bytes
    drop: bytes
    interval_seconds: float = 0.05
    total_seconds: float = 5

    @classmethod
    def of_head(cls, interval_seconds: float = 0.05, total_seconds: float = 5) -> Drip:
        """One letter of a header at a time."""
        return cls(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"y", interval_seconds, total_seconds)

    @classmethod
    def of_body(cls, interval_seconds: float = 0.05, total_seconds: float = 5) -> Drip:
        """One blank before a tree at a time."""
        promised = ("Content-Length", str(MIB))
        start = head(200, ("Content-Type", JSON), promised)
        return cls(start, b" ", interval_seconds, total_seconds)

    @classmethod
    def of_continue(cls, interval_seconds: float = 0.05, total_seconds: float = 5) -> Drip:
        """One `100 Continue` at a time, each of which asks the client to wait on."""
        return cls(b"", head(100), interval_seconds, total_seconds)

    def write(self, exchange: Exchange) -> None:
        """Drip for the whole time or until the client is gone, then hang up."""
        exchange.close_connection = True
        exchange.write_part(self.beginning)
        for _ in range(int(self.total_seconds / self.interval_seconds)):
            if not exchange.wait(self.interval_seconds):
                return
            exchange.write_part(self.drop)


@dataclass(frozen=True)
class Slow:
    """A good answer in ten parts with pauses between them; all of it comes."""

    interval_seconds: float = 0.02

    def write(self, exchange: Exchange) -> None:
        """Send the parts, the last one without a pause after it."""
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
    """Any bytes where an answer should be, then the connection ends."""

    answer: bytes

    def write(self, exchange: Exchange) -> None:
        """Send them as they are."""
        exchange.close_connection = True
        exchange.write_last(self.answer)


@dataclass(frozen=True)
class HeaderFlood:
    """Headers without end: a good answer's, then so many MiB of others, then the end."""

    mib: int = 8
    line: bytes = b"X-Flood: " + b"y" * (KIB - 11) + b"\r\n"

    def write(self, exchange: Exchange) -> None:
        """Send them; there is never an empty line after them."""
        exchange.close_connection = True
        exchange.write_part(b"HTTP/1.1 200 OK\r\n")
        lines = self.line * (MIB // len(self.line))
        for _ in range(self.mib):
            exchange.write_part(lines)

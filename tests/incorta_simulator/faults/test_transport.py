"""The received bytes of responses that break during transport."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import TYPE_CHECKING, get_args

import pytest

from incorta_simulator.answer import Answer
from incorta_simulator.faults.bodies import EXAMPLE
from incorta_simulator.faults.transport import (
    Drip,
    HangUp,
    HeaderFlood,
    RawAnswer,
    Reset,
    Sent,
    Slow,
    Stall,
    beginning,
)
from support.patience import HANG_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from socket import socket
    from threading import Thread

    from incorta_simulator.faults.faults import Fault
    from incorta_simulator.server.simulator import Simulator

    Play = Callable[[Fault], socket]
    Threads = Callable[[], list[Thread]]

PLACES = pytest.mark.parametrize("sent", get_args(Sent))


def receive(client: socket, size: int) -> bytes:
    """This number of bytes, or fewer if the connection ends."""
    received = b""
    while len(received) < size and (part := client.recv(size - len(received))):
        received += part
    return received


def receive_all(client: socket) -> bytes:
    return receive(client, 1 << 30)


def test_each_beginning_ends_at_its_named_place() -> None:
    """All are parts of the same valid response; chunks have no length."""
    whole = Answer(200, EXAMPLE).encode()
    head, half = Answer(200, EXAMPLE).head(), EXAMPLE[: len(EXAMPLE) // 2]

    assert beginning("nothing") == b""
    assert beginning("half a head") == b"HTTP/1.1 200 OK\r\nContent-"
    assert whole.startswith(beginning("half a head"))
    assert beginning("a head") == head
    assert beginning("half a body") == head + half
    assert beginning("half a body in chunks") == (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"%x\r\n%b\r\n" % (len(half), half)
    )


@PLACES
def test_hanging_up_closes_the_connection_normally(play: Play, sent: Sent) -> None:
    """The bytes are followed by the end of the stream, without an error."""
    assert receive_all(play(HangUp(sent))) == beginning(sent)


@PLACES
def test_a_reset_is_an_error(play: Play, sent: Sent) -> None:
    """After the bytes, the next read fails."""
    client = play(Reset(sent))

    assert receive(client, len(beginning(sent))) == beginning(sent)
    with pytest.raises(ConnectionResetError):
        client.recv(1)


@PLACES
def test_a_stalled_response_sends_nothing_more(play: Play, sent: Sent) -> None:
    """After the bytes, there is neither more data nor an end."""
    client = play(Stall(sent))

    assert receive(client, len(beginning(sent))) == beginning(sent)
    client.settimeout(0.05)
    with pytest.raises(TimeoutError):
        client.recv(1)


@pytest.mark.parametrize(
    ("make", "start", "drop"),
    [
        (Drip.of_head, b"HTTP/1.1 200 OK\r\nX-Slow: ", b"y"),
        (
            Drip.of_body,
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1048576\r\n\r\n",
            b" ",
        ),
        (Drip.of_continue, b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
)
def test_a_drip_sends_a_drop_per_interval(
    play: Play, make: Callable[..., Drip], start: bytes, drop: bytes
) -> None:
    """It ends after its total time, and the response is never complete."""
    started = monotonic()
    client = play(make(interval_seconds=0.02, total_seconds=0.1))
    assert receive(client, len(start)) == start
    drops = [receive(client, len(drop)) for _ in range(6)]

    assert drops == [drop] * 5 + [b""]
    assert monotonic() - started > 0.07


def test_a_slow_response_is_complete_in_the_end(play: Play) -> None:
    """It has ten parts with nine pauses."""
    started = monotonic()
    client = play(Slow(0.01))

    assert receive(client, len(Answer(200, EXAMPLE).encode())) == Answer(200, EXAMPLE).encode()
    assert monotonic() - started > 0.08


def test_a_raw_response_is_sent_without_additions(play: Play) -> None:
    """Not even a status line is added."""
    assert receive_all(play(RawAnswer(b"220 Hello\r\n"))) == b"220 Hello\r\n"


def test_a_header_flood_has_the_given_size(play: Play) -> None:
    """It has lines of a KiB, and never the empty line that ends a head."""
    received = receive_all(play(HeaderFlood(mib=1)))

    assert len(received) == len(b"HTTP/1.1 200 OK\r\n") + 1024 * 1024
    assert received.count(b"\r\nX-Flood: y") == 1024
    assert b"\r\n\r\n" not in received


@pytest.mark.parametrize(
    "fault", [Stall("half a body"), Drip.of_body(0.01, 3600), Slow(3600)], ids=str
)
def test_a_fault_ends_when_its_client_is_gone(play: Play, serving: Threads, fault: Fault) -> None:
    """The thread ends as soon as the client hangs up."""
    client = play(fault)
    client.recv(10)
    (thread,) = serving()
    client.close()
    thread.join(timeout=HANG_SECONDS)

    assert not thread.is_alive()


def test_a_client_that_is_gone_is_not_in_flight(simulator: Simulator, play: Play) -> None:
    """A client that abandons a stalled request and retries has one request in flight."""
    for _ in range(20):
        client = play(Stall())
        client.settimeout(0.005)
        with pytest.raises(TimeoutError):
            client.recv(1)
        client.close()

    assert simulator.max_in_flight == 1


def test_stalled_responses_are_in_flight_together(simulator: Simulator, play: Play) -> None:
    """They count as long as their clients wait."""
    with ThreadPoolExecutor(3) as pool:
        clients = list(pool.map(lambda _: play(Stall("a head")), range(3)))
        for client in clients:
            client.recv(1)

    assert simulator.max_in_flight == 3

"""Rules for the time limit of a whole exchange; `test_client` tests its effect on an id."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import pytest
import requests
from urllib3.connection import HTTPConnection

from incorta_loads.endpoint.deadline import Watchdog, WatchedAdapter, limited_to
from incorta_simulator.faults.faults import Exchange
from incorta_simulator.server.simulator import Simulator
from support.patience import HANG_SECONDS

LIMIT_SECONDS = 0.3


class Drip:
    """Begins a response and then sends blanks until the client hangs up.

    Args:
        once_begun: a function to call when the response has begun.
    """

    def __init__(self, once_begun: Callable[[], None] = lambda: None) -> None:
        self._once_begun = once_begun

    def write(self, exchange: Exchange) -> None:
        exchange.write_part(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n")
        self._once_begun()
        never = threading.Event()
        while not never.wait(0.02):
            exchange.write_part(b" ")


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", WatchedAdapter())
        yield session


def get(session: requests.Session, simulator: Simulator, execution_id: int) -> int:
    """The status code of one whole exchange, without any other time limit."""
    path = f"/api/v2/demo/load-plan/status/{execution_id}"
    return session.get(f"{simulator.url}{path}").status_code


def test_an_exchange_within_its_limit_is_not_interrupted(
    simulator: Simulator, session: requests.Session
) -> None:
    """The exchange completes, and its timer ends."""
    threads = threading.active_count()
    with limited_to(HANG_SECONDS) as watchdog:
        assert get(session, simulator, 1) == 401
        timers = [each for each in threading.enumerate() if isinstance(each, threading.Timer)]
        assert len(timers) == 1
    timers[0].join(timeout=HANG_SECONDS)
    assert not timers[0].is_alive()
    assert not watchdog.has_bitten
    assert threading.active_count() <= threads + 1, "the simulator's one for the connection"


def test_an_exchange_is_interrupted_at_its_limit(
    simulator: Simulator, session: requests.Session
) -> None:
    """Bytes that keep arriving do not extend the limit."""
    simulator.faults.plan(1, Drip())
    begin = monotonic()
    with limited_to(LIMIT_SECONDS) as watchdog, pytest.raises(requests.RequestException):
        get(session, simulator, 1)
    assert watchdog.has_bitten
    assert monotonic() - begin >= LIMIT_SECONDS


def test_the_limit_applies_to_each_exchange_of_a_connection(
    simulator: Simulator, session: requests.Session
) -> None:
    """A reused connection gets a new limit for each exchange."""
    ports: list[int] = []

    class Seen:
        def write(self, exchange: Exchange) -> None:
            ports.append(exchange.connection.getpeername()[1])  # type: ignore[attr-defined]
            exchange.write_last(exchange.normal().encode())

    class SeenDrip(Drip):
        def write(self, exchange: Exchange) -> None:
            ports.append(exchange.connection.getpeername()[1])  # type: ignore[attr-defined]
            Drip.write(self, exchange)

    simulator.faults.plan(1, Seen(), times=1)
    with limited_to(HANG_SECONDS):
        assert get(session, simulator, 1) == 401
    with limited_to(HANG_SECONDS) as watchdog:
        simulator.faults.plan(1, SeenDrip(watchdog.bite), times=1)
        with pytest.raises(requests.RequestException):
            get(session, simulator, 1)
    assert watchdog.has_bitten
    assert len(ports) == 2
    assert len(set(ports)) == 1


def test_an_interrupted_connection_is_not_reused(
    simulator: Simulator, session: requests.Session
) -> None:
    """The next exchange of the same thread gets a response."""
    with limited_to(HANG_SECONDS) as watchdog:
        simulator.faults.plan(1, Drip(watchdog.bite), times=1)
        with pytest.raises(requests.RequestException):
            get(session, simulator, 1)
    with limited_to(HANG_SECONDS) as watchdog:
        assert get(session, simulator, 1) == 401
    assert not watchdog.has_bitten


def test_each_thread_has_its_own_limit(simulator: Simulator) -> None:
    """A limit that expires does not interrupt the exchange of another thread."""
    simulator.faults.plan(1, Drip())
    is_over = threading.Event()

    class Late:
        """Responds once the other exchange was interrupted."""

        def write(self, exchange: Exchange) -> None:
            assert is_over.wait(HANG_SECONDS)
            exchange.write_last(exchange.normal().encode())

    simulator.faults.plan(2, Late())

    def exchange(execution_id: int, seconds: float) -> int | None:
        with requests.Session() as session, limited_to(seconds):
            session.trust_env = False
            session.mount("http://", WatchedAdapter())
            try:
                return get(session, simulator, execution_id)
            except requests.RequestException:
                is_over.set()
                return None

    with ThreadPoolExecutor(2) as pool:
        ended = pool.submit(exchange, 1, LIMIT_SECONDS)
        answered = pool.submit(exchange, 2, HANG_SECONDS)
        assert (ended.result(), answered.result()) == (None, 401)


def test_the_limit_covers_connecting(simulator: Simulator, session: requests.Session) -> None:
    """Resolving a name or trying its addresses may take all of the time."""
    with limited_to(HANG_SECONDS) as watchdog:
        watchdog.bite()
        with pytest.raises(requests.ConnectionError):
            get(session, simulator, 1)
    assert simulator.requests == ()


def test_an_interrupt_without_a_connection_is_harmless() -> None:
    """It does nothing before a connection exists and after its end."""
    watchdog = Watchdog()
    watchdog.bite()
    assert watchdog.has_bitten

    connection = HTTPConnection("127.0.0.1", 1)
    connection.sock = socket.socket()
    connection.sock.close()
    watchdog = Watchdog()
    watchdog.watch(connection)
    watchdog.bite()
    assert watchdog.has_bitten


def test_without_a_limit_connections_are_unchanged(
    simulator: Simulator, session: requests.Session
) -> None:
    """The adapter alone changes nothing."""
    assert get(session, simulator, 1) == 401

from __future__ import annotations

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from socketserver import ThreadingTCPServer
from threading import Barrier
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from incorta_simulator.company.company import Company
from incorta_simulator.server.simulator import STOP_POLL_SECONDS, Simulator
from support.patience import HANG_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

    from incorta_simulator.company.plans import Plan
    from incorta_simulator.faults.faults import Exchange

HEADERS = {"Authorization": "Bearer simulator-token"}


def get(connection: HTTPConnection, execution_id: int, level: int = 4) -> bytes:
    path = f"/incorta/api/v2/demo/load-plan/status/{execution_id}?level={level}"
    connection.request("GET", path, headers=HEADERS)
    return connection.getresponse().read()


def get_once(simulator: Simulator, execution_id: int) -> bytes:
    connection = HTTPConnection(simulator.host, simulator.port, timeout=HANG_SECONDS)
    try:
        return get(connection, execution_id)
    finally:
        connection.close()


def test_the_url_has_port_and_base_path(simulator: Simulator) -> None:
    """Users can configure it as the cluster's URL."""
    assert simulator.url == f"http://127.0.0.1:{simulator.port}/incorta"
    assert simulator.port > 0


def test_names_are_sent_as_utf_8(shop: Plan) -> None:
    """Only characters for which JSON requires it are escaped."""
    plan = type(shop)("Größe 大", shop.groups)
    with Simulator(Company((plan,), executions=1, running=0)) as simulator:
        assert get_once(simulator, 1).startswith('{"name": "Größe 大", '.encode())


def test_the_same_seed_gives_the_same_bytes() -> None:
    """Two simulators in one process send equal responses for equal companies."""
    with Simulator(Company(executions=5)) as one, Simulator(Company(executions=5)) as other:
        assert [get_once(one, id_) for id_ in one.company.ids] == [
            get_once(other, id_) for id_ in other.company.ids
        ]


def test_a_connection_is_reused(simulator: Simulator, connection: HTTPConnection) -> None:
    """HTTP/1.1 keep-alive: two requests share one socket, even with errors."""
    get(connection, 1)
    first = connection.sock
    get(connection, 999_999)
    get(connection, 2)

    assert first is not None
    assert connection.sock is first


def test_a_keep_alive_client_gets_small_responses_without_delay(
    simulator: Simulator, connection: HTTPConnection
) -> None:
    """None of 500 waits for the previous acknowledgment, which takes 40 ms each."""
    sends_at_once: list[int] = []

    class Noting:
        def write(self, exchange: Exchange) -> None:
            sock: socket.socket = exchange.connection  # type: ignore[attr-defined]
            sends_at_once.append(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            exchange.write_last(exchange.normal().encode())

    simulator.faults.plan(1, Noting())
    bodies = {get(connection, 1, level=1) for _ in range(500)}

    assert len(bodies) == 1
    assert sends_at_once == [1] * 500


def test_each_request_is_recorded(simulator: Simulator, connection: HTTPConnection) -> None:
    """The record has id, level, path, headers and time, in the order of arrival."""
    before = monotonic()
    get(connection, 1, level=2)
    connection.request("GET", "/somewhere?level=9", headers=HEADERS)
    connection.getresponse().read()

    first, second = simulator.requests
    assert (first.execution_id, first.level, first.in_flight) == (1, 2, 1)
    assert first.path == "/incorta/api/v2/demo/load-plan/status/1?level=2"
    assert first.headers["authorization"] == "Bearer simulator-token"
    assert (second.execution_id, second.level) == (None, None)
    assert before < first.seen_at_seconds < second.seen_at_seconds < monotonic()


def test_requests_with_other_methods_are_recorded(
    simulator: Simulator, connection: HTTPConnection
) -> None:
    """A client that writes to the endpoint is noticed."""
    connection.request("POST", "/incorta/api/v2/demo/load-plan/status/1")
    connection.getresponse().read()

    assert [seen.execution_id for seen in simulator.requests] == [1]


def test_a_recorded_request_does_not_show_its_token(
    simulator: Simulator, connection: HTTPConnection
) -> None:
    """A failed test prints the request."""
    get(connection, 1)

    assert "simulator-token" not in repr(simulator.requests)


def test_simultaneous_requests_are_counted(simulator: Simulator) -> None:
    """The maximum is recorded: three requests that wait for each other count as three."""
    together = Barrier(3)

    class WaitForAll:
        def write(self, exchange: Exchange) -> None:
            together.wait(timeout=HANG_SECONDS)
            exchange.write_last(exchange.normal().encode())

    simulator.faults.plan(1, WaitForAll())
    with ThreadPoolExecutor(3) as pool:
        bodies = list(pool.map(lambda _: get_once(simulator, 1), range(3)))

    assert len(set(bodies)) == 1
    assert simulator.max_in_flight == 3
    assert sorted(seen.in_flight for seen in simulator.requests) == [1, 2, 3]


def test_consecutive_requests_are_not_counted_as_simultaneous(simulator: Simulator) -> None:
    """A request with a response is no longer in flight, even on another connection."""
    for _ in range(200):
        get_once(simulator, 1)

    assert simulator.max_in_flight == 1


def test_an_unreadable_request_is_400(simulator: Simulator) -> None:
    """The response has the documented shape, and the connection ends."""
    with socket.create_connection((simulator.host, simulator.port), timeout=HANG_SECONDS) as client:
        client.sendall(b"what is this?\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(4096), b""))

    head, body = answer.split(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert list(json.loads(body)) == ["message"]


def test_a_stopped_simulator_hangs_up(simulator: Simulator, connection: HTTPConnection) -> None:
    """It closes connections that clients keep open."""
    get(connection, 1)
    simulator.stop()

    with pytest.raises(ConnectionError):
        get(connection, 1)
    with pytest.raises(ConnectionRefusedError):
        get_once(simulator, 1)


def test_stopping_does_not_wait_for_the_half_second_of_socketserver(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The accept loop checks for the stop more often than by default."""
    poll_intervals: list[float] = []
    usual = ThreadingTCPServer.serve_forever

    def serve_forever(server: ThreadingTCPServer, poll_interval: float = 0.5) -> None:
        poll_intervals.append(poll_interval)
        usual(server, poll_interval)

    monkeypatch.setattr(ThreadingTCPServer, "serve_forever", serve_forever)
    simulator.stop()
    simulator.start()
    get_once(simulator, 1)

    assert poll_intervals == [STOP_POLL_SECONDS]
    assert STOP_POLL_SECONDS < 0.1


def test_a_stopped_simulator_restarts_on_its_port(simulator: Simulator) -> None:
    """This simulates an outage; stopping twice does no harm."""
    before = get_once(simulator, 1)
    url = simulator.url
    simulator.stop()
    simulator.stop()
    simulator.start()

    assert simulator.url == url
    assert get_once(simulator, 1) == before


def test_the_state_file_preserves_progress_over_a_restart(tmp_path: Path, shop: Plan) -> None:
    """Executions continue where they were: three responses in total, over two starts."""
    state_file = tmp_path / "state.json"
    states = []
    for _ in range(2):
        company = Company((shop,), executions=1, running=1)
        with Simulator(company, state_file=state_file) as simulator:
            for _ in range(2):
                tree = json.loads(get_once(simulator, 1))
                states.append(tree["status"]["stateType"])

    assert states == ["Load State", "Load State", "Load State", "Terminator State"]
    assert json.loads(state_file.read_text(encoding="utf-8")) == {
        "answers": {"1": 3},
        "begins": {},
    }
    assert list(tmp_path.iterdir()) == [state_file]

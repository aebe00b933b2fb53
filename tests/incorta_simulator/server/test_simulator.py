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
    """It is what a user would configure as the cluster's URL."""
    assert simulator.url == f"http://127.0.0.1:{simulator.port}/incorta"
    assert simulator.port > 0


def test_names_go_out_as_utf_8(shop: Plan) -> None:
    """Nothing is escaped that JSON does not ask to be."""
    plan = type(shop)("Größe 大", shop.groups)
    with Simulator(Company((plan,), executions=1, running=0)) as simulator:
        assert get_once(simulator, 1).startswith('{"name": "Größe 大", '.encode())


def test_same_seed_same_bytes() -> None:
    """Two simulators in one process serve equal companies equally."""
    with Simulator(Company(executions=5)) as one, Simulator(Company(executions=5)) as other:
        assert [get_once(one, id_) for id_ in one.company.ids] == [
            get_once(other, id_) for id_ in other.company.ids
        ]


def test_a_connection_is_used_again(simulator: Simulator, connection: HTTPConnection) -> None:
    """HTTP/1.1 keep-alive: two requests over one socket, errors included."""
    get(connection, 1)
    first = connection.sock
    get(connection, 999_999)
    get(connection, 2)

    assert first is not None
    assert connection.sock is first


def test_a_keep_alive_client_gets_many_small_answers(
    simulator: Simulator, connection: HTTPConnection
) -> None:
    """None of 500 waits until the one before is acknowledged, which takes 40 ms each time."""
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


def test_each_request_is_seen(simulator: Simulator, connection: HTTPConnection) -> None:
    """Id, level, path, headers and time, in the order the requests came in."""
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


def test_other_methods_are_seen_too(simulator: Simulator, connection: HTTPConnection) -> None:
    """A client that writes to the endpoint does not go unnoticed."""
    connection.request("POST", "/incorta/api/v2/demo/load-plan/status/1")
    connection.getresponse().read()

    assert [seen.execution_id for seen in simulator.requests] == [1]


def test_a_seen_request_does_not_show_its_token(
    simulator: Simulator, connection: HTTPConnection
) -> None:
    """A failing test prints it, and the token with it."""
    get(connection, 1)

    assert "simulator-token" not in repr(simulator.requests)


def test_requests_at_the_same_time_are_counted(simulator: Simulator) -> None:
    """The most that were under way at once: three that wait for each other are three."""
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


def test_requests_after_each_other_are_never_counted_together(simulator: Simulator) -> None:
    """Who has its answer is not in flight any more, even on another connection."""
    for _ in range(200):
        get_once(simulator, 1)

    assert simulator.max_in_flight == 1


def test_a_request_that_cannot_be_read_is_400(simulator: Simulator) -> None:
    """Not HTTP at all: still an answer in the documented shape, and the connection ends."""
    with socket.create_connection((simulator.host, simulator.port), timeout=HANG_SECONDS) as client:
        client.sendall(b"what is this?\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(4096), b""))

    head, body = answer.split(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert list(json.loads(body)) == ["message"]


def test_a_stopped_simulator_hangs_up(simulator: Simulator, connection: HTTPConnection) -> None:
    """It ends the connections that clients keep open."""
    get(connection, 1)
    simulator.stop()

    with pytest.raises(ConnectionError):
        get(connection, 1)
    with pytest.raises(ConnectionRefusedError):
        get_once(simulator, 1)


def test_stopping_does_not_wait_for_the_half_second_of_socketserver(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loop that accepts connections looks more often whether it is to end."""
    asked_for: list[float] = []
    usual = ThreadingTCPServer.serve_forever

    def serve_forever(server: ThreadingTCPServer, poll_interval: float = 0.5) -> None:
        asked_for.append(poll_interval)
        usual(server, poll_interval)

    monkeypatch.setattr(ThreadingTCPServer, "serve_forever", serve_forever)
    simulator.stop()
    simulator.start()
    get_once(simulator, 1)

    assert asked_for == [STOP_POLL_SECONDS]
    assert STOP_POLL_SECONDS < 0.1


def test_a_stopped_simulator_comes_back_on_its_port(simulator: Simulator) -> None:
    """A cluster that was down for a while; stopping it twice does no harm."""
    before = get_once(simulator, 1)
    url = simulator.url
    simulator.stop()
    simulator.stop()
    simulator.start()

    assert simulator.url == url
    assert get_once(simulator, 1) == before


def test_the_state_file_survives_a_restart(tmp_path: Path, shop: Plan) -> None:
    """Executions go on running where they were: three answers in all, over two starts."""
    state_file = tmp_path / "state.json"
    states = []
    for _ in range(2):
        company = Company((shop,), executions=1, running=1)
        with Simulator(company, state_file=state_file) as simulator:
            for _ in range(2):
                tree = json.loads(get_once(simulator, 1))
                states.append(tree["status"]["stateType"])

    assert states == ["Load State", "Load State", "Load State", "Terminator State"]
    assert json.loads(state_file.read_text(encoding="utf-8")) == {"answers": {"1": 3}}
    assert list(tmp_path.iterdir()) == [state_file]

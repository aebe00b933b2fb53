from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from threading import Thread
from threading import enumerate as running_threads
from typing import Any

import pytest

from incorta_simulator.company.company import Company
from incorta_simulator.company.plans import Group, Plan, Schema
from incorta_simulator.faults.faults import Fault
from incorta_simulator.server.simulator import Simulator
from support.patience import HANG_SECONDS

Ask = Callable[..., tuple[int, Any]]
Play = Callable[[Fault], socket.socket]
Threads = Callable[[], list[Thread]]

REQUEST = (
    b"GET /incorta/api/v2/demo/load-plan/status/1?level=4 HTTP/1.1\r\n"
    b"Host: simulator\r\nAuthorization: Bearer simulator-token\r\n\r\n"
)


@pytest.fixture
def shop() -> Plan:
    """A plan with two groups, three schemas and five tables."""
    sales = Schema.of("Sales", "orders customers")
    stock = Schema.of("Stock", "items")
    reports = Schema.of("Reports", "daily monthly")
    return Plan("Shop", (Group("Group 1", (sales, stock)), Group("Group 2", (reports,))))


@pytest.fixture
def simulator(shop: Plan) -> Iterator[Simulator]:
    """A running simulator of forty executions of the shop; the last one is running."""
    with Simulator(Company((shop,), executions=40, running=1)) as running:
        yield running


@pytest.fixture
def connection(simulator: Simulator) -> Iterator[HTTPConnection]:
    connection = HTTPConnection(simulator.host, simulator.port, timeout=HANG_SECONDS)
    yield connection
    connection.close()


@pytest.fixture
def ask(connection: HTTPConnection) -> Ask:
    """Sends a GET below `/incorta/api/v2/`; returns the status code and the decoded body."""

    def ask(path: str, authorization: str | None = "Bearer simulator-token") -> tuple[int, Any]:
        headers = {} if authorization is None else {"Authorization": authorization}
        connection.request("GET", f"/incorta/api/v2/{path}", headers=headers)
        response = connection.getresponse()
        assert response.headers["Content-Type"] == "application/json"
        return response.status, json.loads(response.read())

    return ask


@pytest.fixture
def play(simulator: Simulator) -> Iterator[Play]:
    """Requests execution 1 with a fault; returns the socket on which the response arrives."""
    clients = []

    def play(fault: Fault) -> socket.socket:
        simulator.faults.plan(1, fault, times=1)
        client = socket.create_connection((simulator.host, simulator.port), timeout=HANG_SECONDS)
        clients.append(client)
        client.sendall(REQUEST)
        return client

    yield play
    for client in clients:
        client.close()


@pytest.fixture
def serving() -> Threads:
    """The threads that started serving a connection since the fixture, and still do."""
    before = set(running_threads())

    def serving() -> list[Thread]:
        since = set(running_threads()) - before
        return [thread for thread in since if "process_request" in thread.name]

    return serving

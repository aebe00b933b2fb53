from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from typing import Any

import pytest

from incorta_simulator.company import Company
from incorta_simulator.plans import Group, Plan, Schema
from incorta_simulator.server import Simulator

Ask = Callable[..., tuple[int, Any]]


@pytest.fixture
def shop() -> Plan:
    """Two groups, three schemas, five tables."""
    sales = Schema.of("Sales", "orders customers")
    stock = Schema.of("Stock", "items")
    reports = Schema.of("Reports", "daily monthly")
    return Plan("Shop", (Group("Group 1", (sales, stock)), Group("Group 2", (reports,))))


@pytest.fixture
def simulator(shop: Plan) -> Iterator[Simulator]:
    """A running simulator of forty executions of the shop, the last of them still running."""
    with Simulator(Company((shop,), executions=40, running=1)) as running:
        yield running


@pytest.fixture
def connection(simulator: Simulator) -> Iterator[HTTPConnection]:
    connection = HTTPConnection(simulator.host, simulator.port, timeout=10)
    yield connection
    connection.close()


@pytest.fixture
def ask(connection: HTTPConnection) -> Ask:
    """GET a path below `/incorta/api/v2/`: the status code and the decoded body."""

    def ask(path: str, authorization: str | None = "Bearer simulator-token") -> tuple[int, Any]:
        headers = {} if authorization is None else {"Authorization": authorization}
        connection.request("GET", f"/incorta/api/v2/{path}", headers=headers)
        response = connection.getresponse()
        assert response.headers["Content-Type"] == "application/json"
        return response.status, json.loads(response.read())

    return ask

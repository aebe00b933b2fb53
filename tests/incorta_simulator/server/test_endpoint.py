"""The endpoint compared with the vendor's documentation, over HTTP."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import pytest

from incorta_simulator.company.company import Company
from incorta_simulator.server.simulator import Simulator
from support.patience import HANG_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from incorta_simulator.company.plans import Plan

    Ask = Callable[..., tuple[int, object]]

SUCCESS = {"stateType": "Terminator State", "jobStatus": "Success"}


@pytest.mark.parametrize("path", ["demo/load-plan/status/1", "demo/load-plan/status/1?level=1"])
def test_the_first_level_is_the_plan_and_the_default(ask: Ask, path: str) -> None:
    """Without a level the response is the load plan alone; a leaf has no field for children."""
    assert ask(path) == (200, {"name": "Shop", "type": "LOAD_PLAN", "status": SUCCESS})


def test_the_second_level_adds_groups(ask: Ask) -> None:
    """Level 2 has the load plan and its groups."""
    assert ask("demo/load-plan/status/1?level=2") == (
        200,
        {
            "name": "Shop",
            "type": "LOAD_PLAN",
            "status": SUCCESS,
            "childStatusDetails": [
                {"name": "Group 1", "type": "GROUP", "status": SUCCESS},
                {"name": "Group 2", "type": "GROUP", "status": SUCCESS},
            ],
        },
    )


def test_the_third_level_adds_schemas(ask: Ask) -> None:
    """Level 3 has the load plan, its groups and their schemas."""
    assert ask("demo/load-plan/status/1?level=3") == (
        200,
        {
            "name": "Shop",
            "type": "LOAD_PLAN",
            "status": SUCCESS,
            "childStatusDetails": [
                {
                    "name": "Group 1",
                    "type": "GROUP",
                    "status": SUCCESS,
                    "childStatusDetails": [
                        {"name": "Sales", "type": "SCHEMA", "status": SUCCESS},
                        {"name": "Stock", "type": "SCHEMA", "status": SUCCESS},
                    ],
                },
                {
                    "name": "Group 2",
                    "type": "GROUP",
                    "status": SUCCESS,
                    "childStatusDetails": [
                        {"name": "Reports", "type": "SCHEMA", "status": SUCCESS}
                    ],
                },
            ],
        },
    )


def test_the_fourth_level_is_the_whole_tree(ask: Ask, simulator: Simulator) -> None:
    """Level 4 includes the tables."""
    assert ask("demo/load-plan/status/1?level=4") == (200, simulator.company.tree(1))


@pytest.mark.parametrize(
    ("authorization", "echoed"),
    [
        ("Bearer abcde12345", "abcde12345"),
        ("simulator-token", "simulator-token"),
        ("bearer simulator-token", "bearer simulator-token"),
        (None, ""),
    ],
)
def test_a_wrong_token_is_401_and_echoed(ask: Ask, authorization: str | None, echoed: str) -> None:
    """Anything but the bearer token is refused before other checks."""
    message = f"INC_09030108: Invalid authentication header. Invalid Token [{echoed}]"

    assert ask("no-such-path", authorization) == (401, {"message": message})


@pytest.mark.parametrize(
    ("tenant", "decoded"),
    [("DEMO", "DEMO"), ("no%20such%2Fone", "no such/one"), ("m%C3%BCll", "müll")],
)
def test_a_wrong_tenant_is_404(ask: Ask, tenant: str, decoded: str) -> None:
    """Tenants are case-sensitive, and the message has the decoded name."""
    message = f"Invalid [{decoded}] tenant in resource path"

    assert ask(f"{tenant}/load-plan/status/1") == (404, {"message": message})


@pytest.mark.parametrize("execution_id", [0, 111, 2**63 - 1])
def test_an_unknown_execution_is_404(ask: Ask, execution_id: int) -> None:
    """An unknown id gets the vendor's message with the id."""
    message = f"INC_05291904: The LOAD_PLAN of ID [{execution_id}] cannot be found."

    assert ask(f"demo/load-plan/status/{execution_id}") == (404, {"message": message})


def test_a_gap_is_404(ask: Ask, simulator: Simulator) -> None:
    """An id that never existed gets the response of any unknown id."""
    ids = simulator.company.ids
    gap = min(set(range(1, ids[-1])) - set(ids))
    message = f"INC_05291904: The LOAD_PLAN of ID [{gap}] cannot be found."

    assert ask(f"demo/load-plan/status/{gap}") == (404, {"message": message})


@pytest.mark.parametrize("execution_id", ["abc", "1.0", "%D9%A1", "1%202"])
def test_an_id_that_is_not_an_integer_is_400(ask: Ask, execution_id: str) -> None:
    """Digits of other scripts are not allowed either."""
    status, _ = ask(f"demo/load-plan/status/{execution_id}")

    assert status == 400


@pytest.mark.parametrize("level", ["0", "5", "-1", "four", "", "01"])
def test_an_unknown_level_is_400(ask: Ask, level: str) -> None:
    """Only 1, 2, 3 and 4 are valid levels."""
    assert ask(f"demo/load-plan/status/1?level={level}") == (
        400,
        {"message": "The level must be 1, 2, 3 or 4."},
    )


@pytest.mark.parametrize("execution_id", [-1, 2**63, "9" * 5000])
def test_an_integer_outside_of_the_range_of_ids_is_422(ask: Ask, execution_id: int | str) -> None:
    """It is negative, or beyond 64 bits."""
    assert ask(f"demo/load-plan/status/{execution_id}") == (
        422,
        {"message": f"The execution ID [{execution_id}] is out of range."},
    )


def test_a_hidden_plan_is_403(shop: Plan) -> None:
    """The token may not read its executions, which do exist."""
    with Simulator(Company((shop,), executions=1, running=0, hidden_plan="Shop")) as simulator:
        connection = HTTPConnection(simulator.host, simulator.port, timeout=HANG_SECONDS)
        path = "/incorta/api/v2/demo/load-plan/status/1"
        connection.request("GET", path, headers={"Authorization": "Bearer simulator-token"})
        response = connection.getresponse()

        assert response.status == 403
        assert json.loads(response.read()) == {
            "message": "You have no View access to any schema of the load plan."
        }
        connection.close()


@pytest.mark.parametrize("path", ["", "demo/load-plan/status", "demo/load-plan/status/1/", "x"])
def test_any_other_path_is_404(ask: Ask, path: str) -> None:
    """The message is different from the vendor's two."""
    assert ask(path) == (404, {"message": "There is no such resource."})


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_any_other_method_is_405(connection: HTTPConnection, method: str) -> None:
    """The endpoint is read-only, and the response has the documented shape."""
    connection.request(method, "/incorta/api/v2/demo/load-plan/status/1", body=b"{}")
    response = connection.getresponse()
    body = b"" if method == "HEAD" else b'{"message": "The endpoint knows GET only."}'

    assert (response.status, response.headers["Allow"]) == (405, "GET")
    assert response.read() == body


def test_a_running_execution_finishes_after_requests(ask: Ask, simulator: Simulator) -> None:
    """Each request for it advances it, at any level; requests for others do not."""
    last = simulator.company.ids[-1]
    ask("demo/load-plan/status/1")
    states = []
    for level in (1, 2, 3, 4):
        _, tree = ask(f"demo/load-plan/status/{last}?level={level}")
        assert isinstance(tree, dict)
        states.append(tree["status"]["stateType"])

    assert states == ["Load State", "Load State", "Load State", "Terminator State"]


def test_executions_appear_while_the_server_runs(ask: Ask, simulator: Simulator) -> None:
    """The next request finds a released execution."""
    (released,) = simulator.company.release(1)
    simulator.company.finish_all()

    assert ask(f"demo/load-plan/status/{released}?level=4") == (
        200,
        simulator.company.tree(released),
    )

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from incorta_simulator.faults.faults import Faults, Gap, RawBody, Redirect, Refusal, WrongTenant

if TYPE_CHECKING:
    from http.client import HTTPConnection, HTTPResponse

    from incorta_simulator.faults.faults import Exchange
    from incorta_simulator.server.simulator import Simulator


def get(connection: HTTPConnection, execution_id: int) -> HTTPResponse:
    path = f"/incorta/api/v2/demo/load-plan/status/{execution_id}"
    connection.request("GET", path, headers={"Authorization": "Bearer simulator-token"})
    return connection.getresponse()


def get_status(connection: HTTPConnection, execution_id: int) -> int:
    response = get(connection, execution_id)
    response.read()
    return response.status


@pytest.mark.parametrize(
    ("status", "reason", "message"),
    [
        (400, "Bad Request", "The request cannot be read."),
        (
            401,
            "Unauthorized",
            "INC_09030108: Invalid authentication header. Invalid Token [abcde12345]",
        ),
        (403, "Forbidden", "You have no View access to any schema of the load plan."),
        (408, "Request Timeout", "The request took too long."),
        (422, "Unprocessable Entity", "The request cannot be processed."),
        (425, "Too Early", "Too early."),
        (429, "Too Many Requests", "Too many requests."),
        (
            500,
            "Internal Server Error",
            "INC_05150402: No loader services are currently available for this tenant.",
        ),
        (502, "Bad Gateway", "Bad gateway."),
        (503, "Service Unavailable", "The service is unavailable."),
        (504, "Gateway Timeout", "The gateway timed out."),
    ],
)
def test_a_refusal_has_the_documented_message(
    simulator: Simulator, connection: HTTPConnection, status: int, reason: str, message: str
) -> None:
    """Each status code has the documented shape, and the documented text if there is one."""
    simulator.faults.plan(1, Refusal(status))
    response = get(connection, 1)

    assert (response.status, response.reason) == (status, reason)
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Retry-After"] is None
    assert response.read() == f'{{"message": "{message}"}}'.encode()


def test_a_refusal_may_have_another_message(
    simulator: Simulator, connection: HTTPConnection
) -> None:
    """This allows any status code, documented or not."""
    simulator.faults.plan(1, Refusal(418, "I am a teapot."))
    response = get(connection, 1)

    assert response.status == 418
    assert response.read() == b'{"message": "I am a teapot."}'


@pytest.mark.parametrize(
    ("retry_after", "header"),
    [(3, "3"), ("Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 2015 07:28:00 GMT"), ("", "")],
)
def test_a_refusal_may_have_retry_after(
    simulator: Simulator, connection: HTTPConnection, retry_after: str | int, header: str
) -> None:
    """The header has seconds, a date, or any other text."""
    simulator.faults.plan(1, Refusal(429, retry_after=retry_after))
    response = get(connection, 1)
    response.read()

    assert response.headers["Retry-After"] == header


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"name": "x",}', b"\xef\xbb\xbf{}", b"\xff"])
def test_a_raw_body_is_sent_unchanged(
    simulator: Simulator, connection: HTTPConnection, body: bytes
) -> None:
    """Any bytes can replace the tree."""
    simulator.faults.plan(1, RawBody(body))
    response = get(connection, 1)

    assert (response.status, response.read()) == (200, body)


def test_a_raw_body_may_have_its_own_code_and_type(
    simulator: Simulator, connection: HTTPConnection
) -> None:
    """A gateway in front of the cluster could send it."""
    simulator.faults.plan(1, RawBody(b"<h1>Bad gateway</h1>", 502, "text/html"))
    response = get(connection, 1)
    response.read()

    assert (response.status, response.headers["Content-Type"]) == (502, "text/html")


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Gap(), "INC_05291904: The LOAD_PLAN of ID [1] cannot be found."),
        (WrongTenant(), "Invalid [demo] tenant in resource path"),
    ],
)
def test_the_vendors_two_404_name_the_id_or_the_tenant(
    simulator: Simulator, connection: HTTPConnection, fault: Gap | WrongTenant, message: str
) -> None:
    """An existing execution can be a gap, and the correct tenant a wrong one."""
    simulator.faults.plan(1, fault)
    response = get(connection, 1)

    assert (response.status, json.loads(response.read())) == (404, {"message": message})


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("body", [b"", b"<p>Moved"])
def test_a_redirect_has_the_given_location(
    simulator: Simulator, connection: HTTPConnection, status: int, body: bytes
) -> None:
    """It may point to any host, with or without a body."""
    simulator.faults.plan(1, Redirect(status, "https://other.invalid/x", body))
    response = get(connection, 1)

    assert (response.status, response.headers["Location"]) == (status, "https://other.invalid/x")
    assert response.read() == body


def test_a_redirect_may_have_no_location(simulator: Simulator, connection: HTTPConnection) -> None:
    """The header can be missing."""
    simulator.faults.plan(1, Redirect(302, None))

    assert get(connection, 1).headers["Location"] is None


def test_a_fault_happens_as_often_as_planned(
    simulator: Simulator, connection: HTTPConnection
) -> None:
    """After this number of requests the normal response is back; other ids are not affected."""
    simulator.faults.plan(1, Refusal(503), times=2)

    assert [get_status(connection, id_) for id_ in (1, 2, 1, 1, 1)] == [503, 200, 503, 200, 200]


def test_faults_of_one_id_happen_in_the_order_of_planning(
    simulator: Simulator, connection: HTTPConnection
) -> None:
    """Without `times`, a fault is permanent."""
    simulator.faults.plan(1, Refusal(429), times=1)
    simulator.faults.plan(1, Refusal(500))

    assert [get_status(connection, 1) for _ in range(4)] == [429, 500, 500, 500]


def test_a_fault_precedes_all_checks_of_the_endpoint(
    simulator: Simulator, connection: HTTPConnection
) -> None:
    """An id that does not exist can have a fault too."""
    simulator.faults.plan(999_999, Refusal(500), times=1)

    assert [get_status(connection, 999_999) for _ in range(2)] == [500, 404]


def test_a_fault_does_not_advance_an_execution(
    simulator: Simulator, connection: HTTPConnection
) -> None:
    """Only normal responses do."""
    last = simulator.company.ids[-1]
    simulator.faults.plan(last, Refusal(503), times=10)
    for _ in range(10):
        get_status(connection, last)

    assert simulator.company.running_ids == (last,)


def test_a_fault_may_modify_the_normal_response(
    simulator: Simulator, connection: HTTPConnection
) -> None:
    """A fault is a class that writes any bytes, in parts, and may hang up."""

    class HalfAnswer:
        def write(self, exchange: Exchange) -> None:
            answer = exchange.normal()
            exchange.write_part(answer.head())
            exchange.write_last(answer.body[:10])
            exchange.close_connection = True

    simulator.faults.plan(1, HalfAnswer(), times=1)
    response = get(connection, 1)

    assert response.read(10) == b'{"name": "'
    assert response.read(1) == b""
    connection.close()
    assert get_status(connection, 1) == 200


def test_without_an_id_there_is_no_fault() -> None:
    """Requests for no execution get the normal response."""
    faults = Faults()
    faults.plan(1, Refusal(500))

    assert faults.take(None) is None
    assert faults.take(2) is None
    assert faults.take(1) == Refusal(500)

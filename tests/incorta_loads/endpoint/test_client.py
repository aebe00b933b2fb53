"""Rules for one request to the cluster: the request, the meaning of a response, and retries."""

from __future__ import annotations

import json
import socket
import struct
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import tenacity

from incorta_loads.endpoint import client as client_module
from incorta_loads.endpoint.client import Answer, retry_after_seconds
from incorta_loads.errors import InvalidTokenError, WrongTenantError
from incorta_simulator.faults.faults import Exchange, RawBody, Refusal
from incorta_simulator.server.simulator import Simulator
from support.talks import (
    TREE,
    Connect,
    Pauses,
    Serve,
    always,
    body_of,
    response,
    summary,
)

# --- The request, and the meaning of each status code ---------------------------------------------


def test_the_request_matches_the_documentation(simulator: Simulator, connect: Connect) -> None:
    """The tenant is percent-encoded, all levels of detail are requested, with three headers."""
    connect().fetch(23)

    (request,) = simulator.requests
    assert request.path == "/incorta/api/v2/Gr%C3%B6%C3%9Fe%2F1/load-plan/status/23?level=4"
    assert (request.execution_id, request.level) == (23, 4)
    assert request.headers["accept"] == "application/json"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["authorization"] == f"Bearer {simulator.token}"


def test_a_tree_is_returned_unchanged(simulator: Simulator, connect: Connect) -> None:
    """The result has every byte of the body, its size, its duration and time, and no message."""
    body = json.dumps(simulator.company.tree(1), ensure_ascii=False).encode()
    before = datetime.now(UTC)
    answer = connect().fetch(1)
    after = datetime.now(UTC)

    assert (answer.execution_id, body_of(answer), answer.size_bytes) == (1, body, len(body))
    assert summary(answer) == ("loaded", 200, None, 1)
    assert before <= answer.fetched_at <= after
    assert 0 <= answer.duration_ms <= (after - before).total_seconds() * 1000 + 1


@pytest.mark.parametrize(
    ("status", "outcome", "message"),
    [
        (400, "rejected", "The request cannot be read."),
        (403, "forbidden", "You have no View access to any schema of the load plan."),
        (405, "rejected", "Use GET."),
        (408, "unavailable", "Too slow."),
        (418, "rejected", "I am a teapot."),
        (422, "rejected", "The request cannot be processed."),
        (425, "unavailable", "Too early."),
        (429, "unavailable", "Too many requests."),
        (
            500,
            "unavailable",
            "INC_05150402: No loader services are currently available for this tenant.",
        ),
        (502, "unavailable", "Bad gateway."),
        (503, "unavailable", "The service is unavailable."),
        (599, "unavailable", "Something else."),
    ],
)
def test_each_status_code_has_its_outcome(
    simulator: Simulator, connect: Connect, status: int, outcome: str, message: str
) -> None:
    """The ledger's outcome comes with the cluster's own message."""
    simulator.faults.plan(1, Refusal(status, message))
    answer = connect().fetch(1)
    assert summary(answer) == (outcome, status, message, 1)
    assert (answer.body, answer.size_bytes) == (None, len(json.dumps({"message": message})))


def test_a_missing_execution_is_a_gap(simulator: Simulator, connect: Connect) -> None:
    """The vendor's 404 for an id is never retried."""
    answer = connect(max_attempts=5).fetch(999)
    message = "INC_05291904: The LOAD_PLAN of ID [999] cannot be found."
    assert summary(answer) == ("not_found", 404, message, 1)
    assert len(simulator.requests) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"<html><h1>404</h1> The LOAD_PLAN of ID [1] cannot be found.</html>",
        b"",
        b'{"error": "INC_05291904"}',
        b'{"message": "The resource is not here."}',
        b'["INC_05291904"]',
    ],
)
def test_a_404_of_a_proxy_is_not_a_gap(simulator: Simulator, connect: Connect, body: bytes) -> None:
    """Such a 404 gives no information about the execution, and an immediate retry would not
    help."""
    simulator.faults.plan(1, RawBody(body, 404, "text/html"))
    answer = connect(max_attempts=5).fetch(1)
    assert (answer.outcome, answer.http_status, answer.attempts) == ("unavailable", 404, 1)
    assert str(answer.message).startswith("a 404 that did not come from Incorta: ")
    assert len(simulator.requests) == 1


def test_a_rejected_token_stops_all_requests(simulator: Simulator, connect: Connect) -> None:
    """A 401 raises an error with the remedy after one request."""
    with pytest.raises(InvalidTokenError) as caught:
        connect(token="another-token", max_attempts=5).fetch(1)
    assert str(caught.value) == (
        "The cluster refused the access token (INC_09030108: Invalid authentication header. "
        "Invalid Token [[redacted]]); tokens expire: create a new one and set "
        "SOURCES__INCORTA__TOKEN."
    )
    assert len(simulator.requests) == 1


def test_a_wrong_tenant_stops_all_requests(simulator: Simulator, connect: Connect) -> None:
    """The vendor's 404 for a tenant raises an error with the tenant's name."""
    with pytest.raises(WrongTenantError) as caught:
        connect(tenant="größe/1", max_attempts=5).fetch(1)
    assert str(caught.value) == (
        "The cluster does not know the tenant 'größe/1' (Invalid [größe/1] tenant in resource "
        "path); its name is case-sensitive: check SOURCES__INCORTA__TENANT."
    )
    assert len(simulator.requests) == 1


@pytest.mark.parametrize("status", [201, 202, 204, 206])
def test_other_success_codes_are_invalid_payloads(
    serve: Serve, connect: Connect, status: int
) -> None:
    """Only 200 is documented to carry a tree; the body is kept for inspection."""
    body = b"" if status == 204 else TREE
    url = serve(always(response(body, status=f"{status} Something")))
    answer = connect(cluster_url=url).fetch(1)
    assert (answer.outcome, answer.http_status, body_of(answer)) == (
        "invalid_payload",
        status,
        body,
    )


def test_a_long_message_is_shortened_to_one_line(simulator: Simulator, connect: Connect) -> None:
    """An HTML page as a message stays readable in the ledger."""
    simulator.faults.plan(1, RawBody(b"<html>\r\n\t\0 <b>" + b"x" * 5000, 502, "text/html"))
    assert connect().fetch(1).message == "<html> <b>" + "x" * 490


# --- Retries --------------------------------------------------------------------------------------


class HangUp:
    """Closes the connection without a byte."""

    def write(self, exchange: Exchange) -> None:
        exchange.write_last(b"")
        exchange.close_connection = True


class CutShort:
    """Sends half of the body that the headers announce."""

    def write(self, exchange: Exchange) -> None:
        whole = exchange.normal().encode()
        exchange.write_last(whole[: len(whole) - 20])
        exchange.close_connection = True


class Reset:
    """Resets the connection in the middle of the headers."""

    def write(self, exchange: Exchange) -> None:
        exchange.write_last(b"HTTP/1.1 200 OK\r\nContent-")
        connection = exchange.connection  # type: ignore[attr-defined]
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        exchange.close_connection = True


class Broken:
    """Sends a body that is not in the announced encoding."""

    def write(self, exchange: Exchange) -> None:
        exchange.write_last(response(TREE, "Content-Encoding: gzip"))


PASSING = [
    *(Refusal(status, "Later.") for status in (408, 425, 429, 500, 502, 503, 504)),
    HangUp(),
    CutShort(),
    Reset(),
    Broken(),
]


def named(fault: object) -> str:
    return str(getattr(fault, "status", type(fault).__name__))


@pytest.mark.parametrize("fault", PASSING, ids=named)
def test_transient_failures_are_retried(
    simulator: Simulator,
    connect: Connect,
    no_pauses: None,
    fault: Refusal | HangUp | CutShort | Reset | Broken,
) -> None:
    """After two failures, the third attempt succeeds and leaves no trace of them."""
    simulator.faults.plan(1, fault, times=2)
    answer = connect(max_attempts=3).fetch(1)
    assert summary(answer) == ("loaded", 200, None, 3)
    assert json.loads(body_of(answer)) == simulator.company.tree(1)
    assert [request.execution_id for request in simulator.requests] == [1, 1, 1]


@pytest.mark.parametrize("fault", PASSING, ids=named)
def test_attempts_are_limited(
    simulator: Simulator,
    connect: Connect,
    no_pauses: None,
    fault: Refusal | HangUp | CutShort | Reset | Broken,
) -> None:
    """A failure that lasts becomes `unavailable` after the allowed number of attempts."""
    simulator.faults.plan(1, fault)
    answer = connect(max_attempts=3).fetch(1)
    status = fault.status if isinstance(fault, Refusal) else None
    assert (answer.outcome, answer.http_status, answer.attempts) == ("unavailable", status, 3)
    assert answer.message
    assert answer.body is None
    assert len(simulator.requests) == 3


@pytest.mark.parametrize("status", [400, 403, 404, 418, 422])
def test_permanent_failures_are_not_retried(
    simulator: Simulator, connect: Connect, no_pauses: None, status: int
) -> None:
    """One request is sent, however many attempts are allowed."""
    simulator.faults.plan(1, Refusal(status, "No."))
    assert connect(max_attempts=3).fetch(1).attempts == 1
    assert len(simulator.requests) == 1


def test_the_last_attempt_decides(simulator: Simulator, connect: Connect, no_pauses: None) -> None:
    """If the failure changes between attempts, the last one is reported."""
    simulator.faults.plan(1, HangUp(), times=1)
    simulator.faults.plan(1, Refusal(503, "Down."), times=1)
    simulator.faults.plan(1, Refusal(403, "Not yours."), times=1)
    assert summary(connect(max_attempts=5).fetch(1)) == ("forbidden", 403, "Not yours.", 3)


def test_a_refused_connection_is_unavailable(connect: Connect, no_pauses: None) -> None:
    """If nothing listens on the port, the message is that of the operating system."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    answer = connect(cluster_url=f"http://127.0.0.1:{port}", max_attempts=2).fetch(1)
    refused = "ConnectionRefusedError: [Errno 111] Connection refused"
    assert summary(answer) == ("unavailable", None, refused, 2)


def test_a_response_that_is_not_http_is_unavailable(
    serve: Serve, connect: Connect, no_pauses: None
) -> None:
    """Another service may listen on the port."""
    answer = connect(cluster_url=serve(always(b"220 mail\r\n\r\n")), max_attempts=2).fetch(1)
    message = "BadStatusLine: 220 mail"
    assert summary(answer) == ("unavailable", None, message, 2)


@pytest.mark.parametrize("retry_after", ["0", "date"])
def test_retry_after_is_respected(simulator: Simulator, connect: Connect, retry_after: str) -> None:
    """The server's pause, in seconds or as a date, replaces the client's own."""
    value = format_datetime(datetime.now(UTC), usegmt=True) if retry_after == "date" else "0"
    simulator.faults.plan(1, Refusal(429, retry_after=value), times=3)
    pauses = Pauses()
    assert summary(connect(pauses, max_attempts=4).fetch(1)) == ("loaded", 200, None, 4)
    assert pauses.requested_seconds == [0.0] * 3, "our own pauses would be 0.2 + 0.4 + 0.8 s"


def test_a_retry_after_is_not_shortened(simulator: Simulator, connect: Connect) -> None:
    """With `Retry-After: 1`, no request is sent within the second."""
    simulator.faults.plan(1, Refusal(503, retry_after=1), times=1)
    assert connect(max_attempts=2).fetch(1).outcome == "loaded"
    first, second = simulator.requests
    assert second.seen_at_seconds - first.seen_at_seconds >= 1


def test_a_retry_after_beyond_the_total_time_ends_the_attempts(
    simulator: Simulator, connect: Connect
) -> None:
    """An id has three timeouts in total; a pause that would end later is not started."""
    simulator.faults.plan(1, Refusal(429, "Later.", retry_after=60), times=1)
    pauses = Pauses()
    answer = connect(pauses, max_attempts=5, timeout_seconds=20).fetch(1)
    assert summary(answer) == ("unavailable", 429, "Later.", 1)
    assert pauses.requested_seconds == []


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        (" 50 ", 50.0),
        ("61", 60.0),
        ("9" * 30, 60.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 21 Oct 2015 07:28:00 -0000", 0.0),
        ("Wed, 21 Oct 99999999999999999999 07:28:00 GMT", None),
        ("Wed, 21 Oct 2015 07:28:00 +9999999999999999", 0.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    """A past date means no pause, a long pause is cut to a minute, and invalid values are
    ignored."""
    assert retry_after_seconds({"Retry-After": value}) == seconds


@pytest.mark.parametrize("zone", ["GMT", "+0200"])
def test_a_retry_after_date_is_relative_to_now(zone: str) -> None:
    """The date may be in any time zone."""
    before = datetime.now(UTC)
    at = before.replace(microsecond=0) + timedelta(seconds=30)
    shift = timedelta(hours=2) if zone == "+0200" else timedelta()
    headers = {"Retry-After": f"{at + shift:%a, %d %b %Y %H:%M:%S} {zone}"}
    found = retry_after_seconds(headers)
    after = datetime.now(UTC)
    assert found is not None
    assert (at - after).total_seconds() <= found <= (at - before).total_seconds()


@pytest.mark.parametrize(
    ("after", "least", "most"), [(None, 0.2, 0.7), (0.0, 0.0, 0.0), (3.5, 3.5, 3.5)]
)
def test_a_pause_is_the_servers_or_a_random_one(
    after: float | None, least: float, most: float
) -> None:
    """Without a pause from the server, the client's own is random."""
    state = tenacity.RetryCallState(tenacity.Retrying(), None, (), {})
    answer = Answer(1, "unavailable", datetime.now(UTC))
    error = client_module._Retry(answer, after)
    state.set_exception((type(error), error, None))
    assert least <= client_module._pause_seconds(state) <= most


def test_nothing_is_retried_once_the_run_is_stopping(
    simulator: Simulator, connect: Connect
) -> None:
    """The response at hand is the last one."""
    stopping = threading.Event()
    stopping.set()
    simulator.faults.plan(1, Refusal(503, "Down."))
    answer = connect(stopping, max_attempts=5).fetch(1)
    assert summary(answer) == ("unavailable", 503, "Down.", 1)


def test_a_pause_ends_when_the_run_is_stopping(simulator: Simulator, connect: Connect) -> None:
    """Ctrl-C does not wait for the server's pause, and no second request follows."""

    class EndsWithThePause(Pauses):
        """Stops the run once a pause has begun."""

        def wait(self, timeout: float | None = None) -> bool:
            threading.Thread(target=self.set).start()
            return super().wait(timeout)

    stopping = EndsWithThePause()
    simulator.faults.plan(1, Refusal(503, "Down.", retry_after=30), times=1)
    answer = connect(stopping, max_attempts=5).fetch(1)
    assert (stopping.requested_seconds, stopping.ended_early) == ([30.0], [True])
    assert summary(answer) == ("unavailable", 503, "Down.", 1)
    assert len(simulator.requests) == 1

"""Rules of one question to the cluster: what is sent, what each answer means, when to ask again."""

from __future__ import annotations

import gzip
import json
import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from threading import Barrier
from time import monotonic
from urllib.parse import quote

import pytest
import requests
import tenacity
import trustme

from incorta_loads.config.settings import Settings
from incorta_loads.endpoint import client as client_module
from incorta_loads.endpoint.client import Answer, StatusClient, retry_after_seconds
from incorta_loads.errors import InvalidTokenError, WrongTenantError
from incorta_loads.redaction import Redactor
from incorta_simulator.faults.faults import Exchange, RawBody, Refusal
from incorta_simulator.server.simulator import Simulator
from support.patience import HANG_SECONDS

MakeSettings = Callable[..., Settings]
Talk = Callable[[socket.socket], None]
Serve = Callable[..., str]
Connect = Callable[..., StatusClient]

TREE = b'{"name":"Nightly","type":"LOAD_PLAN"}'
UNTRUSTED_TOKEN = "SGVsbG8/secret+token=="


@pytest.fixture
def connect(make_settings: MakeSettings) -> Iterator[Connect]:
    """Makes a client with the given settings."""
    clients: list[StatusClient] = []

    def make(stopping: threading.Event | None = None, **explicit: object) -> StatusClient:
        settings = make_settings(**explicit)
        clients.append(StatusClient(settings, Redactor([settings.token]), stopping))
        return clients[-1]

    yield make
    for each in clients:
        each.close()


class Pauses(threading.Event):
    """The wish to end a run, for which each pause waits.

    Attributes:
        asked_for: the seconds of each pause.
        ended_early: whether the wish ended it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.asked_for: list[float | None] = []
        self.ended_early: list[bool] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.asked_for.append(timeout)
        self.ended_early.append(super().wait(timeout))
        return self.ended_early[-1]


def read_request(connection: socket.socket) -> bytes:
    """One request up to its empty line; empty when the client hung up."""
    request = b""
    while not request.endswith(b"\r\n\r\n"):
        part = connection.recv(4096)
        if not part:
            return b""
        request += part
    return request


def response(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def always(answer: bytes, seen: list[bytes] | None = None) -> Talk:
    """Gives the same answer to every request of a connection."""

    def talk(connection: socket.socket) -> None:
        while request := read_request(connection):
            if seen is not None:
                seen.append(request)
            connection.sendall(answer)

    return talk


def drip(head: bytes, drop: bytes) -> Talk:
    """Sends the head at once, and then a drop now and then until the client hangs up."""

    def talk(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(head)
        never = threading.Event()
        while not never.wait(0.02):
            connection.sendall(drop)

    return talk


def says(answer: Answer) -> tuple[str, int | None, str | None, int]:
    return answer.outcome, answer.http_status, answer.message, answer.attempts


def body_of(answer: Answer) -> bytes:
    assert answer.body is not None
    return answer.body.read()


# --- The request, and what each status code means -------------------------------------------------


def test_the_request_is_the_documented_one(simulator: Simulator, connect: Connect) -> None:
    """Tenant percent-encoded, every level of detail, the three headers."""
    connect().fetch(23)

    (request,) = simulator.requests
    assert request.path == "/incorta/api/v2/Gr%C3%B6%C3%9Fe%2F1/load-plan/status/23?level=4"
    assert (request.execution_id, request.level) == (23, 4)
    assert request.headers["accept"] == "application/json"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["authorization"] == f"Bearer {simulator.token}"


def test_a_tree_comes_back_as_it_was_sent(simulator: Simulator, connect: Connect) -> None:
    """Every byte of a 200, its size, the time it took and when it was there; nothing to say."""
    body = json.dumps(simulator.company.tree(1), ensure_ascii=False).encode()
    before = datetime.now(UTC)
    answer = connect().fetch(1)
    after = datetime.now(UTC)

    assert (answer.execution_id, body_of(answer), answer.size_bytes) == (1, body, len(body))
    assert says(answer) == ("loaded", 200, None, 1)
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
    """The outcome of the ledger, with the cluster's own message."""
    simulator.faults.plan(1, Refusal(status, message))
    answer = connect().fetch(1)
    assert says(answer) == (outcome, status, message, 1)
    assert (answer.body, answer.size_bytes) == (None, len(json.dumps({"message": message})))


def test_an_execution_that_is_not_there_is_a_gap(simulator: Simulator, connect: Connect) -> None:
    """The vendor's 404 for an id: settled by one request, however many are allowed."""
    answer = connect(max_attempts=5).fetch(999)
    message = "INC_05291904: The LOAD_PLAN of ID [999] cannot be found."
    assert says(answer) == ("not_found", 404, message, 1)
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
def test_a_404_that_is_not_the_vendors_is_no_gap(
    simulator: Simulator, connect: Connect, body: bytes
) -> None:
    """A proxy's 404 says nothing of the execution, and asking again at once would not help."""
    simulator.faults.plan(1, RawBody(body, 404, "text/html"))
    answer = connect(max_attempts=5).fetch(1)
    assert (answer.outcome, answer.http_status, answer.attempts) == ("unavailable", 404, 1)
    assert str(answer.message).startswith("a 404 that is not the cluster's own: ")
    assert len(simulator.requests) == 1


def test_a_refused_token_ends_the_asking(simulator: Simulator, connect: Connect) -> None:
    """401 is no answer about an execution: the error says what to do, after one request."""
    with pytest.raises(InvalidTokenError) as caught:
        connect(token="another-token", max_attempts=5).fetch(1)
    assert str(caught.value) == (
        "The cluster refused the access token (INC_09030108: Invalid authentication header. "
        "Invalid Token [[redacted]]); tokens expire: create a new one and set "
        "SOURCES__INCORTA__TOKEN."
    )
    assert len(simulator.requests) == 1


def test_a_wrong_tenant_ends_the_asking(simulator: Simulator, connect: Connect) -> None:
    """The vendor's other 404 names the tenant that was asked for."""
    with pytest.raises(WrongTenantError) as caught:
        connect(tenant="größe/1", max_attempts=5).fetch(1)
    assert str(caught.value) == (
        "The cluster does not know the tenant 'größe/1' (Invalid [größe/1] tenant in resource "
        "path); its name is case-sensitive: check SOURCES__INCORTA__TENANT."
    )
    assert len(simulator.requests) == 1


@pytest.mark.parametrize("status", [201, 202, 204, 206])
def test_another_success_is_no_tree(serve: Serve, connect: Connect, status: int) -> None:
    """Only 200 is documented to carry one; the body is kept to be looked at."""
    body = b"" if status == 204 else TREE
    url = serve(always(response(body, status=f"{status} Something")))
    answer = connect(cluster_url=url).fetch(1)
    assert (answer.outcome, answer.http_status, body_of(answer)) == (
        "invalid_payload",
        status,
        body,
    )


def test_a_long_message_is_cut_and_on_one_line(simulator: Simulator, connect: Connect) -> None:
    """A page of HTML in place of a message stays readable in the ledger."""
    simulator.faults.plan(1, RawBody(b"<html>\r\n\t\0 <b>" + b"x" * 5000, 502, "text/html"))
    assert connect().fetch(1).message == "<html> <b>" + "x" * 490


# --- Connections ----------------------------------------------------------------------------------


def test_each_thread_keeps_one_connection(serve: Serve, connect: Connect) -> None:
    """Sixty ids by three threads are three connections, gaps and refusals included."""
    accepted: list[int] = []
    answers = [response(TREE), response(b"{}", status="403 No"), response(b"{}", status="422 No")]

    def talk(connection: socket.socket) -> None:
        accepted.append(connection.getpeername()[1])
        asked = 0
        while read_request(connection):
            connection.sendall(answers[asked % 3])
            asked += 1

    asking = connect(cluster_url=serve(talk))
    together = Barrier(3, timeout=HANG_SECONDS)

    def ask(first: int) -> list[str]:
        together.wait()
        return [asking.fetch(each).outcome for each in range(first, first + 20)]

    with ThreadPoolExecutor(3) as pool:
        outcomes = list(pool.map(ask, (1, 21, 41)))
    assert outcomes == [["loaded", "forbidden", "rejected"] * 6 + ["loaded", "forbidden"]] * 3
    assert len(set(accepted)) == len(accepted) == 3


# --- Retries --------------------------------------------------------------------------------------


class HangUp:
    """Not a byte, and the connection is closed."""

    def write(self, exchange: Exchange) -> None:
        exchange.write_last(b"")
        exchange.close_connection = True


class CutShort:
    """Half of the body that the headers promise."""

    def write(self, exchange: Exchange) -> None:
        whole = exchange.normal().encode()
        exchange.write_last(whole[: len(whole) - 20])
        exchange.close_connection = True


class Reset:
    """The connection is reset in the middle of the headers."""

    def write(self, exchange: Exchange) -> None:
        exchange.write_last(b"HTTP/1.1 200 OK\r\nContent-")
        connection = exchange.connection  # type: ignore[attr-defined]
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        exchange.close_connection = True


class Broken:
    """A body that is not in the encoding that it says."""

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
def test_what_may_pass_is_asked_again(
    simulator: Simulator,
    connect: Connect,
    no_pauses: None,
    fault: Refusal | HangUp | CutShort | Reset | Broken,
) -> None:
    """Two failures and an answer: three attempts, and no trace of the failures."""
    simulator.faults.plan(1, fault, times=2)
    answer = connect(max_attempts=3).fetch(1)
    assert says(answer) == ("loaded", 200, None, 3)
    assert json.loads(body_of(answer)) == simulator.company.tree(1)
    assert [request.execution_id for request in simulator.requests] == [1, 1, 1]


@pytest.mark.parametrize("fault", PASSING, ids=named)
def test_attempts_are_limited(
    simulator: Simulator,
    connect: Connect,
    no_pauses: None,
    fault: Refusal | HangUp | CutShort | Reset | Broken,
) -> None:
    """What does not pass is `unavailable` after as many requests as are allowed."""
    simulator.faults.plan(1, fault)
    answer = connect(max_attempts=3).fetch(1)
    status = fault.status if isinstance(fault, Refusal) else None
    assert (answer.outcome, answer.http_status, answer.attempts) == ("unavailable", status, 3)
    assert answer.message
    assert answer.body is None
    assert len(simulator.requests) == 3


@pytest.mark.parametrize("status", [400, 403, 404, 418, 422])
def test_what_will_not_pass_is_not_asked_again(
    simulator: Simulator, connect: Connect, no_pauses: None, status: int
) -> None:
    """One request, however many are allowed."""
    simulator.faults.plan(1, Refusal(status, "No."))
    assert connect(max_attempts=3).fetch(1).attempts == 1
    assert len(simulator.requests) == 1


def test_the_last_answer_counts(simulator: Simulator, connect: Connect, no_pauses: None) -> None:
    """A failure that turns into another one is reported as the other one."""
    simulator.faults.plan(1, HangUp(), times=1)
    simulator.faults.plan(1, Refusal(503, "Down."), times=1)
    simulator.faults.plan(1, Refusal(403, "Not yours."), times=1)
    assert says(connect(max_attempts=5).fetch(1)) == ("forbidden", 403, "Not yours.", 3)


def test_nobody_there_is_unavailable(connect: Connect, no_pauses: None) -> None:
    """A port on which nobody listens, named by the words of the operating system."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    answer = connect(cluster_url=f"http://127.0.0.1:{port}", max_attempts=2).fetch(1)
    refused = "ConnectionRefusedError: [Errno 111] Connection refused"
    assert says(answer) == ("unavailable", None, refused, 2)


def test_an_answer_that_is_no_http_is_unavailable(
    serve: Serve, connect: Connect, no_pauses: None
) -> None:
    """Another service on the port."""
    answer = connect(cluster_url=serve(always(b"220 mail\r\n\r\n")), max_attempts=2).fetch(1)
    message = "BadStatusLine: 220 mail"
    assert says(answer) == ("unavailable", None, message, 2)


@pytest.mark.parametrize("retry_after", ["0", "date"])
def test_retry_after_is_waited_for(
    simulator: Simulator, connect: Connect, retry_after: str
) -> None:
    """A pause that the server names takes the place of our own, be it seconds or a date."""
    value = format_datetime(datetime.now(UTC), usegmt=True) if retry_after == "date" else "0"
    simulator.faults.plan(1, Refusal(429, retry_after=value), times=3)
    pauses = Pauses()
    assert says(connect(pauses, max_attempts=4).fetch(1)) == ("loaded", 200, None, 4)
    assert pauses.asked_for == [0.0] * 3, "our own pauses would be 0.2 + 0.4 + 0.8 s"


def test_a_retry_after_is_not_cut_short(simulator: Simulator, connect: Connect) -> None:
    """One second means that no request comes before it is over."""
    simulator.faults.plan(1, Refusal(503, retry_after=1), times=1)
    assert connect(max_attempts=2).fetch(1).outcome == "loaded"
    first, second = simulator.requests
    assert second.seen_at_seconds - first.seen_at_seconds >= 1


def test_a_retry_after_beyond_the_total_time_is_not_waited_for(
    simulator: Simulator, connect: Connect
) -> None:
    """Three timeouts are the time of an id: a pause that ends later is not begun."""
    simulator.faults.plan(1, Refusal(429, "Later.", retry_after=60), times=1)
    pauses = Pauses()
    answer = connect(pauses, max_attempts=5, timeout_seconds=20).fetch(1)
    assert says(answer) == ("unavailable", 429, "Later.", 1)
    assert pauses.asked_for == []


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        (" 120 ", 120.0),
        ("9" * 30, float("9" * 30)),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 21 Oct 2015 07:28:00 -0000", 0.0),
        ("Wed, 21 Oct 99999999999999999999 07:28:00 GMT", None),
        ("Wed, 21 Oct 2015 07:28:00 +9999999999999999", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    """A date that is over means at once; what cannot be read means our own pause."""
    assert retry_after_seconds({"Retry-After": value}) == seconds


@pytest.mark.parametrize("zone", ["GMT", "+0200"])
def test_retry_after_as_a_date_counts_from_now(zone: str) -> None:
    """In whatever zone it is written."""
    before = datetime.now(UTC)
    at = before.replace(microsecond=0) + timedelta(seconds=30)
    shift = timedelta(hours=2) if zone == "+0200" else timedelta()
    headers = {"Retry-After": f"{at + shift:%a, %d %b %Y %H:%M:%S} {zone}"}
    found = retry_after_seconds(headers)
    after = datetime.now(UTC)
    assert found is not None
    assert (at - after).total_seconds() <= found <= (at - before).total_seconds()


@pytest.mark.parametrize(
    ("after", "least", "most"), [(None, 0.2, 0.7), (0.0, 0.0, 0.0), (3.5, 3.5, 3.5), (1e30, 60, 60)]
)
def test_a_pause_is_capped(after: float | None, least: float, most: float) -> None:
    """A server that asks for an hour is asked again after a minute; without a wish we decide."""
    state = tenacity.RetryCallState(tenacity.Retrying(), None, (), {})
    answer = Answer(1, "unavailable", datetime.now(UTC))
    error = client_module._Retry(answer, after)
    state.set_exception((type(error), error, None))
    assert least <= client_module._pause_seconds(state) <= most


def test_nothing_is_asked_again_once_the_run_is_to_end(
    simulator: Simulator, connect: Connect
) -> None:
    """The answer at hand is the last one."""
    stopping = threading.Event()
    stopping.set()
    simulator.faults.plan(1, Refusal(503, "Down."))
    answer = connect(stopping, max_attempts=5).fetch(1)
    assert says(answer) == ("unavailable", 503, "Down.", 1)


def test_a_pause_ends_when_the_run_is_to_end(simulator: Simulator, connect: Connect) -> None:
    """Ctrl-C does not wait for what a server asked us to wait; no second request follows."""

    class EndsWithThePause(Pauses):
        """Ends the run once a pause has begun."""

        def wait(self, timeout: float | None = None) -> bool:
            threading.Thread(target=self.set).start()
            return super().wait(timeout)

    stopping = EndsWithThePause()
    simulator.faults.plan(1, Refusal(503, "Down.", retry_after=30), times=1)
    answer = connect(stopping, max_attempts=5).fetch(1)
    assert (stopping.asked_for, stopping.ended_early) == ([30.0], [True])
    assert says(answer) == ("unavailable", 503, "Down.", 1)
    assert len(simulator.requests) == 1


# --- Where the token goes -------------------------------------------------------------------------


@pytest.fixture
def bystander() -> Iterator[Simulator]:
    """Another server, which nobody should ask for anything."""
    with Simulator() as running:
        yield running


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(
    serve: Serve, connect: Connect, bystander: Simulator, status: int
) -> None:
    """It would carry the token elsewhere: the id is rejected, and the host is named."""
    moved = response(b"", f"Location: {bystander.url}/x", status=f"{status} Moved")
    answer = connect(cluster_url=serve(always(moved)), max_attempts=3).fetch(1)
    message = (
        f"redirected to 127.0.0.1:{bystander.port}, "
        "which was not followed because it would get the token"
    )
    assert says(answer) == ("rejected", status, message, 1)
    assert bystander.requests == ()


@pytest.mark.parametrize(
    ("location", "where"),
    [
        (b"", "nowhere"),
        (b"/login", "/login"),
        (b"//other.example", "other.example"),
        (b"http://", "nowhere"),
        (b"http://[", "what is no address"),
        (b"http://a b:c/", "a b:c"),
        (b"http://h\xf6st/", "höst"),
        (b"?SAMLRequest=a+secret", "nowhere"),
        (b"http://" + b"h" * 600, "h" * 487),
    ],
)
def test_a_redirect_to_anywhere_is_rejected(
    serve: Serve, connect: Connect, location: bytes, where: str
) -> None:
    """The place need not make sense, it is only shown."""
    head = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location + b"\r\n\r\n"
    answer = connect(cluster_url=serve(always(head)), max_attempts=3).fetch(1)
    message = f"redirected to {where}, which was not followed because it would get the token"
    assert says(answer) == ("rejected", 302, message[:500], 1)


def test_the_token_is_not_shown_where_a_redirect_repeats_it(serve: Serve, connect: Connect) -> None:
    """Neither as it is nor percent-encoded."""
    location = f"Location: https://{quote(UNTRUSTED_TOKEN, safe='')}.example/"
    url = serve(always(response(b"", location, status="302 Found")))
    answer = connect(cluster_url=url, token=UNTRUSTED_TOKEN).fetch(1)
    assert str(answer.message).startswith("redirected to [redacted].example,")


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_plain_http_never_goes_through_a_proxy(
    simulator: Simulator,
    connect: Connect,
    bystander: Simulator,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
) -> None:
    """It would receive the token in the clear."""
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv(variable, f"http://127.0.0.1:{bystander.port}")
    proxies = requests.utils.get_environ_proxies(simulator.url)
    assert proxies, "the environment names a proxy that requests would use"

    assert connect().fetch(1).outcome == "loaded"
    assert len(simulator.requests) == 1
    assert bystander.requests == ()


@pytest.fixture
def netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home with credentials for every host."""
    (tmp_path / ".netrc").write_text("default login somebody password hunter2\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("NETRC", raising=False)
    assert requests.utils.get_netrc_auth("http://127.0.0.1/") == ("somebody", "hunter2")


def test_a_netrc_does_not_replace_the_token(
    simulator: Simulator, connect: Connect, netrc: None
) -> None:
    """`requests` alone would send the user and password of the file."""
    assert connect().fetch(1).outcome == "loaded"
    assert simulator.requests[0].headers["authorization"] == f"Bearer {simulator.token}"


@pytest.mark.parametrize("status", [400, 403, 404, 422, 500])
@pytest.mark.parametrize("spelling", ["plain", "percent", "lower percent", "json", "html"])
def test_a_token_that_the_server_echoes_is_not_kept(
    simulator: Simulator, connect: Connect, status: int, spelling: str
) -> None:
    """Plain, percent-encoded or escaped: it is replaced in the message."""
    token = simulator.token
    percent = quote(token, safe="")
    echoed = {
        "plain": json.dumps({"message": f"Invalid Token [{token}] {token}"}),
        "percent": json.dumps({"message": f"Invalid Token [{percent}] {percent}"}),
        "lower percent": json.dumps({"message": f"Invalid Token [{percent.lower()}] {percent}"}),
        "json": '{"message":"Invalid Token [%s] %s"}' % ((token.replace("/", "\\/"),) * 2),
        "html": f"Invalid Token [{token}] {token}",
    }[spelling]
    if spelling == "lower percent":
        lowered = re.sub(r"%[0-9A-F]{2}", lambda code: code[0].lower(), percent)
        echoed = json.dumps({"message": f"Invalid Token [{lowered}] {percent}"})
    simulator.faults.plan(1, RawBody(echoed.encode(), status))
    message = str(connect().fetch(1).message)
    assert message.endswith("Invalid Token [[redacted]] [redacted]")


def test_a_long_token_is_replaced_before_the_message_is_cut(
    simulator: Simulator, connect: Connect
) -> None:
    """A cut through the middle of a token would leave a part that nobody recognises."""
    token = "".join(f"{number:03}-" for number in range(400))
    simulator.faults.plan(1, Refusal(500, f"{token} {token}"))
    assert connect(token=token).fetch(1).message == "[redacted] [redacted]"


def test_an_error_does_not_show_the_token(simulator: Simulator, connect: Connect) -> None:
    """Neither the message of a 401 nor anything that the exception carries."""
    with pytest.raises(InvalidTokenError) as caught:
        connect(token=UNTRUSTED_TOKEN).fetch(1)
    assert simulator.requests[0].headers["authorization"] == f"Bearer {UNTRUSTED_TOKEN}"
    assert "[redacted]" in str(caught.value)
    assert UNTRUSTED_TOKEN not in repr(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


# --- Limits of time and size ----------------------------------------------------------------------

LIMIT_SECONDS = 0.3
BOMB = gzip.compress(b" " * 2**28)
LONG = b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"
OVER = ("unavailable", None, "no whole response within 0.3 s", 1)


def stall(connection: socket.socket) -> None:
    """Reads whatever comes and says nothing."""
    while connection.recv(4096):
        pass


@pytest.mark.parametrize(
    "talk",
    [
        pytest.param(stall, id="no answer"),
        pytest.param(drip(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"), id="headers"),
        pytest.param(drip(b"HTTP/1.1 200 OK\r\n", b"X-More: 1\r\n"), id="many headers"),
        pytest.param(drip(LONG, b" "), id="body"),
        pytest.param(
            drip(LONG.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), b" "),
            id="body of a connection that is not kept",
        ),
        pytest.param(
            drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
            id="chunks",
        ),
        pytest.param(drip(b"HTTP/1.0 200 OK\r\n\r\n", b"{"), id="body until the end"),
    ],
)
def test_a_server_that_does_not_finish_is_left(serve: Serve, connect: Connect, talk: Talk) -> None:
    """The limit is for the whole answer, wherever the server stalls or drips for ever."""
    client = connect(cluster_url=serve(talk), timeout_seconds=LIMIT_SECONDS)
    begin = monotonic()
    assert says(client.fetch(1)) == OVER
    assert monotonic() - begin >= LIMIT_SECONDS


def test_all_attempts_together_take_no_longer_than_three_timeouts(
    serve: Serve, connect: Connect
) -> None:
    """However many attempts are allowed."""
    client = connect(cluster_url=serve(stall), timeout_seconds=0.5, max_attempts=100)
    begin = monotonic()
    answer = client.fetch(1)
    assert answer.outcome == "unavailable"
    assert answer.attempts <= 3
    assert monotonic() - begin >= 0.5


@pytest.mark.parametrize(("timeout_seconds", "within_seconds"), [(0.5, 0.6), (HANG_SECONDS, 0.1)])
def test_whoever_asks_may_have_less_time(
    serve: Serve, connect: Connect, timeout_seconds: float, within_seconds: float
) -> None:
    """Within one attempt and over all of them: no pause begins that would end later."""
    client = connect(cluster_url=serve(stall), timeout_seconds=timeout_seconds, max_attempts=100)
    answer = client.fetch(1, within_seconds=within_seconds)
    assert (answer.outcome, answer.attempts) == ("unavailable", 1)
    limit = re.fullmatch(r"no whole response within (.+) s", answer.message or "")
    assert limit
    assert float(limit[1]) <= within_seconds


def test_a_body_over_the_limit_is_read_no_further(serve: Serve, connect: Connect) -> None:
    """An endless body ends with the limit, is kept that far and is not asked for again."""
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    sent: list[int] = []

    def endless(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(chunk)
            sent.append(65536)

    answer = connect(cluster_url=serve(endless), max_body_mib=0.5, max_attempts=3).fetch(1)
    message = "the body is larger than 0.5 MiB"
    assert says(answer) == ("invalid_payload", 200, message, 1)
    assert (body_of(answer), answer.size_bytes) == (b"x" * 2**19, 2**19)
    assert sum(sent) < 64 * 2**20, "what the sockets buffer, and no more"


@pytest.mark.parametrize("size", [2**19 - 1, 2**19, 2**19 + 1])
def test_the_limit_is_the_largest_body_that_is_read(
    simulator: Simulator, connect: Connect, size: int
) -> None:
    """A body of exactly that size is whole."""
    simulator.faults.plan(1, RawBody(b"x" * size))
    answer = connect(max_body_mib=0.5).fetch(1)
    assert answer.outcome == ("loaded" if size <= 2**19 else "invalid_payload")
    assert len(body_of(answer)) == min(size, 2**19)


@pytest.mark.parametrize("layers", [1, 2])
def test_a_body_that_grows_is_read_no_further(serve: Serve, connect: Connect, layers: int) -> None:
    """A quarter of a gigabyte in gzip, or in gzip in gzip."""
    body = BOMB
    for _ in range(layers - 1):
        body = gzip.compress(body)
    encoding = ", ".join(["gzip"] * layers)
    url = serve(always(response(body, f"Content-Encoding: {encoding}")))
    before = peak_memory_mib()
    answer = connect(cluster_url=url, max_body_mib=1).fetch(1)
    message = "the body is larger than 1 MiB"
    assert says(answer) == ("invalid_payload", 200, message, 1)
    assert answer.size_bytes == 2**20
    assert peak_memory_mib() - before < 64


@pytest.mark.parametrize("status", ["302 Found", "404 No", "422 No", "500 No"])
def test_the_body_of_a_refusal_is_read_no_further_than_a_message_is_long(
    serve: Serve, connect: Connect, status: str
) -> None:
    """Nobody needs that much of an apology."""
    body = BOMB
    headers = ("Content-Encoding: gzip", "Location: /login")
    url = serve(always(response(body, *headers, status=status)))
    before = peak_memory_mib()
    answer = connect(cluster_url=url).fetch(1)
    assert answer.http_status == int(status[:3])
    assert answer.size_bytes == 64 * 1024
    assert peak_memory_mib() - before < 64


def peak_memory_mib() -> float:
    """The most that this process has ever held."""
    status = Path("/proc/self/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found
    return int(found[1]) / 1024


# --- TLS ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls(authority: trustme.CA) -> ssl.SSLContext:
    """A server's context with a certificate of the authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def ca_bundle(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.mark.parametrize("environment", ["nothing", "another authority"])
def test_a_private_authority_is_trusted_when_it_is_named(
    serve: Serve,
    connect: Connect,
    tls: ssl.SSLContext,
    ca_bundle: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    environment: str,
) -> None:
    """`ca_bundle` decides, whatever the environment says."""
    if environment == "another authority":
        other = tmp_path / "other.pem"
        trustme.CA().cert_pem.write_to_path(str(other))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other))
    url = serve(always(response(TREE)), tls)
    answer = connect(cluster_url=url, ca_bundle=ca_bundle).fetch(1)
    assert (answer.outcome, body_of(answer)) == ("loaded", TREE)


def test_an_unknown_authority_is_refused_before_the_token_is_sent(
    serve: Serve, connect: Connect, tls: ssl.SSLContext
) -> None:
    """The message names the setting that would help."""
    seen: list[bytes] = []
    answer = connect(cluster_url=serve(always(response(TREE), seen), tls)).fetch(1)
    assert (answer.outcome, answer.http_status) == ("unavailable", None)
    assert "CERTIFICATE_VERIFY_FAILED" in str(answer.message)
    assert str(answer.message).endswith(
        "; for a private authority set SOURCES__INCORTA__CA_BUNDLE to its PEM file"
    )
    assert seen == []


def test_a_certificate_for_another_host_is_refused(
    serve: Serve, connect: Connect, authority: trustme.CA, ca_bundle: str
) -> None:
    """A trusted authority is not enough."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("elsewhere.example").configure_cert(context)
    seen: list[bytes] = []
    url = serve(always(response(TREE), seen), context)
    answer = connect(cluster_url=url, ca_bundle=ca_bundle).fetch(1)
    assert (answer.outcome, answer.http_status, seen) == ("unavailable", None, [])


def test_a_netrc_does_not_replace_the_token_under_tls(
    serve: Serve, connect: Connect, tls: ssl.SSLContext, ca_bundle: str, netrc: None
) -> None:
    """Where the environment is heeded for the sake of proxies, the token stays."""
    seen: list[bytes] = []
    url = serve(always(response(TREE), seen), tls)
    answer = connect(cluster_url=url, ca_bundle=ca_bundle, token=UNTRUSTED_TOKEN).fetch(1)
    assert answer.outcome == "loaded"
    assert f"\r\nAuthorization: Bearer {UNTRUSTED_TOKEN}\r\n".encode() in seen[0]


def test_a_proxy_for_tls_gets_no_token(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked for a tunnel, in which everything else would travel."""
    seen: list[bytes] = []
    proxy = serve(always(response(b"", status="502 No"), seen))
    monkeypatch.setenv("HTTPS_PROXY", proxy.removesuffix("/incorta"))
    answer = connect(cluster_url="https://incorta.invalid", token=UNTRUSTED_TOKEN).fetch(1)
    message = "OSError: Tunnel connection failed: 502 No"
    assert says(answer) == ("unavailable", None, message, 1)
    assert seen[0].startswith(b"CONNECT incorta.invalid:443 HTTP/1.")
    assert b"authorization" not in seen[0].lower()


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n", b""], ids=["headers", "nothing"])
def test_a_proxy_that_does_not_finish_is_left(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch, head: bytes
) -> None:
    """The limit covers the way to the cluster too."""
    proxy = serve(drip(head, b"X-More: 1\r\n") if head else stall)
    monkeypatch.setenv("HTTPS_PROXY", proxy.removesuffix("/incorta"))
    client = connect(cluster_url="https://incorta.invalid", timeout_seconds=LIMIT_SECONDS)
    assert says(client.fetch(1)) == OVER


@pytest.mark.parametrize("headers", [(), ("Connection: close",)], ids=["kept", "not kept"])
def test_a_slow_answer_under_tls_is_left(
    serve: Serve,
    connect: Connect,
    tls: ssl.SSLContext,
    ca_bundle: str,
    headers: tuple[str, ...],
) -> None:
    """The limit works below the encryption."""
    head = response(b"", *headers).replace(b"Content-Length: 0", b"Content-Length: 9999")
    url = serve(drip(head, b" "), tls)
    client = connect(cluster_url=url, ca_bundle=ca_bundle, timeout_seconds=1)
    assert says(client.fetch(1)) == ("unavailable", None, "no whole response within 1 s", 1)

"""Rules for one HTTP exchange: connections, protection of the token, limits, TLS."""

from __future__ import annotations

import gzip
import json
import re
import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from time import monotonic
from urllib.parse import quote

import pytest
import requests
import trustme

from incorta_loads.errors import InvalidTokenError
from incorta_simulator.faults.faults import RawBody, Refusal
from incorta_simulator.server.simulator import Simulator
from support.patience import HANG_SECONDS
from support.talks import (
    TREE,
    UNTRUSTED_TOKEN,
    Connect,
    Serve,
    Talk,
    always,
    body_of,
    drip,
    read_request,
    response,
    summary,
)

# --- Connections ----------------------------------------------------------------------------------


def test_each_thread_keeps_one_connection(serve: Serve, connect: Connect) -> None:
    """Sixty ids in three threads need three connections, including gaps and refusals."""
    accepted: list[int] = []
    answers = [response(TREE), response(b"{}", status="403 No"), response(b"{}", status="422 No")]

    def talk(connection: socket.socket) -> None:
        accepted.append(connection.getpeername()[1])
        responses_sent = 0
        while read_request(connection):
            connection.sendall(answers[responses_sent % 3])
            responses_sent += 1

    asking = connect(cluster_url=serve(talk))
    together = Barrier(3, timeout=HANG_SECONDS)

    def fetch_ids(first: int) -> list[str]:
        together.wait()
        return [asking.fetch(each).outcome for each in range(first, first + 20)]

    with ThreadPoolExecutor(3) as pool:
        outcomes = list(pool.map(fetch_ids, (1, 21, 41)))
    assert outcomes == [["loaded", "forbidden", "rejected"] * 6 + ["loaded", "forbidden"]] * 3
    assert len(set(accepted)) == len(accepted) == 3


# --- Protection of the token ----------------------------------------------------------------------


@pytest.fixture
def bystander() -> Iterator[Simulator]:
    """Another server, which must not receive any request."""
    with Simulator() as running:
        yield running


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(
    serve: Serve, connect: Connect, bystander: Simulator, status: int
) -> None:
    """A redirect could send the token elsewhere: the id is rejected, and the host is named."""
    moved = response(b"", f"Location: {bystander.url}/x", status=f"{status} Moved")
    answer = connect(cluster_url=serve(always(moved)), max_attempts=3).fetch(1)
    message = (
        f"redirected to 127.0.0.1:{bystander.port}, "
        "which was not followed because it would get the token"
    )
    assert summary(answer) == ("rejected", status, message, 1)
    assert bystander.requests == ()


@pytest.mark.parametrize(
    ("location", "where"),
    [
        (b"", "nowhere"),
        (b"/login", "/login"),
        (b"//other.example", "other.example"),
        (b"http://", "nowhere"),
        (b"http://[", "an invalid address"),
        (b"http://a b:c/", "a b:c"),
        (b"http://h\xf6st/", "höst"),
        (b"?SAMLRequest=a+secret", "nowhere"),
        (b"http://" + b"h" * 600, "h" * 487),
    ],
)
def test_any_redirect_target_is_rejected(
    serve: Serve, connect: Connect, location: bytes, where: str
) -> None:
    """The target may be malformed, since it is only shown."""
    head = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location + b"\r\n\r\n"
    answer = connect(cluster_url=serve(always(head)), max_attempts=3).fetch(1)
    message = f"redirected to {where}, which was not followed because it would get the token"
    assert summary(answer) == ("rejected", 302, message[:500], 1)


def test_a_token_repeated_in_a_redirect_is_not_shown(serve: Serve, connect: Connect) -> None:
    """Neither the plain nor the percent-encoded token is shown."""
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
    """A proxy would receive the token in plain text."""
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
    """A home directory with credentials for every host in `.netrc`."""
    (tmp_path / ".netrc").write_text("default login somebody password hunter2\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("NETRC", raising=False)
    assert requests.utils.get_netrc_auth("http://127.0.0.1/") == ("somebody", "hunter2")


def test_a_netrc_does_not_replace_the_token(
    simulator: Simulator, connect: Connect, netrc: None
) -> None:
    """By default, `requests` would send the user and password from the file."""
    assert connect().fetch(1).outcome == "loaded"
    assert simulator.requests[0].headers["authorization"] == f"Bearer {simulator.token}"


@pytest.mark.parametrize("status", [400, 403, 404, 422, 500])
@pytest.mark.parametrize("spelling", ["plain", "percent", "lower percent", "json", "html"])
def test_a_token_echoed_by_the_server_is_redacted(
    simulator: Simulator, connect: Connect, status: int, spelling: str
) -> None:
    """Whether plain, percent-encoded or escaped, it is replaced in the message."""
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


def test_a_token_is_redacted_before_the_message_is_shortened(
    simulator: Simulator, connect: Connect
) -> None:
    """Otherwise a truncated token would not be recognized."""
    token = "".join(f"{number:03}-" for number in range(400))
    simulator.faults.plan(1, Refusal(500, f"{token} {token}"))
    assert connect(token=token).fetch(1).message == "[redacted] [redacted]"


def test_an_error_does_not_show_the_token(simulator: Simulator, connect: Connect) -> None:
    """Neither the message of a 401 nor any attribute of the exception contains it."""
    with pytest.raises(InvalidTokenError) as caught:
        connect(token=UNTRUSTED_TOKEN).fetch(1)
    assert simulator.requests[0].headers["authorization"] == f"Bearer {UNTRUSTED_TOKEN}"
    assert "[redacted]" in str(caught.value)
    assert UNTRUSTED_TOKEN not in repr(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


# --- Time and size limits -------------------------------------------------------------------------


LIMIT_SECONDS = 0.3
BOMB = gzip.compress(b" " * 2**28)
LONG = b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"
OVER = ("unavailable", None, "no whole response within 0.3 s", 1)


def stall(connection: socket.socket) -> None:
    """Reads the request and never responds."""
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
def test_an_incomplete_response_times_out(serve: Serve, connect: Connect, talk: Talk) -> None:
    """The limit covers the whole response, wherever the server stalls or drips."""
    client = connect(cluster_url=serve(talk), timeout_seconds=LIMIT_SECONDS)
    begin = monotonic()
    assert summary(client.fetch(1)) == OVER
    assert monotonic() - begin >= LIMIT_SECONDS


def test_all_attempts_together_take_no_longer_than_three_timeouts(
    serve: Serve, connect: Connect
) -> None:
    """The total limit holds for any number of attempts."""
    client = connect(cluster_url=serve(stall), timeout_seconds=0.5, max_attempts=100)
    begin = monotonic()
    answer = client.fetch(1)
    assert answer.outcome == "unavailable"
    assert answer.attempts <= 3
    assert monotonic() - begin >= 0.5


@pytest.mark.parametrize(("timeout_seconds", "within_seconds"), [(0.5, 0.6), (HANG_SECONDS, 0.1)])
def test_a_caller_may_set_a_shorter_limit(
    serve: Serve, connect: Connect, timeout_seconds: float, within_seconds: float
) -> None:
    """It applies to each attempt and to the total: no pause begins that would end later."""
    client = connect(cluster_url=serve(stall), timeout_seconds=timeout_seconds, max_attempts=100)
    answer = client.fetch(1, within_seconds=within_seconds)
    assert (answer.outcome, answer.attempts) == ("unavailable", 1)
    limit = re.fullmatch(r"no whole response within (.+) s", answer.message or "")
    assert limit
    assert float(limit[1]) <= within_seconds


def test_reading_stops_at_the_size_limit(serve: Serve, connect: Connect) -> None:
    """An endless body is kept up to the limit and not requested again."""
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
    assert summary(answer) == ("invalid_payload", 200, message, 1)
    assert (body_of(answer), answer.size_bytes) == (b"x" * 2**19, 2**19)
    assert sum(sent) < 64 * 2**20, "what the sockets buffer, and no more"


@pytest.mark.parametrize("size", [2**19 - 1, 2**19, 2**19 + 1])
def test_a_body_of_exactly_the_limit_is_complete(
    simulator: Simulator, connect: Connect, size: int
) -> None:
    """A body of exactly the limit is not truncated."""
    simulator.faults.plan(1, RawBody(b"x" * size))
    answer = connect(max_body_mib=0.5).fetch(1)
    assert answer.outcome == ("loaded" if size <= 2**19 else "invalid_payload")
    assert len(body_of(answer)) == min(size, 2**19)


@pytest.mark.parametrize("layers", [1, 2])
def test_decompression_stops_at_the_size_limit(serve: Serve, connect: Connect, layers: int) -> None:
    """The limit holds for a quarter of a gigabyte in gzip, also if compressed twice."""
    body = BOMB
    for _ in range(layers - 1):
        body = gzip.compress(body)
    encoding = ", ".join(["gzip"] * layers)
    url = serve(always(response(body, f"Content-Encoding: {encoding}")))
    before = peak_memory_mib()
    answer = connect(cluster_url=url, max_body_mib=1).fetch(1)
    message = "the body is larger than 1 MiB"
    assert summary(answer) == ("invalid_payload", 200, message, 1)
    assert answer.size_bytes == 2**20
    assert peak_memory_mib() - before < 64


@pytest.mark.parametrize("status", ["302 Found", "404 No", "422 No", "500 No"])
def test_an_error_response_is_read_only_as_far_as_its_message(
    serve: Serve, connect: Connect, status: str
) -> None:
    """A longer body would not be shown anyway."""
    body = BOMB
    headers = ("Content-Encoding: gzip", "Location: /login")
    url = serve(always(response(body, *headers, status=status)))
    before = peak_memory_mib()
    answer = connect(cluster_url=url).fetch(1)
    assert answer.http_status == int(status[:3])
    assert answer.size_bytes == 64 * 1024
    assert peak_memory_mib() - before < 64


def peak_memory_mib() -> float:
    """The peak memory of this process so far, in MiB."""
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
def test_a_configured_private_authority_is_trusted(
    serve: Serve,
    connect: Connect,
    tls: ssl.SSLContext,
    ca_bundle: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    environment: str,
) -> None:
    """`ca_bundle` overrides the environment."""
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
    """The error names the setting that would help."""
    seen: list[bytes] = []
    answer = connect(cluster_url=serve(always(response(TREE), seen), tls)).fetch(1)
    assert (answer.outcome, answer.http_status) == ("unavailable", None)
    assert "CERTIFICATE_VERIFY_FAILED" in str(answer.message)
    assert str(answer.message).endswith(
        "; for a private certificate authority, set SOURCES__INCORTA__CA_BUNDLE to its PEM file"
    )
    assert seen == []


def test_a_certificate_for_another_host_is_refused(
    serve: Serve, connect: Connect, authority: trustme.CA, ca_bundle: str
) -> None:
    """A trusted authority is not sufficient."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("elsewhere.example").configure_cert(context)
    seen: list[bytes] = []
    url = serve(always(response(TREE), seen), context)
    answer = connect(cluster_url=url, ca_bundle=ca_bundle).fetch(1)
    assert (answer.outcome, answer.http_status, seen) == ("unavailable", None, [])


def test_a_netrc_does_not_replace_the_token_under_tls(
    serve: Serve, connect: Connect, tls: ssl.SSLContext, ca_bundle: str, netrc: None
) -> None:
    """Proxy settings are read from the environment, but credentials are not."""
    seen: list[bytes] = []
    url = serve(always(response(TREE), seen), tls)
    answer = connect(cluster_url=url, ca_bundle=ca_bundle, token=UNTRUSTED_TOKEN).fetch(1)
    assert answer.outcome == "loaded"
    assert f"\r\nAuthorization: Bearer {UNTRUSTED_TOKEN}\r\n".encode() in seen[0]


def test_a_proxy_for_tls_gets_no_token(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy only gets a request for a tunnel; the token is sent inside the tunnel."""
    seen: list[bytes] = []
    proxy = serve(always(response(b"", status="502 No"), seen))
    monkeypatch.setenv("HTTPS_PROXY", proxy.removesuffix("/incorta"))
    answer = connect(cluster_url="https://incorta.invalid", token=UNTRUSTED_TOKEN).fetch(1)
    message = "OSError: Tunnel connection failed: 502 No"
    assert summary(answer) == ("unavailable", None, message, 1)
    assert seen[0].startswith(b"CONNECT incorta.invalid:443 HTTP/1.")
    assert b"authorization" not in seen[0].lower()


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n", b""], ids=["headers", "nothing"])
def test_an_unresponsive_proxy_times_out(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch, head: bytes
) -> None:
    """The limit also covers the connection through a proxy."""
    proxy = serve(drip(head, b"X-More: 1\r\n") if head else stall)
    monkeypatch.setenv("HTTPS_PROXY", proxy.removesuffix("/incorta"))
    client = connect(cluster_url="https://incorta.invalid", timeout_seconds=LIMIT_SECONDS)
    assert summary(client.fetch(1)) == OVER


@pytest.mark.parametrize("headers", [(), ("Connection: close",)], ids=["kept", "not kept"])
def test_a_slow_response_under_tls_times_out(
    serve: Serve,
    connect: Connect,
    tls: ssl.SSLContext,
    ca_bundle: str,
    headers: tuple[str, ...],
) -> None:
    """The limit also works below the encryption."""
    head = response(b"", *headers).replace(b"Content-Length: 0", b"Content-Length: 9999")
    url = serve(drip(head, b" "), tls)
    client = connect(cluster_url=url, ca_bundle=ca_bundle, timeout_seconds=1)
    assert summary(client.fetch(1)) == ("unavailable", None, "no whole response within 1 s", 1)

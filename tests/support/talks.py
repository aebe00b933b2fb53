"""Socket conversations for test servers, and the reading of responses."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

from incorta_loads.endpoint.client import Answer, StatusClient

Talk = Callable[[socket.socket], None]
Serve = Callable[..., str]
Connect = Callable[..., StatusClient]

TREE = b'{"name":"Nightly","type":"LOAD_PLAN"}'
UNTRUSTED_TOKEN = "SGVsbG8/secret+token=="


class Pauses(threading.Event):
    """The stop event of a run, which records each pause.

    Attributes:
        requested_seconds: the length of each pause.
        ended_early: whether a stop request ended each pause.
    """

    def __init__(self) -> None:
        super().__init__()
        self.requested_seconds: list[float | None] = []
        self.ended_early: list[bool] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.requested_seconds.append(timeout)
        self.ended_early.append(super().wait(timeout))
        return self.ended_early[-1]


def read_request(connection: socket.socket) -> bytes:
    """One request up to its empty line; empty if the client hung up."""
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
    """Sends the same response to every request of a connection."""

    def talk(connection: socket.socket) -> None:
        while request := read_request(connection):
            if seen is not None:
                seen.append(request)
            connection.sendall(answer)

    return talk


def drip(head: bytes, drop: bytes) -> Talk:
    """Sends the head at once, and then a drop at intervals until the client hangs up."""

    def talk(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(head)
        never = threading.Event()
        while not never.wait(0.02):
            connection.sendall(drop)

    return talk


def summary(answer: Answer) -> tuple[str, int | None, str | None, int]:
    return answer.outcome, answer.http_status, answer.message, answer.attempts


def body_of(answer: Answer) -> bytes:
    assert answer.body is not None
    return answer.body.read()

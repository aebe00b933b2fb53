"""The simulator: the endpoint behind a real HTTP server."""

from __future__ import annotations

import select
import socket
import struct
import sys
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, Self

from incorta_simulator.answer import Answer
from incorta_simulator.company.company import Company
from incorta_simulator.faults.faults import Faults
from incorta_simulator.question import Question
from incorta_simulator.server.endpoint import Endpoint
from incorta_simulator.server.traffic import SeenRequest, Traffic

if TYPE_CHECKING:
    from pathlib import Path

STOP_POLL_SECONDS = 0.02

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)

_CLOSE = ("Connection", "close")


class Simulator:
    """Serves one company until it is stopped. Several can run in one process.

    `requests` and `max_in_flight` record what clients did; `faults` plans what happens to them.
    With a `state_file`, running executions continue where the last simulator with it stopped.
    """

    def __init__(
        self,
        company: Company | None = None,
        *,
        tenant: str = "demo",
        token: str = "simulator-token",  # noqa: S107 - opens nothing but the simulator
        host: str = "127.0.0.1",
        port: int = 0,
        state_file: Path | None = None,
    ) -> None:
        self.company = company or Company()
        self.tenant = tenant
        self.token = token
        self.host = host
        self.port = port
        self.faults = Faults()
        self.traffic = Traffic()
        self.endpoint = Endpoint(self.company, tenant, token)
        self._state_file = state_file
        self._listener: _Listener | None = None
        if state_file:
            self.company.load(state_file)

    @property
    def url(self) -> str:
        """The cluster's URL; with port 0, known after the first start."""
        return f"http://{self.host}:{self.port}/incorta"

    @property
    def requests(self) -> tuple[SeenRequest, ...]:
        """The requests received so far, oldest first."""
        return self.traffic.requests

    @property
    def max_in_flight(self) -> int:
        """The maximum number of concurrent requests."""
        return self.traffic.max_in_flight

    def start(self) -> None:
        """Starts to listen; a stopped simulator restarts on the same port."""
        self._listener = _Listener(self)
        self.port = self._listener.server_address[1]
        loop = self._listener.serve_forever
        Thread(target=loop, args=(STOP_POLL_SECONDS,), name="simulator", daemon=True).start()

    def stop(self) -> None:
        """Closes all connections and saves the state; does nothing if it is not running."""
        if self._listener is None:
            return
        self._listener.shutdown()
        self._listener.server_close()
        self._listener.hang_up()
        self._listener = None
        if self._state_file:
            self.company.save(self._state_file)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


# http.server's own server looks up its host name in the DNS.
class _Listener(ThreadingTCPServer):
    """The listening socket and its accepted connections."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self._connections: set[socket.socket] = set()
        self._lock = Lock()
        super().__init__((simulator.host, simulator.port), _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        with self._lock:
            self._connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Closes connections that clients keep open, whose threads would still respond."""
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignores clients that disconnect early; any other error is a bug."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """One connection; during a request, also its `Exchange`."""

    server: _Listener
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._begin()
        try:
            fault = self.server.simulator.faults.take(self.question.number)
            if fault:
                fault.write(self)
            else:
                self.write_last(self.normal().encode())
        finally:
            self._end()

    @property
    def token(self) -> str:
        return self._authorization.removeprefix("Bearer ")

    @property
    def _authorization(self) -> str:
        return self.headers.get("Authorization", "")

    def normal(self) -> Answer:
        return self.server.simulator.endpoint.answer(self.question, self._authorization)

    def write_part(self, data: bytes) -> None:
        self.wfile.write(data)

    def write_last(self, data: bytes) -> None:
        # Recorded before the bytes are sent, because a client may then send its next request.
        self._end()
        self.wfile.write(data)

    def wait(self, seconds: float | None = None) -> bool:
        poll = select.poll()
        # Either side may close the connection; `stop` ends the wait by doing so.
        poll.register(self.connection, select.POLLRDHUP)
        return not poll.poll(None if seconds is None else seconds * 1000)

    def is_gone(self) -> bool:
        return not self.wait(0)

    def reset(self) -> None:
        self._end()
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        # Closed here: the server would shut it down first, and the client would see no reset.
        self.rfile.close()
        self.connection.close()

    def _begin(self) -> None:
        self.question = Question.of(self.path)
        headers = dict(self.headers.items())
        self.server.simulator.traffic.begin(self, self.question, self.path, headers)

    def _end(self) -> None:
        self.server.simulator.traffic.end(self)

    def _refuse_method(self) -> None:
        self._begin()
        answer = Answer.error(405, "The endpoint knows GET only.", _CLOSE, ("Allow", "GET"))
        self._write_and_close(answer)

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _refuse_method  # noqa: N815

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002 - the base class calls it so
        self._write_and_close(Answer.error(code, message or "The request cannot be read.", _CLOSE))

    def _write_and_close(self, answer: Answer) -> None:
        # The body of the request is not read, so the connection cannot be reused.
        self.close_connection = True
        self.write_last(answer.head() if self.command == "HEAD" else answer.encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as the base class names it
        """Logs nothing; requests are recorded in `Simulator.requests`."""

"""A webhook on loopback that receives notifications."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

SECRET = "s3cret-hook-path"


@dataclass
class Webhook:
    """The received notifications, and how the webhook responds.

    Attributes:
        url: the URL for Apprise, which contains a secret.
        messages: title, message and type of each notification answered with 200.
        status: the HTTP status of the responses.
        location: the target of redirects, if any.
        requests: the number of requests, of any method.
        before_answer: called when a notification has arrived, before the response.
        drips: whether responses are sent byte by byte until the webhook closes.
        closed: set when the webhook closes, which ends these responses.
    """

    url: str = ""
    messages: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200
    location: str | None = None
    requests: int = 0
    before_answer: Callable[[], object] = lambda: None
    drips: bool = False
    closed: Event = field(default_factory=Event)

    @property
    def titles(self) -> list[str]:
        return [each["title"] for each in self.messages]


@contextmanager
def webhook() -> Iterator[Webhook]:
    """Runs a webhook until the end of the block."""
    hook = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hook.requests += 1
            self._respond()

        def do_POST(self) -> None:
            hook.requests += 1
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == f"/{SECRET}" and hook.status == 200:
                hook.messages.append(json.loads(body))
            hook.before_answer()
            self._respond()

        def _respond(self) -> None:
            self.send_response(hook.status)
            if hook.location:
                self.send_header("Location", hook.location)
            if hook.drips:
                self._drip()
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _drip(self) -> None:
            with suppress(OSError):
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
                while not hook.closed.wait(0.1):
                    self.wfile.write(b"x")

        def log_message(self, *_: object) -> None:
            """Prints nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        hook.url = f"json://127.0.0.1:{server.server_port}/{SECRET}"
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield hook
        hook.closed.set()
        server.shutdown()
        thread.join()

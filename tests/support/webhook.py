"""A receiver of notifications on loopback."""

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
    """What was received, and how it is answered.

    Attributes:
        url: for Apprise; a secret.
        messages: title, message and type of each that was answered with 200.
        status: of the answers.
        location: where they redirect to, if anywhere.
        asked: how many requests there were, of any method.
        before_answer: called once a message has arrived.
        drips: whether answers come byte by byte, and never end before the webhook does.
        closed: set where the webhook ends, and such answers with it.
    """

    url: str = ""
    messages: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200
    location: str | None = None
    asked: int = 0
    before_answer: Callable[[], object] = lambda: None
    drips: bool = False
    closed: Event = field(default_factory=Event)

    @property
    def titles(self) -> list[str]:
        return [each["title"] for each in self.messages]


@contextmanager
def webhook() -> Iterator[Webhook]:
    """A running one."""
    hook = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hook.asked += 1
            self._answer()

        def do_POST(self) -> None:
            hook.asked += 1
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == f"/{SECRET}" and hook.status == 200:
                hook.messages.append(json.loads(body))
            hook.before_answer()
            self._answer()

        def _answer(self) -> None:
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
            """Nothing on the terminal."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        hook.url = f"json://127.0.0.1:{server.server_port}/{SECRET}"
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield hook
        hook.closed.set()
        server.shutdown()
        thread.join()

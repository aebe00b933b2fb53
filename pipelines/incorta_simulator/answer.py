"""An HTTP response as a plain value."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http.client import responses
from typing import Any

JSON = "application/json"
HTML = "text/html"


def head(status: int, *headers: tuple[str, str]) -> bytes:
    """Returns a status line and the headers, with the empty line after them."""
    lines = [
        f"HTTP/1.1 {status} {responses.get(status, '')}",
        *(f"{name}: {value}" for name, value in headers),
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


@dataclass(frozen=True)
class Answer:
    """A response: status code, body, and headers beyond those of every response."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, status: int, value: Any, *headers: tuple[str, str]) -> Answer:
        """Returns a response with a value as its JSON body."""
        return cls(status, json.dumps(value, ensure_ascii=False).encode(), headers=headers)

    @classmethod
    def error(cls, status: int, message: str, *headers: tuple[str, str]) -> Answer:
        """Returns an error in the documented shape."""
        return cls.of(status, {"message": message}, *headers)

    def head(self) -> bytes:
        """The status line and the headers, with the empty line after them."""
        return head(
            self.status,
            ("Content-Type", self.content_type),
            ("Content-Length", str(len(self.body))),
            *self.headers,
        )

    def encode(self) -> bytes:
        """The whole response as sent over the wire."""
        return self.head() + self.body

"""Responses that repeat the token of the request, in various encodings."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from incorta_simulator.answer import JSON, Answer, head
from incorta_simulator.faults.bodies import with_field, with_name

if TYPE_CHECKING:
    from incorta_simulator.faults.faults import Exchange

Spelling = Callable[[str], str]
"""Encodes a token as the content of a JSON string."""


def plain(token: str) -> str:
    """Returns it unchanged."""
    return json.dumps(token, ensure_ascii=False)[1:-1]


def percent(token: str) -> str:
    """Returns each byte as `%XX`."""
    return "".join(f"%{byte:02X}" for byte in token.encode())


def escaped(token: str) -> str:
    r"""Returns each character as `\uXXXX`."""
    units = memoryview(token.encode("utf-16-le")).cast("H")
    return "".join(f"\\u{unit:04x}" for unit in units)


def partly_escaped(token: str) -> str:
    r"""Returns every second character as `\uXXXX`."""
    return "".join(
        (escaped if place % 2 else plain)(character) for place, character in enumerate(token)
    )


def mixed(token: str) -> str:
    """Returns the first characters unchanged, the next percent-encoded, the rest escaped."""
    third = len(token) // 3
    return plain(token[:third]) + percent(token[third : 2 * third]) + escaped(token[2 * third :])


SPELLINGS: dict[str, Spelling] = {
    spelling.__name__: spelling for spelling in (plain, percent, escaped, partly_escaped, mixed)
}

MESSAGE = b'{"message": "INC_09030108: Invalid authentication header. Invalid Token [%b]"}'
PAGE = b"<html><body>Who is <b>%b</b>?</body></html>"
NAME = with_name(b'"for %b"')
FIELD_VALUE = with_field(b'"owner": {"key": "%b"}')
FIELD_NAME = with_field(b'"%b": 1')


@dataclass(frozen=True)
class Echo:
    """A response with the token in its body, in place of `%b` in the template."""

    status: int
    template: bytes = MESSAGE
    spell: Spelling = plain
    content_type: str = JSON

    def write(self, exchange: Exchange) -> None:
        """Sends it with the token of the request."""
        body = self.template % self.spell(exchange.token).encode()
        exchange.write_last(Answer(self.status, body, self.content_type).encode())


@dataclass(frozen=True)
class RawEcho:
    """Bytes in place of a response, with the token in place of `%b`; then the connection closes."""

    template: bytes

    def write(self, exchange: Exchange) -> None:
        """Sends them with the token of the request."""
        exchange.close_connection = True
        exchange.write_last(self.template % exchange.token.encode())


STATUS_LINE = b"HTTP/1.1 %b OK\r\n\r\n"
CHUNK_SIZE = head(200, ("Transfer-Encoding", "chunked")) + b"%b\r\n"
LOCATION = (
    b"HTTP/1.1 302 Found\r\nLocation: https://login.invalid/?token=%b\r\nContent-Length: 0\r\n\r\n"
)
REASON = b"HTTP/1.1 500 %b\r\nContent-Length: 0\r\n\r\n"

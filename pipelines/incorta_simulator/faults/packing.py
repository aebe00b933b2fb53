"""Encodings of a complete response: compressed, chunked, without length, too large.

If a fault has a `body`, None means the normal response to the request.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from incorta_simulator.answer import JSON, Answer, head
from incorta_simulator.faults.bodies import EXAMPLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from incorta_simulator.faults.faults import Exchange

CHUNKED = ("Transfer-Encoding", "chunked")
_LAST_CHUNK = b"0\r\n\r\n"

_CHUNK_BYTES = 64 * 1024
_MIB = 1024 * 1024

_GZIP_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
_EMPTY_LAST_BLOCK = b"\x03\x00"


def chunk(data: bytes) -> bytes:
    """Returns bytes as one chunk of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def _answer(exchange: Exchange, body: bytes | None) -> Answer:
    return exchange.normal() if body is None else Answer(200, body)


@dataclass(frozen=True)
class Compressed:
    """A complete response with a compressed body; `deflate` has the zlib header, as in the RFC."""

    coding: Literal["gzip", "deflate"] = "gzip"
    body: bytes | None = None

    def write(self, exchange: Exchange) -> None:
        """Sends it with its content encoding."""
        answer = _answer(exchange, self.body)
        compress = gzip.compress if self.coding == "gzip" else zlib.compress
        coding = ("Content-Encoding", self.coding)
        packed = Answer(answer.status, compress(answer.body), headers=(coding,))
        exchange.write_last(packed.encode())


@dataclass(frozen=True)
class Miscoded:
    """A body with the content encoding gzip, whatever its bytes are."""

    body: bytes

    def write(self, exchange: Exchange) -> None:
        """Sends it unchanged."""
        coding = ("Content-Encoding", "gzip")
        exchange.write_last(Answer(200, self.body, headers=(coding,)).encode())


@dataclass(frozen=True)
class Chunked:
    """A complete response in chunks."""

    body: bytes | None = None
    chunk_bytes: int = 100

    def write(self, exchange: Exchange) -> None:
        """Sends all chunks and the last, empty one."""
        answer, size = _answer(exchange, self.body), self.chunk_bytes
        starts = range(0, len(answer.body), size)
        chunks = (chunk(answer.body[start : start + size]) for start in starts)
        exchange.write_part(head(answer.status, ("Content-Type", JSON), CHUNKED))
        exchange.write_last(b"".join(chunks) + _LAST_CHUNK)


@dataclass(frozen=True)
class Unframed:
    """A response of unknown length, which ends with the connection."""

    body: bytes | None = None

    def write(self, exchange: Exchange) -> None:
        """Sends it and closes the connection."""
        answer = _answer(exchange, self.body)
        exchange.close_connection = True
        exchange.write_last(head(answer.status, ("Content-Type", JSON)) + answer.body)


@dataclass(frozen=True)
class Preceded:
    """A complete response after an interim one."""

    status: int = 100
    body: bytes | None = None

    def write(self, exchange: Exchange) -> None:
        """Sends both at once."""
        exchange.write_last(head(self.status) + _answer(exchange, self.body).encode())


@dataclass(frozen=True)
class Padded:
    """A valid body after this many MiB of blanks, which are made while they are sent."""

    mib: int = 33
    status: int = 200
    is_chunked: bool = False

    def write(self, exchange: Exchange) -> None:
        """Sends the blanks and the body, until the client disconnects."""
        length = ("Content-Length", str(self.mib * _MIB + len(EXAMPLE)))
        framing = CHUNKED if self.is_chunked else length
        exchange.write_part(head(self.status, ("Content-Type", JSON), framing))
        blanks = self._framed(b" " * _CHUNK_BYTES)
        for _ in range(self.mib * _MIB // _CHUNK_BYTES):
            exchange.write_part(blanks)
        exchange.write_last(self._framed(EXAMPLE) + (_LAST_CHUNK if self.is_chunked else b""))

    def _framed(self, data: bytes) -> bytes:
        return chunk(data) if self.is_chunked else data


@dataclass(frozen=True)
class Bomb:
    """A body that grows a thousandfold when decompressed; it is made while it is sent.

    Args:
        mib: The decompressed size.
        place: `blanks` before a valid body, or a `name` within it.
        layers: The number of compressions; with two, it is a few KiB on the wire.
    """

    mib: int = 1024
    place: Literal["blanks", "name"] = "blanks"
    layers: Literal[1, 2] = 1

    def write(self, exchange: Exchange) -> None:
        """Sends it in chunks until the client disconnects."""
        coding = ("Content-Encoding", ", ".join(["gzip"] * self.layers))
        exchange.write_part(head(200, ("Content-Type", JSON), CHUNKED, coding))
        for part in self._parts() if self.layers == 1 else _gzip_of(self._parts()):
            # Between two sent parts, a lot of data is compressed.
            if not exchange.wait(0):
                exchange.close_connection = True
                return
            exchange.write_part(chunk(part) if part else b"")
        exchange.write_last(_LAST_CHUNK)

    def _parts(self) -> Iterator[bytes]:
        if self.place == "blanks":
            return _gzip_of_repeats(b"", b" " * _MIB, self.mib, EXAMPLE)
        return _gzip_of_repeats(b'{"name":"', b"n" * _MIB, self.mib, b'","type":"LOAD_PLAN"}')


def _gzip_of_repeats(before: bytes, middle: bytes, times: int, after: bytes) -> Iterator[bytes]:
    """Returns a gzip file of `before`, repeated `middle` (compressed once) and `after`."""
    yield _GZIP_HEADER + _block(before)
    checksum, squeezed = zlib.crc32(before), _block(middle)
    for _ in range(times):
        checksum = zlib.crc32(middle, checksum)
        yield squeezed
    size = len(before) + times * len(middle) + len(after)
    trailer = struct.pack("<II", zlib.crc32(after, checksum), size % 2**32)
    yield _block(after) + _EMPTY_LAST_BLOCK + trailer


def _gzip_of(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yields a gzip file in chunks: one for each part, most of them empty, and the rest."""
    squeeze = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    yield from map(squeeze.compress, parts)
    yield squeeze.flush()


def _block(data: bytes) -> bytes:
    """Returns deflated bytes that can be placed anywhere, because a full flush resets the state."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return squeeze.compress(data) + squeeze.flush(zlib.Z_FULL_FLUSH)

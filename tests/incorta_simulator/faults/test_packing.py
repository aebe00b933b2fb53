"""Complete responses in other encodings: the bytes on the wire, and the decoded body."""

from __future__ import annotations

import gzip
import json
import struct
import zlib
from http.client import HTTPResponse
from socket import SHUT_WR
from typing import TYPE_CHECKING, Any, Literal

import pytest

from incorta_simulator.answer import Answer
from incorta_simulator.faults.bodies import EXAMPLE
from incorta_simulator.faults.packing import (
    Bomb,
    Chunked,
    Compressed,
    Miscoded,
    Padded,
    Preceded,
    Unframed,
    chunk,
)
from support.patience import HANG_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from socket import socket
    from threading import Thread

    from incorta_simulator.faults.faults import Fault
    from incorta_simulator.server.simulator import Simulator

    Play = Callable[[Fault], socket]
    Threads = Callable[[], list[Thread]]

MIB = 1024 * 1024
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def read(client: socket) -> tuple[HTTPResponse, bytes]:
    response = HTTPResponse(client)
    response.begin()
    return response, response.read()


def unpack(packed: bytes, most_bytes: int) -> bytes:
    """Decompresses the beginning of a gzip file."""
    return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(packed, most_bytes)


@pytest.mark.parametrize("fault", [Compressed(), Chunked(), Unframed(), Preceded()], ids=str)
def test_without_an_own_body_the_normal_response_is_packed(
    simulator: Simulator, play: Play, fault: Fault
) -> None:
    """A client that supports the encoding sees no difference."""
    response, body = read(play(fault))
    if response.headers["Content-Encoding"]:
        body = gzip.decompress(body)

    assert json.loads(body) == simulator.company.tree(1)


@pytest.mark.parametrize(
    ("coding", "unpacked"), [("gzip", gzip.decompress), ("deflate", zlib.decompress)]
)
def test_a_compressed_body_declares_its_encoding(
    play: Play, coding: Literal["gzip", "deflate"], unpacked: Callable[[bytes], bytes]
) -> None:
    """It is smaller, and its length is that of the sent bytes."""
    response, body = read(play(Compressed(coding, EXAMPLE)))

    assert response.headers["Content-Encoding"] == coding
    assert int(response.headers["Content-Length"]) == len(body) < len(EXAMPLE)
    assert unpacked(body) == EXAMPLE


def test_a_miscoded_body_declares_a_wrong_encoding(play: Play) -> None:
    """It declares gzip and is sent uncompressed."""
    response, body = read(play(Miscoded(EXAMPLE)))

    assert (response.headers["Content-Encoding"], body) == ("gzip", EXAMPLE)


def test_a_chunk_is_framed_by_its_size() -> None:
    """The size is in hexadecimal digits."""
    assert chunk(b"y" * 26) == b"1a\r\nyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n"


def test_a_chunked_body_has_chunks_and_no_length(play: Play) -> None:
    """The last chunk is empty, and the connection stays open."""
    expected = HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\n{}\n\r\n1\r\n\n\r\n0\r\n\r\n"
    client = play(Chunked(b"{}\n\n", chunk_bytes=3))
    received = b""
    while len(received) < len(expected):
        received += client.recv(len(expected))

    assert received == expected


def test_an_unframed_body_ends_with_the_connection(play: Play) -> None:
    """It has neither a length nor chunks."""
    client = play(Unframed(b"{}"))

    assert b"".join(iter(lambda: client.recv(4096), b"")) == HEAD + b"\r\n{}"


@pytest.mark.parametrize(("status", "reason"), [(100, b"Continue"), (103, b"Early Hints")])
def test_a_provisional_response_comes_first(play: Play, status: int, reason: bytes) -> None:
    """A status line and an empty line precede the response."""
    expected = b"HTTP/1.1 %d %b\r\n\r\n" % (status, reason) + Answer(200, b"{}").encode()
    client = play(Preceded(status, b"{}"))

    assert client.recv(4096) == expected


@pytest.mark.parametrize("is_chunked", [False, True])
@pytest.mark.parametrize("status", [200, 500])
def test_padding_is_blanks_before_a_valid_body(
    play: Play, status: int, *, is_chunked: bool
) -> None:
    """The number of MiB is as given, for any status code and framing."""
    response, body = read(play(Padded(2, status, is_chunked)))

    assert response.status == status
    assert (response.headers["Content-Length"] is None) == is_chunked
    assert body == b" " * 2 * MIB + EXAMPLE


@pytest.mark.parametrize("place", ["blanks", "name"])
@pytest.mark.parametrize("layers", [1, 2])
def test_a_small_bomb_is_a_valid_tree(
    play: Play, place: Literal["blanks", "name"], layers: Literal[1, 2]
) -> None:
    """Checksum and size are correct, so that complete decompression succeeds."""
    response, body = read(play(Bomb(3, place, layers)))
    assert response.headers["Content-Encoding"] == ", ".join(["gzip"] * layers)
    for _ in range(layers):
        body = gzip.decompress(body)

    tree: dict[str, Any] = json.loads(body)
    assert (tree["type"], 3 * MIB < len(body) < 3 * MIB + 1024) == ("LOAD_PLAN", True)


@pytest.mark.parametrize(("layers", "most_bytes"), [(1, 1.1 * MIB), (2, 16 * 1024)])
def test_a_bomb_is_small_on_the_wire(play: Play, layers: Literal[1, 2], most_bytes: float) -> None:
    """Its trailer declares a GiB, and decompression does not end before."""
    _, body = read(play(Bomb(layers=layers)))
    assert len(body) < most_bytes
    if layers == 2:
        body = gzip.decompress(body)

    assert struct.unpack("<I", body[-4:]) == (1024 * MIB + len(EXAMPLE),)
    assert unpack(body, 40 * MIB) == b" " * 40 * MIB


def test_a_bomb_stops_when_the_client_is_gone(play: Play, serving: Threads) -> None:
    """This holds even if almost nothing is sent: a TiB would take minutes."""
    client = play(Bomb(MIB, layers=2))
    client.recv(10)
    (thread,) = serving()
    client.shutdown(SHUT_WR)
    thread.join(timeout=HANG_SECONDS)

    assert not thread.is_alive()

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest

from incorta_simulator.faults import echoes
from incorta_simulator.faults.echoes import Echo, RawEcho, Spelling

if TYPE_CHECKING:
    from collections.abc import Callable
    from socket import socket

    from incorta_simulator.faults.faults import Fault

    Play = Callable[[Fault], socket]

TOKEN = 'aB/"é😀'


@pytest.mark.parametrize(
    ("spell", "spelled"),
    [
        (echoes.plain, r"aB/\"é😀"),
        (echoes.percent, "%61%42%2F%22%C3%A9%F0%9F%98%80"),
        (echoes.escaped, r"\u0061\u0042\u002f\u0022\u00e9\ud83d\ude00"),
        (echoes.partly_escaped, r"a\u0042/\u0022é\ud83d\ude00"),
        (echoes.mixed, r"aB%2F%22\u00e9\ud83d\ude00"),
    ],
)
def test_each_spelling_decodes_to_the_token(spell: Spelling, spelled: str) -> None:
    """Decoding JSON and percent escapes gives the plain token."""
    assert spell(TOKEN) == spelled
    assert unquote(json.loads(f'"{spelled}"')) == TOKEN


@pytest.mark.parametrize(
    "template", [echoes.MESSAGE, echoes.NAME, echoes.FIELD_NAME, echoes.FIELD_VALUE]
)
@pytest.mark.parametrize("spell", echoes.SPELLINGS.values())
def test_an_echo_is_valid_json_in_any_spelling(
    play: Play, template: bytes, spell: Spelling
) -> None:
    """It contains the token of the request, and the rest is unchanged."""
    received = play(Echo(418, template, spell)).recv(4096)
    head, _, body = received.partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 418 ")
    assert spell("simulator-token").encode() in body
    assert unquote(json.dumps(json.loads(body))) == json.dumps(
        json.loads(template % b"simulator-token")
    )


@pytest.mark.parametrize(
    ("template", "first_line"),
    [
        (echoes.STATUS_LINE, b"HTTP/1.1 simulator-token OK"),
        (echoes.REASON, b"HTTP/1.1 500 simulator-token"),
        (b"hello %b", b"hello simulator-token"),
    ],
)
def test_a_raw_echo_can_be_anywhere(play: Play, template: bytes, first_line: bytes) -> None:
    """It may be at a place that a client would show in its own errors."""
    client = play(RawEcho(template))
    received = b"".join(iter(lambda: client.recv(4096), b""))

    assert received.partition(b"\r\n")[0] == first_line

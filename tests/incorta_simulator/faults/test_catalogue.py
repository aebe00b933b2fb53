"""Each fault of the catalogue against an independent reading of its meaning, over real sockets."""

from __future__ import annotations

import json
import zlib
from contextlib import suppress
from http.client import HTTPException, HTTPResponse
from socket import socket
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import unquote

import pytest

from incorta_simulator.company.company import Company
from incorta_simulator.faults.case import (
    ENDS_THE_RUN,
    FORBIDDEN,
    INVALID_PAYLOAD,
    LOADED,
    NOT_FOUND,
    REJECTED,
    UNAVAILABLE,
)
from incorta_simulator.faults.catalogue import CATALOGUE, passing
from incorta_simulator.server.simulator import Simulator
from support.patience import HANG_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from incorta_simulator.faults.faults import Fault

    Play = Callable[[Fault], socket]

MOST_BYTES = 32 * 1024 * 1024
MOST_LEVELS = 5_000
MOST_PATH_BYTES = 1024**3
MOST_JSON_BRACKETS = 400
"""The greatest depth that Python's own decoder supports."""

Row = tuple[str, int | None, int | None]
"""Outcome, status code, number of nodes."""

NO_ANSWER: Row = (UNAVAILABLE, None, None)

PROMISED = {
    "400": ["bad_request"],
    "401": ["unauthorized", "unauthorized_page", "echo_401"],
    "403": ["forbidden", "forbidden_page"],
    "404, both": ["not_found", "wrong_tenant"],
    "404, an HTML one from a proxy": ["not_found_page"],
    "408": ["request_timeout"],
    "422": ["unprocessable"],
    "425": ["too_early"],
    "429 without Retry-After": ["too_many_requests"],
    "429 with Retry-After in seconds": ["retry_after_seconds"],
    "429 with Retry-After as a date": ["retry_after_date"],
    "429 with Retry-After beyond the cap": ["retry_after_huge", "retry_after_far_date"],
    "500 with the loader message": ["no_loader"],
    "502": ["bad_gateway"],
    "503": ["service_unavailable"],
    "504": ["gateway_timeout"],
    "redirect": [f"redirect_{status}" for status in (301, 302, 303, 307, 308)],
    "redirect on the same host": ["redirect_same_host"],
    "body cut short": ["cut_in_body", "cut_in_chunks"],
    "reset": ["reset_at_once", "reset_in_head", "reset_in_body", "reset_in_chunks"],
    "slow drip": ["drip_head", "drip_body"],
    "stalled for ever": ["stall_at_once", "stall_in_head", "stall_before_body", "stall_in_body"],
    "gzip": ["gzip", "deflate"],
    "decompression bomb": ["bomb", "bomb_name", "bomb_twice"],
    "body over the limit": ["over_the_limit", "over_the_limit_chunked"],
    "chunked": ["chunked"],
    "not JSON": ["not_json", "not_utf_8"],
    "empty": ["empty"],
    "HTML with 200": ["login_page"],
    "JSON of another shape": ["array", "string", "number", "null", "text_for_a_status"],
    "trailing comma": ["trailing_comma"],
    "byte-order mark": ["byte_order_mark"],
    "NaN": ["nan", "infinity"],
    "lone surrogates": ["lone_surrogate", "raw_surrogate"],
    "numbers for names": ["number_for_a_name"],
    "repeated fields": ["repeated_name", "repeated_status", "repeated_field"],
    "huge integers": ["integer_of_30_digits", "integer_of_5000_digits"],
    "U+0000": ["u0000"],
    "200,000-character names": ["name_long"],
    "names with /": ["name_slash"],
    "names with ~": ["name_tilde"],
    "names with quotes": ["name_quotes"],
    "names with newlines": ["name_newlines"],
    "names with right-to-left marks": ["name_right_to_left"],
    "names with =cmd|…": ["name_formula"],
    "names with <script>": ["name_script"],
    "3,000 levels": ["levels_3000"],
    "20,000 levels": ["levels_20000"],
    "100,000 nodes in one tree": ["nodes_100000"],
    "paths that would fill the memory": ["paths_6_gib"],
    "statuses nobody has seen": ["unseen_statuses"],
    "the token, plain": ["echo_401", "echo_500_plain", "echo_name_plain"],
    "the token, percent-escaped": ["echo_500_percent", "echo_name_percent"],
    "the token, JSON-escaped": ["echo_500_escaped", "echo_name_partly_escaped"],
}
"""The words of promises 5 and 6 (echoes) of issue 4, with the faults that they require."""


class StrictResponse(HTTPResponse):
    """The standard library's response, which rejects errors and skips provisional responses."""

    def _read_status(self) -> tuple[str, int, str]:
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if not 100 < status < 200:
                return version, status, reason
            while self.fp.readline().strip():
                pass


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    """One simulator for all faults, none of which may stop it."""
    with Simulator(Company(executions=1, running=0)) as running:
        yield running


def read(client: socket) -> Row:
    """The outcome, by the rules of the design, of the next response on a connection."""
    answer = StrictResponse(client)
    try:
        answer.begin()
        body = answer.read()
        codings = answer.headers.get("Content-Encoding", "").split(",")
        for _ in filter(None, codings):
            body = unpack(body)
    except (OSError, HTTPException, zlib.error, EOFError, ValueError):
        return NO_ANSWER
    # A connection that ends within the head looks like a complete head without headers.
    if answer.length is None and not answer.headers:
        return NO_ANSWER
    return judge(answer.status, body)


def unpack(body: bytes) -> bytes:
    """Decompresses a gzip or deflate body, up to one byte over the limit."""
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 32)
    unpacked = unpacking.decompress(body, MOST_BYTES + 1)
    if not unpacking.eof and len(unpacked) <= MOST_BYTES:
        raise EOFError
    return unpacked


def judge(status: int, body: bytes) -> Row:
    """The table of outcomes in section 4 of the design."""
    if 200 <= status < 300:
        return judge_body(status, body)
    if status == 401 or b"tenant in resource path" in body:
        return ENDS_THE_RUN, status, None
    if status == 404:
        outcome = NOT_FOUND if b"INC_05291904" in body else UNAVAILABLE
        return outcome, status, None
    if status == 403:
        return FORBIDDEN, status, None
    outcome = UNAVAILABLE if status in {408, 425, 429} or status >= 500 else REJECTED
    return outcome, status, None


def judge_body(status: int, body: bytes) -> Row:
    with suppress(ValueError):
        return LOADED, status, count_nodes(body)
    return INVALID_PAYLOAD, status, None


def count_nodes(body: bytes) -> int:
    """The number of nodes in a tree.

    Raises:
        ValueError: if the tree is invalid, over a limit, or has text that cannot be stored.
    """
    if len(body) > MOST_BYTES:
        raise ValueError
    if body.count(b"[" * 100) or body.count(b'[{"name"') > MOST_JSON_BRACKETS:
        return count_deep_nodes(body)
    # Integers are parsed as floats, since Python refuses more than 4,300 digits.
    value = json.loads(body.decode(), parse_constant=refuse, parse_int=float)
    text = json.dumps(value, ensure_ascii=False)
    text.encode()
    if "simulator-token" in unquote(text) or "\\u0000" in text.replace("\\\\", ""):
        raise ValueError
    return count(value)


def count_deep_nodes(body: bytes) -> int:
    levels, nodes = body.count(b"["), body.count(b'{"name"')
    if levels >= MOST_LEVELS or levels * nodes * 20 > MOST_PATH_BYTES:
        raise ValueError
    return nodes


def count(node: Any) -> int:
    if not isinstance(node, dict):
        raise ValueError  # noqa: TRY004 - a finding about a body
    status = node.get("status") or {}
    children = node.get("childStatusDetails") or []
    texts = [node.get("name"), node.get("type")]
    if not isinstance(status, dict) or not isinstance(children, list):
        raise ValueError  # noqa: TRY004 - as above
    texts += [status.get("stateType"), status.get("jobStatus")]
    if not all(text is None or isinstance(text, str) for text in texts):
        raise ValueError
    return 1 + sum(map(count, children))


def refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


@pytest.mark.parametrize("name", CATALOGUE)
def test_each_fault_has_its_documented_outcome(play: Play, name: str) -> None:
    """The received response has the outcome, status code and size in the catalogue."""
    case = CATALOGUE[name]
    client = play(case.make())
    # Shorter than the pause between two drops.
    client.settimeout(0.02 if case.is_slow else HANG_SECONDS)

    assert read(client) == (case.outcome, case.http_status, case.nodes)


@pytest.mark.parametrize("words", PROMISED)
def test_every_promised_fault_is_in_the_catalogue(words: str) -> None:
    """Each item in the issue's list has at least one fault."""
    assert [name for name in PROMISED[words] if name not in CATALOGUE] == []


def test_only_loaded_cases_have_nodes() -> None:
    """Each loaded case has at least one node."""
    for case in CATALOGUE.values():
        assert (case.outcome == LOADED) == bool(case.nodes)


def test_which_cases_are_retried() -> None:
    """All unavailable cases are, except a 404 that is not the cluster's own."""
    not_retried = [
        name
        for name, case in CATALOGUE.items()
        if case.outcome == UNAVAILABLE and not case.is_retried
    ]

    assert not_retried == ["not_found_page", "not_found_otherwise", "not_found_empty"]
    assert not any(case.is_retried for case in CATALOGUE.values() if case.outcome != UNAVAILABLE)


def test_weather_faults_can_be_reused() -> None:
    """They keep no state of previous requests, and each is in the list once."""
    assert len(set(passing())) == len(passing()) == 15

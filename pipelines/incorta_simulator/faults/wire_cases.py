"""Catalog entries for connections that break, stall or drip, and for encodings."""

from __future__ import annotations

import gzip
from functools import partial

from incorta_simulator.faults.bodies import EXAMPLE
from incorta_simulator.faults.case import Cases, invalid, loaded, unavailable
from incorta_simulator.faults.faults import RawBody
from incorta_simulator.faults.packing import (
    Bomb,
    Chunked,
    Compressed,
    Miscoded,
    Padded,
    Preceded,
    Unframed,
)
from incorta_simulator.faults.transport import (
    Drip,
    HangUp,
    HeaderFlood,
    RawAnswer,
    Reset,
    Sent,
    Slow,
    Stall,
)

_PLACES: dict[str, Sent] = {
    "at_once": "nothing",
    "in_head": "half a head",
    "before_body": "a head",
    "in_body": "half a body",
    "in_chunks": "half a body in chunks",
}

_BREAKS: Cases = {}
for _name, _sent in _PLACES.items():
    _BREAKS |= {
        f"cut_{_name}": unavailable(f"closed after {_sent}", partial(HangUp, _sent)),
        f"reset_{_name}": unavailable(f"reset after {_sent}", partial(Reset, _sent)),
        f"stall_{_name}": unavailable(
            f"nothing more after {_sent}", partial(Stall, _sent), is_slow=True
        ),
    }

_DRIPS: Cases = {
    "drip_head": unavailable("a head that comes in drops", Drip.of_head, is_slow=True),
    "drip_body": unavailable("a body that comes in drops", Drip.of_body, is_slow=True),
    "drip_continue": unavailable("100 Continue, again and again", Drip.of_continue, is_slow=True),
    "slow": loaded("a good answer in ten parts with pauses", Slow),
}

_NO_HTTP: Cases = {
    "not_http": unavailable("a greeting of another protocol", partial(RawAnswer, b"220 Hello\r\n")),
    "bad_status_line": unavailable(
        "a status line without a number", partial(RawAnswer, b"HTTP/1.1 fine OK\r\n\r\n")
    ),
    "bad_status_code": unavailable(
        "a status code of five digits", partial(RawAnswer, b"HTTP/1.1 20000 OK\r\n\r\n")
    ),
    "header_flood": unavailable("8 MiB of headers", HeaderFlood),
    "endless_header": unavailable("8 MiB of one header", partial(HeaderFlood, line=b"y")),
}

_PACKINGS: Cases = {
    "gzip": loaded("a good answer, compressed", partial(Compressed, "gzip", EXAMPLE)),
    "deflate": loaded("a good answer, deflated", partial(Compressed, "deflate", EXAMPLE)),
    "not_gzip": unavailable("a body that is not gzip but says so", partial(Miscoded, EXAMPLE)),
    "gzip_cut": unavailable(
        "a gzip file cut short in a body of the right length",
        lambda: Miscoded(gzip.compress(EXAMPLE)[:-40]),
    ),
    "chunked": loaded("a good answer in chunks", partial(Chunked, EXAMPLE)),
    "no_length": loaded("a good answer that ends with the connection", partial(Unframed, EXAMPLE)),
    "no_length_cut": invalid(
        "half a tree that ends with the connection", partial(Unframed, EXAMPLE[:200])
    ),
    "wrong_type": loaded(
        "a good answer that says it is HTML", partial(RawBody, EXAMPLE, 200, "text/html")
    ),
    "continue_first": loaded("100 before a good answer", partial(Preceded, 100, EXAMPLE)),
    "early_hints_first": loaded("103 before a good answer", partial(Preceded, 103, EXAMPLE)),
    "over_the_limit": invalid("a tree after 33 MiB of blanks", Padded),
    "over_the_limit_chunked": invalid(
        "a tree after 33 MiB of blanks, in chunks", partial(Padded, is_chunked=True)
    ),
    "error_over_the_limit": unavailable("500 with 33 MiB", partial(Padded, status=500), 500),
    "bomb": invalid("1 MiB of gzip that grows to 1 GiB of blanks", Bomb),
    "bomb_name": invalid(
        "1 MiB of gzip that grows to a name of 1 GiB", partial(Bomb, place="name")
    ),
    "bomb_twice": invalid("a few KiB of gzip of gzip that grow to 1 GiB", partial(Bomb, layers=2)),
}

CASES: Cases = _BREAKS | _DRIPS | _NO_HTTP | _PACKINGS

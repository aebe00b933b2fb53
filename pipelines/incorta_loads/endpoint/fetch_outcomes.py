"""How a request for one execution id ends, as the ledger names it."""

from __future__ import annotations

from typing import Literal, get_args

FetchOutcome = Literal[
    "loaded", "not_found", "forbidden", "rejected", "unavailable", "invalid_payload"
]
FETCH_OUTCOMES: tuple[FetchOutcome, ...] = get_args(FetchOutcome)

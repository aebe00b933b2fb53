"""All faults of the simulator, by name, and how a client must handle each."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from incorta_simulator.faults import body_cases, refusal_cases, wire_cases
from incorta_simulator.faults.packing import Chunked, Compressed, Unframed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from incorta_simulator.faults.case import Case
    from incorta_simulator.faults.faults import Fault

CATALOGUE: Mapping[str, Case] = MappingProxyType(
    refusal_cases.CASES | wire_cases.CASES | body_cases.CASES
)
"""The meaning of a name never changes, so that tests can refer to it."""

_PASSING = (
    "request_timeout",
    "too_many_requests",
    "no_loader",
    "bad_gateway",
    "service_unavailable",
    "gateway_timeout",
    "cut_at_once",
    "cut_in_head",
    "cut_in_body",
    "cut_in_chunks",
    "reset_at_once",
    "reset_in_body",
)


def passing() -> tuple[Fault, ...]:
    """Returns faults for a `Weather`: fast ones that are retried, and unusual encodings."""
    packings = (Compressed(), Chunked(), Unframed())
    return (*(CATALOGUE[name].make() for name in _PASSING), *packings)

"""Catalog entries with status code 200, with valid and invalid bodies."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from incorta_simulator.faults import bodies
from incorta_simulator.faults.case import INVALID_PAYLOAD, Case, Cases, invalid, loaded
from incorta_simulator.faults.faults import RawBody


def _invalid(kind: str, known: dict[str, bytes]) -> Cases:
    return {
        name: invalid(f"{kind}: {name.replace('_', ' ')}", partial(RawBody, body))
        for name, body in known.items()
    }


def _made(make_body: Callable[..., bytes], *sizes: int) -> Callable[[], RawBody]:
    """Large bodies are made only when requested."""
    return lambda: RawBody(make_body(*sizes))


_NAMES: Cases = {
    f"name_{name}": loaded(
        f"names that are odd: {name.replace('_', ' ')}", partial(RawBody, bodies.named(text))
    )
    for name, text in bodies.NAMES.items()
}

_ODD_TREES: Cases = {
    name: loaded(f"an odd tree: {name.replace('_', ' ')}", partial(RawBody, body))
    for name, body in bodies.ODD_TREES.items()
} | {
    "no_fields": loaded("an object without fields", partial(RawBody, bodies.SMALLEST_TREE), 1),
}

_SIZES: Cases = {
    "levels_3000": loaded("a tree of 3,000 levels", _made(bodies.deep, 3_000), 3_000),
    "levels_5000": loaded("a tree of 5,000 levels", _made(bodies.deep, 5_000), 5_000),
    "levels_5001": invalid("a tree of 5,001 levels", _made(bodies.deep, 5_001)),
    "levels_20000": invalid("a tree of 20,000 levels", _made(bodies.deep, 20_000)),
    "levels_200000": invalid("a tree of 200,000 levels", _made(bodies.deep, 200_000)),
    "field_levels_100000": invalid(
        "an undocumented field of 100,000 levels", _made(bodies.deep_field, 100_000)
    ),
    "nodes_100000": loaded("a tree of 100,000 nodes", _made(bodies.wide, 100_000), 100_000),
    "paths_6_gib": invalid(
        "3,000 levels above 100,000 leaves", _made(bodies.deep_and_wide, 3_000, 100_000)
    ),
}

CASES: Cases = {
    **_invalid("not JSON", bodies.NOT_JSON),
    "no_content": Case("204", partial(RawBody, b"", 204), INVALID_PAYLOAD, 204),
    **_invalid("not a tree", bodies.OTHER_SHAPES),
    **_invalid("text that cannot be stored", bodies.UNSTORABLE),
    **_ODD_TREES,
    **_NAMES,
    **_SIZES,
}

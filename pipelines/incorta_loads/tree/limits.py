"""Limits that no real execution reaches. A body beyond them would fill the memory."""

from __future__ import annotations

import re
from itertools import chain, islice
from typing import NamedTuple

from incorta_loads.tree.nodes import NAMED_TYPES, InvalidPayload, Node, Status
from incorta_loads.tree.statuses import compared

MOST_LEVELS = 5_000
MOST_ROW_TEXT_BYTES = 64 * 2**20
"""Maximum size of the paths and names in all rows of one tree together. A deep tree with many
leaves, or a long name that is repeated in every row, would fill the memory."""

MOST_NODES = 300_000
MOST_VALUES = 2_000_000
"""Maximum number of JSON values of any kind; a documented node has seven. 32 MiB can hold eleven
million `{}`, which would take gigabytes when decoded."""

MOST_TEXT = 2**20
"""Maximum number of characters in one name, status or `extra`. DuckDB needs many times as much
memory to store it."""

TOO_MANY_LEVELS = f"it has more than {MOST_LEVELS:,} levels"

_STRING_OR_VALUE = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[,\[{]', re.DOTALL)


def refuse_too_many_values(body: bytes) -> None:
    """Rejects a body with too many JSON values to decode.

    Values are counted by `[`, `{` and commas. Those within strings are excluded only if the count
    that includes them reaches the limit.

    Raises:
        InvalidPayload: the body has more than `MOST_VALUES` values.
    """
    if sum(map(body.count, (b",", b"[", b"{"))) < MOST_VALUES:
        return
    found = (body[match.start()] for match in _STRING_OR_VALUE.finditer(body))
    outside_strings = (1 for byte in found if byte != ord('"'))
    if next(islice(outside_strings, MOST_VALUES, None), None) is not None:
        raise InvalidPayload(f"it has more than {MOST_VALUES:,} JSON values")


def refuse_too_large(levels: list[list[Node]], body_bytes: int) -> None:
    """Rejects a tree that is too large.

    Raises:
        InvalidPayload: the tree has too many nodes, or a text that is too long.
    """
    if sum(map(len, levels)) > MOST_NODES:
        raise InvalidPayload(f"it has more than {MOST_NODES:,} nodes")
    if body_bytes > MOST_TEXT and any(map(_has_long_text, chain.from_iterable(levels))):
        raise InvalidPayload(f"one of its texts has more than {MOST_TEXT:,} characters")


def _has_long_text(node: Node) -> bool:
    status = node.status or Status()
    texts = (node.name, node.type, status.stateType, status.jobStatus, getattr(node, "extra", None))
    return any(text is not None and len(text) > MOST_TEXT for text in texts)


def row_text_bytes(levels: list[list[Node]]) -> int:
    """Returns an upper bound for the size of paths and names in the rows, in bytes.

    The bound is computed row by row only if a rough estimate exceeds the limit.

    Raises:
        InvalidPayload: the size exceeds `MOST_ROW_TEXT_BYTES`.
    """
    longest = sum(map(_longest_segment_bytes, levels))
    # A row has the names of its plan, group, schema and table in columns and again in its path. Its
    # own name is in a third column.
    rough = 3 * longest * sum(map(len, levels))
    if rough <= MOST_ROW_TEXT_BYTES:
        return rough
    total = 0
    above = [_RowText(0, {})]
    for level in levels:
        rows = [row.below(node) for node, row in zip(level, above, strict=True)]
        total += sum(row.path + sum(row.named.values()) for row in rows)
        total += sum(map(_segment_bytes, level))
        if total > MOST_ROW_TEXT_BYTES:
            limit = MOST_ROW_TEXT_BYTES >> 20
            raise InvalidPayload(f"the paths and names of its nodes take more than {limit} MiB")
        above = [
            row
            for row, node in zip(rows, level, strict=True)
            for _ in node.childStatusDetails or ()
        ]
    return total


class _RowText(NamedTuple):
    """Bytes of the path of a row, and bytes of the repeated names by the type of their node."""

    path: int
    named: dict[str, int]

    def below(self, node: Node) -> _RowText:
        own = _segment_bytes(node)
        kind = compared(node.type)
        named = self.named | {kind: own} if kind in NAMED_TYPES else self.named
        return _RowText(self.path + own, named)


def _longest_segment_bytes(level: list[Node]) -> int:
    names = [node.name or "" for node in level]
    text = "".join(names)
    if text.isascii() and "~" not in text and "/" not in text:  # the usual case, ten times as fast
        return 1 + max(map(len, names))
    return max(map(_segment_bytes, level))


def _segment_bytes(node: Node) -> int:
    """Returns the maximum size of a slash and the name, with each character escaped or in UTF-8."""
    name = node.name or ""
    return 1 + (len(name) + name.count("~") + name.count("/") if name.isascii() else 4 * len(name))

"""The body of one answer → a tree of nodes, or the reason why it is none.

The usual body is decoded by msgspec straight into `Node`s, which allow the documented fields only.
A body with more fields is decoded into dicts, a body too deep for msgspec is parsed event by event;
both then become the same `Node`s. Nothing recurses by the depth of the body.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain, islice
from typing import Any, NamedTuple

import ijson.backends.python as ijson  # the C backend replaces lone surrogates without a word
import msgspec
from ijson.common import JSONError

MOST_LEVELS = 5_000
MOST_ROW_TEXT_BYTES = 64 * 2**20
"""Paths and names in all rows of one tree together: a deep tree with many leaves, or a long name
that stands in every row, would fill the memory."""

MOST_NODES = 300_000
MOST_VALUES = 2_000_000
"""Of JSON, of any kind: a documented node has seven. 32 MiB can hold eleven million `{}`, which
would take gigabytes when decoded."""

MOST_TEXT = 2**20
"""Characters of one name, status or `extra`; DuckDB needs many times as much memory to store it."""

NAMED_TYPES = ("LOAD_PLAN", "GROUP", "SCHEMA", "TABLE")
"""Types of nodes whose names are repeated in the rows below them."""

_TOO_MANY_LEVELS = f"it has more than {MOST_LEVELS:,} levels"
_STRING_OR_VALUE = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[,\[{]', re.DOTALL)
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class InvalidPayload(Exception):  # noqa: N818 (a finding about a body, not a fault of the program)
    """The body is not a status tree that can be stored; the text says why."""


class Status(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """`status` of a node, as documented."""

    stateType: str | None = None  # noqa: N815 (the names of the endpoint)
    jobStatus: str | None = None  # noqa: N815


class Node(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """One node as documented; every field may be missing or null."""

    name: str | None = None
    type: str | None = None
    status: Status | None = None
    childStatusDetails: list[Node] | None = None  # noqa: N815


class ExtendedNode(Node):
    """A node of a body that has undocumented fields somewhere.

    Attributes:
        extra: JSON object of its undocumented fields, those of the status under `status`.
    """

    extra: str | None = None


@dataclass(frozen=True, slots=True)
class Tree:
    """One decoded status tree.

    Attributes:
        levels: the nodes breadth first, the root alone in the first list; within a level the
            children of one node stand together, in the order of their parents.
        text_bytes: size of the paths and names in all its rows, or an upper bound of it.
    """

    levels: list[list[Node]]
    text_bytes: int

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return sum(map(len, self.levels))


_decode_documented = msgspec.json.Decoder(Node).decode
_decode_anything = msgspec.json.Decoder(float_hook=Decimal).decode
_encode = msgspec.json.Encoder(decimal_format="number").encode


def decode(body: bytes) -> Tree:
    """Reads one body.

    Raises:
        InvalidPayload: not JSON, not the shape, text that cannot be stored, or over a limit.
    """
    if b"\\u0000" in body and _NUL.search(body):
        raise InvalidPayload("it contains the character U+0000, which cannot be stored")
    if _has_too_many_values(body):
        raise InvalidPayload(f"it has more than {MOST_VALUES:,} JSON values")
    root = _decode_root(body)
    levels = list(_levels(root))
    if sum(map(len, levels)) > MOST_NODES:
        raise InvalidPayload(f"it has more than {MOST_NODES:,} nodes")
    if len(body) > MOST_TEXT and any(map(_has_long_text, chain.from_iterable(levels))):
        raise InvalidPayload(f"one of its texts has more than {MOST_TEXT:,} characters")
    return Tree(levels, _text_bytes(levels))


def _has_too_many_values(body: bytes) -> bool:
    """Whether it has more JSON values than are decoded; each opens a container or follows a comma.

    What stands in strings is told apart only where it matters.
    """
    if sum(map(body.count, (b",", b"[", b"{"))) < MOST_VALUES:
        return False
    found = (body[match.start()] for match in _STRING_OR_VALUE.finditer(body))
    outside_strings = (1 for byte in found if byte != ord('"'))
    return next(islice(outside_strings, MOST_VALUES, None), None) is not None


def _has_long_text(node: Node) -> bool:
    status = node.status or Status()
    texts = (node.name, node.type, status.stateType, status.jobStatus, getattr(node, "extra", None))
    return any(text is not None and len(text) > MOST_TEXT for text in texts)


def _decode_root(body: bytes) -> Node:
    try:
        return _decode_documented(body)
    except msgspec.ValidationError:
        pass  # undocumented fields, a repeated field, or the wrong shape: look closer
    except RecursionError:
        return _extended(_parse_deep(body))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidPayload(_not_json(body, error)) from None
    try:
        value = _decode_anything(body)
    except RecursionError:
        value = _parse_deep(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidPayload(_not_json(body, error)) from None
    return _extended(value)


def _not_json(body: bytes, error: Exception) -> str:
    if not body.strip():
        return "the body is empty"
    if body.startswith(b"\xef\xbb\xbf"):
        return "the body begins with a byte-order mark, so it is not JSON"
    if isinstance(error, UnicodeDecodeError):
        return "the body is not UTF-8"
    if re.search(rb"\\u[dD][89a-fA-F]", body):
        return f"it is not JSON, or contains a lone surrogate, which cannot be stored ({error})"
    return f"the body is not JSON ({error})"


def _parse_deep(body: bytes) -> object:
    """Any JSON value, parsed without recursion."""
    try:
        return _build(ijson.basic_parse(io.BytesIO(body)))
    except (JSONError, ValueError) as error:
        raise InvalidPayload(_not_json(body, error)) from None


def _build(events: Iterable[tuple[str, Any]]) -> object:
    """The value that the events describe; refuses too many levels of nodes while they come."""
    most_open = 2 * MOST_LEVELS + 2  # a level is an object in an array
    top: list[Any] = []
    open_containers: list[Any] = [top]
    keys: list[str] = [""]  # the current key in each open container
    for event, value in events:
        if event == "map_key":
            keys[-1] = value
        elif event in ("end_map", "end_array"):
            open_containers.pop()
            keys.pop()
        else:
            is_container = event in ("start_map", "start_array")
            item = ({} if event == "start_map" else []) if is_container else value
            parent = open_containers[-1]
            if isinstance(parent, dict):
                parent[keys[-1]] = item
            else:
                parent.append(item)
            if is_container:
                open_containers.append(item)
                keys.append("")
            if len(open_containers) > most_open:
                raise InvalidPayload(_TOO_MANY_LEVELS)
    return top[0]


def _extended(value: object) -> ExtendedNode:
    """Checks the shape of a decoded value and gathers the undocumented fields."""
    root = ExtendedNode()
    pending: list[tuple[object, ExtendedNode]] = [(value, root)]
    try:
        while pending:
            item, node = pending.pop()
            below = [(child, ExtendedNode()) for child in _fill(node, item)]
            node.childStatusDetails = [child for _, child in below]
            pending.extend(below)
    except UnicodeEncodeError:
        raise InvalidPayload("it contains a lone surrogate, which cannot be stored") from None
    except RecursionError:
        raise InvalidPayload("an undocumented field is nested too deeply to be kept") from None
    return root


def _fill(node: ExtendedNode, item: object) -> list[object]:
    """Fills the node from a JSON object and returns its children."""
    fields = _expect(item, dict, "a node")  # emptied: a copy could take as much again
    node.name = _text(fields.pop("name", None), "name")
    node.type = _text(fields.pop("type", None), "type")
    children = fields.pop("childStatusDetails", None)
    status = fields.pop("status", None)
    status = dict(_expect({} if status is None else status, dict, "status"))
    node.status = Status(
        _text(status.pop("stateType", None), "status.stateType"),
        _text(status.pop("jobStatus", None), "status.jobStatus"),
    )
    extra = fields | ({"status": status} if status else {})
    node.extra = _encode(extra).decode() if extra else None
    return list(_expect([] if children is None else children, list, "childStatusDetails"))


def _text(value: object, name: str) -> str | None:
    if value is None:
        return None
    text: str = _expect(value, str, name)
    text.encode()
    return text


def _expect(value: object, kind: type, name: str) -> Any:
    if isinstance(value, kind):
        return value
    names = {dict: "an object", list: "an array", str: "a text", bool: "true or false"}
    found = "null" if value is None else names.get(type(value), "a number")
    raise InvalidPayload(f"{name} is {found} where {names[kind]} belongs")


def _levels(root: Node) -> Iterator[list[Node]]:
    level = [root]
    for _ in range(MOST_LEVELS):
        yield level
        level = [child for node in level for child in node.childStatusDetails or ()]
        if not level:
            return
    raise InvalidPayload(_TOO_MANY_LEVELS)


def _text_bytes(levels: list[list[Node]]) -> int:
    """An upper bound of what the rows say: exact only where a rough one is over the limit."""
    longest = sum(max(map(_segment_bytes, level)) for level in levels)
    # The names that a row repeats stand in its path too, its own name a third time.
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
    """Bytes of the path of a row, and of the names that it repeats by the types of their nodes."""

    path: int
    named: dict[str, int]

    def below(self, node: Node) -> _RowText:
        own = _segment_bytes(node)
        named = self.named | {node.type: own} if node.type in NAMED_TYPES else self.named
        return _RowText(self.path + own, named)


def _segment_bytes(node: Node) -> int:
    """At most: a slash, and each character of the name escaped or in UTF-8."""
    name = node.name or ""
    return 1 + (len(name) + name.count("~") + name.count("/") if name.isascii() else 4 * len(name))

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
from typing import Any

import ijson.backends.python as ijson  # the C backend replaces lone surrogates without a word
import msgspec
from ijson.common import JSONError

MOST_LEVELS = 5_000
MOST_PATH_BYTES = 128 * 1024 * 1024
"""All paths of one tree together; a deep tree with many leaves would fill the memory."""

_TOO_MANY_LEVELS = f"it has more than {MOST_LEVELS:,} levels"
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
        path_bytes: size of the paths of all nodes, or an upper bound of it.
    """

    levels: list[list[Node]]
    path_bytes: int

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
    root = _decode_root(body)
    levels = list(_levels(root))
    return Tree(levels, _path_bytes(levels))


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
    fields = dict(_expect(item, dict, "a node"))
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


def _path_bytes(levels: list[list[Node]]) -> int:
    """An upper bound of the size of all paths: exact only where a rough one is over the limit."""
    longest = sum(max(_segment_bytes(node) for node in level) for level in levels)
    rough = longest * sum(map(len, levels))
    if rough <= MOST_PATH_BYTES:
        return rough
    total, above = 0, [0]
    for level, below in zip(levels, [*levels[1:], []], strict=True):
        lengths = [length + _segment_bytes(node) for length, node in zip(above, level, strict=True)]
        total += sum(lengths)
        if total > MOST_PATH_BYTES:
            raise InvalidPayload(
                f"the paths of its nodes take more than {MOST_PATH_BYTES >> 20} MiB"
            )
        above = (
            [
                length
                for length, node in zip(lengths, level, strict=True)
                for _ in node.childStatusDetails or ()
            ]
            if below
            else []
        )
    return total


def _segment_bytes(node: Node) -> int:
    """At most: a slash, and each character of the name escaped or in UTF-8."""
    name = node.name or ""
    return 1 + (len(name) + name.count("~") + name.count("/") if name.isascii() else 4 * len(name))

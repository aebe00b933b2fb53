"""Decodes the body of one answer into a tree of nodes, or gives the reason why it is not a tree.

msgspec decodes the usual body directly into `Node`s, which allow only the documented fields. A body
with more fields is decoded into dicts. A body that is too deep for msgspec is parsed event by
event. Both then become the same `Node`s. No function recurses with the depth of the body.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

import ijson.backends.python as ijson  # the C backend replaces lone surrogates silently
import msgspec
from ijson.common import JSONError, ObjectBuilder

from incorta_loads.tree.limits import (
    MOST_LEVELS,
    TOO_MANY_LEVELS,
    refuse_too_large,
    refuse_too_many_values,
    row_text_bytes,
)
from incorta_loads.tree.nodes import ExtendedNode, InvalidPayload, Node, Status, Tree

_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")

_decode_documented = msgspec.json.Decoder(Node).decode
_decode_anything = msgspec.json.Decoder(float_hook=Decimal).decode
_encode = msgspec.json.Encoder(decimal_format="number").encode


def decode(body: bytes) -> Tree:
    """Decodes one body.

    Raises:
        InvalidPayload: the body is not JSON, has another shape, contains text that cannot be
            stored, or exceeds a limit.
    """
    if b"\\u0000" in body and _NUL.search(body):
        raise InvalidPayload("it contains the character U+0000, which cannot be stored")
    refuse_too_many_values(body)
    root = _decode_root(body)
    levels = list(_levels(root))
    refuse_too_large(levels, len(body))
    return Tree(levels, row_text_bytes(levels))


def _decode_root(body: bytes) -> Node:
    try:
        return _decode_documented(body)
    except msgspec.ValidationError:
        pass  # undocumented fields, a repeated field, or the wrong shape: decode it again below
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
    """Parses any JSON value without recursion.

    Raises:
        InvalidPayload: the body is not JSON or has too many levels.
    """
    try:
        return _build(ijson.basic_parse(io.BytesIO(body)))
    except (JSONError, ValueError) as error:
        raise InvalidPayload(_not_json(body, error)) from None


def _build(events: Iterable[tuple[str, Any]]) -> object:
    """Returns the value that the events describe.

    Raises:
        InvalidPayload: there are too many levels of nodes; raised as soon as they are reached.
    """
    most_open = 2 * MOST_LEVELS + 1  # a level is an object in an array
    builder = ObjectBuilder()
    still_open = 0
    for event, value in events:
        still_open += event.startswith("start") - event.startswith("end")
        if still_open > most_open:
            raise InvalidPayload(TOO_MANY_LEVELS)
        builder.event(event, value)
    return builder.value


def _extended(value: object) -> ExtendedNode:
    """Checks the shape of a decoded value and collects the undocumented fields.

    Raises:
        InvalidPayload: the value has another shape or cannot be stored.
    """
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
    """Fills the node from a JSON object and returns the children. The object is modified."""
    fields = _expect(item, dict, "a node")  # modified, since a copy could take as much memory again
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
    names = {dict: "an object", list: "an array", str: "a string", bool: "true or false"}
    found = "null" if value is None else names.get(type(value), "a number")
    raise InvalidPayload(f"{name} must be {names[kind]}, not {found}")


def _levels(root: Node) -> Iterator[list[Node]]:
    level = [root]
    for _ in range(MOST_LEVELS):
        yield level
        level = [child for node in level for child in node.childStatusDetails or ()]
        if not level:
            return
    raise InvalidPayload(TOO_MANY_LEVELS)

"""Bodies as bytes: invalid ones, and valid ones that are unexpected.

Most are the vendor's example with one change.
"""

from __future__ import annotations

import json

AS_DOCUMENTED = (
    b'{"name": "LoadPlan_Demo","type": "LOAD_PLAN","status": {"stateType": "Terminator State",'
    b'"jobStatus": "Finished with Errors"},"childStatusDetails": [{"name": "Group 1",'
    b'"type": "GROUP","status": {"stateType": "Terminator State",'
    b'"jobStatus": "Finished with Errors"},"childStatusDetails": [{"name": "OnlineStore",'
    b'"type": "SCHEMA","status": {"stateType": "Terminator State",'
    b'"jobStatus": "Finished with Errors"},"childStatusDetails": [{'
    b'"name": "OnlineStore.productmodel","type": "TABLE","status": {'
    b'"stateType": "Terminator State","jobStatus": "Success"}},]}]}]}'
)
"""The vendor's example as printed: a trailing comma makes it invalid JSON."""

EXAMPLE = AS_DOCUMENTED.replace(b"},]", b"}]")
"""The vendor's example as intended: one node on each of the four levels."""

EXAMPLE_NODES = 4

_TABLE = EXAMPLE[EXAMPLE.rindex(b'{"name"') : EXAMPLE.index(b"]")]

LOGIN_PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head>\n"
    b'<body><form action="/login"><input name="user"><input type="password"></form></body></html>'
)

NAMES = {
    "slash": "a/b//c",
    "tilde": "~0~1~",
    "quotes": "\"double\" 'single' `back` \\ backslash",
    "newlines": "line\nline\r\nline\u2028line\ttab",
    "right_to_left": "\u202etxt.exe\u202c שלום",
    "formula": "=cmd|' /C calc'!A0",
    "script": "<script>alert(1)</script>",
    "sql": "'; DROP TABLE nodes; --",
    "emoji": "👩\u200d👩\u200d👧 🏳️\u200d🌈",
    "combining_marks": "Z\u0351\u036ba\u0353\u033cl\u0316\u0359g\u0334o\u0321",
    "control_characters": "\x01\x1b[31mred\x7f\x9b",
    "looks_escaped": "\\u0000 \\ud800 %00 &lt;",
    "blanks": "  \u00a0\u3000 ",
    "null": "null",
    "empty": "",
    "long": "n" * 200_000,
}
"""Unusual names, by kind."""


def with_table(table: bytes) -> bytes:
    """Returns the example with the given JSON in place of its table, three levels down."""
    return EXAMPLE.replace(_TABLE, table)


def with_name(name: bytes) -> bytes:
    """Returns the example with the given JSON in place of its table's name."""
    return with_table(_TABLE.replace(b'"OnlineStore.productmodel"', name))


def with_field(field: bytes) -> bytes:
    """Returns the example with an additional field in its table."""
    return with_table(_TABLE[:-1] + b", " + field + b"}")


def with_status(status: bytes) -> bytes:
    """Returns the example with the given JSON in place of its table's status."""
    return with_table(b'{"name": "t", "type": "TABLE", "status": ' + status + b"}")


def named(name: str) -> bytes:
    """Returns a tree of four nodes with this name."""
    text = json.dumps(name, ensure_ascii=False).encode()
    tree = EXAMPLE
    for known in (b"LoadPlan_Demo", b"Group 1", b"OnlineStore", b"OnlineStore.productmodel"):
        tree = tree.replace(b'"name": "' + known + b'"', b'"name": ' + text)
    return tree


def deep(levels: int) -> bytes:
    """Returns a tree with one node on each level."""
    return (
        b'{"name":"n","childStatusDetails":[' * (levels - 1)
        + b'{"name":"n"}'
        + b"]}" * (levels - 1)
    )


def wide(nodes: int) -> bytes:
    """Returns a tree with this number of nodes: a plan, a group, a schema, and tables."""
    status = b'"status":{"stateType":"Terminator State","jobStatus":"Success"}'
    table = b'{"name":"S.t%06d","type":"TABLE",' + status + b"}"
    tables = b",".join(table % number for number in range(nodes - 3))
    above = b'{"name":"%b","type":"%b",' + status + b',"childStatusDetails":['
    parents = ((b"P", b"LOAD_PLAN"), (b"G", b"GROUP"), (b"S", b"SCHEMA"))
    return b"".join(above % parent for parent in parents) + tables + b"]}" * 3


def deep_and_wide(levels: int, leaves: int) -> bytes:
    """Returns a chain of levels above leaves; all names have 20 characters.

    The total size of its paths is about 21 × levels × leaves bytes.
    """
    above = b'{"name":"twenty characters 20","childStatusDetails":['
    below = b",".join([b'{"name":"n"}'] * leaves)
    return above * levels + below + b"]}" * levels


def deep_field(levels: int) -> bytes:
    """Returns a tree of one node with an undocumented field nested this deep."""
    return b'{"name": "n", "other": ' + b"[" * levels + b"]" * levels + b"}"


UNDOCUMENTED_FIELDS = EXAMPLE.replace(
    b'"type"', b'"id": 7, "rate": 1.10, "tags": ["a", null], "more": {"x": {}}, "type"'
).replace(b'"jobStatus"', b'"code": null, "progress": 50, "jobStatus"')
"""Undocumented fields on each level, in the node and in its status."""

UNSEEN_STATUSES = EXAMPLE.replace(b"Terminator State", b"Limbo State").replace(
    b'"Success"', '"Gespült 💧"'.encode()
)
"""State types and a job status that the vendor does not document."""

NOT_JSON = {
    "not_json": b"The load plan is fine, thank you.",
    "empty": b"",
    "blank": b" \r\n\t",
    "login_page": LOGIN_PAGE,
    "trailing_comma": AS_DOCUMENTED,
    "byte_order_mark": b"\xef\xbb\xbf" + EXAMPLE,
    "nan": with_field(b'"rows": NaN'),
    "infinity": with_field(b'"rows": Infinity'),
    "minus_infinity": with_field(b'"rows": -Infinity'),
    "two_trees": EXAMPLE + EXAMPLE,
    "half_a_tree": EXAMPLE[: len(EXAMPLE) // 2],
    "raw_control_character": with_name(b'"a\nb"'),
    "raw_u0000": with_name(b'"a\0b"'),
    "not_utf_8": with_name(b'"M\xfcller"'),
    "utf_16": EXAMPLE.decode().encode("utf-16"),
    "raw_surrogate": with_name(b'"a\xed\xa0\x80b"'),
}
"""Bodies that are not JSON, by defect."""

OTHER_SHAPES = {
    "array": b"[" + EXAMPLE + b"]",
    "string": b'"Success"',
    "number": b"42",
    "true": b"true",
    "null": b"null",
    "number_for_a_name": with_name(b"12345"),
    "array_for_a_name": with_name(b'["a"]'),
    "number_for_a_type": with_table(b'{"name": "t", "type": 4}'),
    "text_for_a_status": with_status(b'"Success"'),
    "array_for_a_status": with_status(b'["Success"]'),
    "number_for_a_state_type": with_status(b'{"stateType": 1, "jobStatus": "Success"}'),
    "truth_for_a_job_status": with_status(b'{"stateType": "Load State", "jobStatus": true}'),
    "object_for_children": with_field(b'"childStatusDetails": {"name": "t"}'),
    "text_for_children": with_field(b'"childStatusDetails": "none"'),
    "text_for_a_child": with_table(b'"OnlineStore.productmodel"'),
    "null_for_a_child": with_table(b"null"),
    "array_for_a_child": with_table(b"[" + _TABLE + b"]"),
}
"""JSON that is not a status tree, by the wrong value of a known field or a node."""

UNSTORABLE = {
    "lone_surrogate": with_name(rb'"a\ud800b"'),
    "low_surrogate": with_name(rb'"\udc00"'),
    "surrogates_reversed": with_name(rb'"\udc00\ud800"'),
    "surrogate_in_a_field": with_field(rb'"other": ["\ud800"]'),
    "surrogate_in_a_field_name": with_field(rb'"\udfff": 1'),
    "u0000": with_name(rb'"a\u0000b"'),
    "u0000_in_a_field": with_field(rb'"other": {"deep": "\u0000"}'),
    "u0000_in_a_field_name": with_field(rb'"\u0000": 1'),
}
"""Trees with texts that cannot be stored."""

ODD_TREES = {
    "repeated_name": with_field(b'"name": "the last counts"'),
    "repeated_status": with_field(b'"status": null, "status": {"jobStatus": "Failed"}'),
    "repeated_field": with_field(b'"other": 1, "other": 2'),
    "integer_of_30_digits": with_field(b'"rows": ' + b"1234567890" * 3),
    "integer_of_5000_digits": with_field(b'"rows": ' + b"1234567890" * 500),
    "surrogate_pair": with_name(rb'"\ud83d\ude00"'),
    "unseen_statuses": UNSEEN_STATUSES,
    "undocumented_fields": UNDOCUMENTED_FIELDS,
    "null_fields": with_table(
        b'{"name": null, "type": null, "status": null, "childStatusDetails": null}'
    ),
    "blanks_around": b"\r\n  " + EXAMPLE + b"\r\n",
}
"""Unusual but valid trees of four nodes, by kind."""

SMALLEST_TREE = b"{}"
"""A tree without any field; all are optional."""

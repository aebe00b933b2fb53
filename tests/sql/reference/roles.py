"""The role of each node by its type, and the names that follow from it."""

from __future__ import annotations

from collections.abc import Mapping

from sql.base_rows import Node, compared
from sql.reference.keys import Row

Roles = Mapping[str, str]
"""Normalized type → role, from the user's rules; the first rule of each type."""

_OWN_NAME = {
    "load_plan": "load_plan",
    "group": "group_name",
    "schema": "schema_name",
    "table": "table_name",
}


def role(node: Node, users: Roles) -> str:
    kind = compared(node.type)
    if kind in users:
        return users[kind]
    if kind in _OWN_NAME:
        return kind
    has_children = node.last_descendant_id > node.node_id
    return "none" if has_children or node.schema_name is None else "table"


def has_line(node: Row, users: Roles) -> bool:
    kind = compared(node["type"])
    return kind in users or kind in _OWN_NAME


def with_own_name(node: Row) -> Row:
    """The node with its own name, as in every mart except `node_outcomes`."""
    own = _OWN_NAME.get(node["role"])
    return node | ({own: node["name"]} if own else {})

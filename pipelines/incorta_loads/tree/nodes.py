"""A decoded status tree with its nodes level by level."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

NAMED_TYPES = ("load_plan", "group", "schema", "table")
"""Node types whose names are repeated in the rows below, in the form that `compared` returns."""


class InvalidPayload(Exception):  # noqa: N818 (a finding about a body, not a fault of the program)
    """The body is not a status tree that can be stored. The text gives the reason."""


class Status(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The `status` of a node as documented."""

    stateType: str | None = None  # noqa: N815 (the names of the endpoint)
    jobStatus: str | None = None  # noqa: N815


class Node(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """One node as documented. Every field may be missing or null."""

    name: str | None = None
    type: str | None = None
    status: Status | None = None
    childStatusDetails: list[Node] | None = None  # noqa: N815


class ExtendedNode(Node):
    """A node of a body that has undocumented fields in some node.

    Attributes:
        extra: JSON object of the node's undocumented fields; those of its status are under
            `status`.
    """

    extra: str | None = None


@dataclass(frozen=True, slots=True)
class Tree:
    """One decoded status tree.

    Attributes:
        levels: nodes in breadth-first order; the first list holds only the root. Within a level,
            the children of one node are adjacent, in the order of their parents.
        text_bytes: size of the paths and names in all rows, or an upper bound of it.
    """

    levels: list[list[Node]]
    text_bytes: int

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return sum(map(len, self.levels))

"""Converts a batch of status trees into one columnar table, and rows back into a tree.

The trees of a batch are laid out breadth first, one after another within each level. The children
of a node are therefore adjacent, in the order of their parents. Parents then result from a single
`repeat`, and preorder numbers from prefix sums over the sizes of the subtrees.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import chain, pairwise
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from incorta_loads.base_tables import NODES
from incorta_loads.tree.nodes import NAMED_TYPES, Node, Status, Tree
from incorta_loads.tree.statuses import ENDED_STATE, RUNNING_STATE, compared

Integers = npt.NDArray[np.int64]

_NO_STATUS = Status()


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution as received.

    Attributes:
        execution_id: id of the execution.
        fetched_at: when the answer was received, with time zone.
        tree: decoded status tree.
    """

    execution_id: int
    fetched_at: datetime
    tree: Tree


def flatten(executions: Sequence[Execution], *, cluster: str, tenant: str) -> pa.Table:
    """Returns the rows of table `nodes` (schema `NODES`), each execution in preorder."""
    if not executions:
        return NODES.empty_table()
    nodes, bounds = _breadth_first([execution.tree for execution in executions])
    layout = _Layout.of(nodes, bounds)
    names = pa.array([node.name for node in nodes], pa.string())
    types = pa.array([node.type for node in nodes], pa.string())
    status = [node.status or _NO_STATUS for node in nodes]
    nearest = _nearest_named(types, layout)
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        "type": types,
        "name": names,
        "state_type": pa.array([each.stateType for each in status], pa.string()),
        "job_status": pa.array([each.jobStatus for each in status], pa.string()),
        "load_plan": names.take(nearest[0]),
        "group_name": names.take(nearest[1]),
        "schema_name": names.take(nearest[2]),
        "table_name": names.take(nearest[3]),
        "extra": pa.array([getattr(node, "extra", None) for node in nodes], pa.string()),
        "path": _paths(names, layout),
    }
    order, sizes = layout.preorder()
    columns = {name: column.take(pa.array(order)) for name, column in columns.items()}
    columns |= layout.columns(order)
    columns |= _keys(executions, sizes, cluster, tenant)
    return pa.table({name: columns[name] for name in NODES.names}, schema=NODES)


def final_executions(nodes: pa.Table) -> pa.Array:
    """Returns the ids of the final executions among rows of `nodes`, in ascending order.

    An execution is final if its root has ended and no node runs.
    """
    states = pc.unique(nodes["state_type"]).to_pylist()
    ended = pa.array([each for each in states if compared(each) == ENDED_STATE], pa.string())
    running = pa.array([each for each in states if compared(each) == RUNNING_STATE], pa.string())
    is_root = pc.equal(nodes["node_id"], 0)
    over = nodes["execution_id"].filter(
        pc.and_(is_root, pc.is_in(nodes["state_type"], value_set=ended))
    )
    not_over = nodes["execution_id"].filter(pc.is_in(nodes["state_type"], value_set=running))
    ids = pc.unique(over.filter(pc.invert(pc.is_in(over, value_set=pc.unique(not_over)))))
    return ids.sort()


def encode(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Returns the tree of one execution as JSON, from its rows in preorder.

    The JSON equals the received body with two exceptions. Null or empty fields are omitted. Of a
    repeated field, only the last value is present.
    """
    parts: list[bytes] = []
    open_until: list[int] = []  # last_descendant_id of each node whose children are being written
    for row in rows:
        while open_until and row["node_id"] > open_until[-1]:
            open_until.pop()
            parts.append(b"]}")
        if parts and not parts[-1].endswith(b"["):
            parts.append(b",")
        node = _encode_fields(row)
        if row["last_descendant_id"] > row["node_id"]:
            open_until.append(row["last_descendant_id"])
            node = node[:-1] + (b"," if len(node) > len(b"{}") else b"") + b'"childStatusDetails":['
        parts.append(node)
    return b"".join(parts) + b"]}" * len(open_until)


def _encode_fields(row: Mapping[str, Any]) -> bytes:
    extra = _decode_extra(row["extra"]) if row["extra"] else {}
    status = {"stateType": row["state_type"], "jobStatus": row["job_status"]}
    status = {name: value for name, value in status.items() if value is not None}
    status |= extra.pop("status", {})
    fields = {"name": row["name"], "type": row["type"], "status": status or None}
    return _encode({name: value for name, value in fields.items() if value is not None} | extra)


_decode_extra = msgspec.json.Decoder(float_hook=Decimal).decode
_encode = msgspec.json.Encoder(decimal_format="number").encode


def _breadth_first(trees: Sequence[Tree]) -> tuple[list[Node], list[int]]:
    """Returns all nodes level by level, and the start index of each level, then the end index."""
    deepest = max(len(tree.levels) for tree in trees)
    nodes: list[Node] = []
    bounds = [0]
    for depth in range(deepest):
        nodes.extend(
            chain.from_iterable(tree.levels[depth] for tree in trees if depth < len(tree.levels))
        )
        bounds.append(len(nodes))
    return nodes, bounds


@dataclass(frozen=True, slots=True)
class _Layout:
    """The position of each node. All arrays have one entry per node, in breadth-first order.

    Attributes:
        levels: (begin, end) of each level, end excluded.
        roots: number of trees.
        parent: index of the parent; -1 for roots.
        position: position among the siblings, starting at 0.
        size: number of nodes in the subtree, including the node itself.
        node_id: preorder number within the tree.
    """

    levels: list[tuple[int, int]]
    roots: int
    parent: Integers
    position: Integers
    size: Integers
    node_id: Integers

    @classmethod
    def of(cls, nodes: list[Node], bounds: list[int]) -> _Layout:
        levels, roots = list(pairwise(bounds)), bounds[1]
        children = np.fromiter(
            (len(node.childStatusDetails or ()) for node in nodes), np.int64, len(nodes)
        )
        first_child = roots + np.cumsum(children) - children
        parent = np.full(len(nodes), -1, np.int64)
        parent[roots:] = np.repeat(np.arange(len(nodes)), children)
        index = np.arange(len(nodes), dtype=np.int64)
        position = np.where(parent < 0, 0, index - first_child[parent])

        size = np.ones(len(nodes), np.int64)
        node_id = np.zeros(len(nodes), np.int64)
        before = np.zeros(len(nodes), np.int64)  # sizes of all earlier nodes of the same level
        for (begin, end), (below_begin, below_end) in reversed(list(pairwise(levels))):
            below = np.concatenate(([0], np.cumsum(size[below_begin:below_end])))
            first = first_child[begin:end] - below_begin
            size[begin:end] += below[first + children[begin:end]] - below[first]
            before[below_begin:below_end] = below[:-1]
        for begin, end in levels[1:]:
            above = parent[begin:end]
            earlier_siblings = before[begin:end] - before[first_child[above]]
            node_id[begin:end] = node_id[above] + 1 + earlier_siblings
        return cls(levels, roots, parent, position, size, node_id)

    def preorder(self) -> tuple[Integers, Integers]:
        """Returns the indices in the order of rows, and the number of rows of each tree."""
        sizes = self.size[: self.roots]
        row = np.empty_like(self.size)
        row[: self.roots] = np.cumsum(sizes) - sizes
        for begin, end in self.levels[1:]:
            above = self.parent[begin:end]
            row[begin:end] = row[above] + self.node_id[begin:end] - self.node_id[above]
        order = np.empty_like(row)
        order[row] = np.arange(len(row))
        return order, sizes

    def columns(self, order: Integers) -> dict[str, pa.Array]:
        """Returns the columns with the position of each node, in the given order."""
        depth = np.repeat(np.arange(len(self.levels)), [end - begin for begin, end in self.levels])
        parent = self.parent[order]
        return {
            "node_id": pa.array(self.node_id[order]),
            "parent_id": pa.array(self.node_id[parent], mask=parent < 0),
            "last_descendant_id": pa.array((self.node_id + self.size - 1)[order]),
            "depth": pa.array(depth[order]),
            "position": pa.array(self.position[order]),
        }


def _nearest_named(types: pa.Array, layout: _Layout) -> list[pa.Array]:
    """Returns, for each named type, the index of the nearest node of that type on the path.

    The index is null if the path has no such node.
    """
    index = np.arange(len(types), dtype=np.int64)
    kinds = _kinds(types)
    nearest = np.stack([np.where(kinds == kind, index, -1) for kind in range(len(NAMED_TYPES))])
    for begin, end in layout.levels[1:]:
        own = nearest[:, begin:end]
        nearest[:, begin:end] = np.where(own >= 0, own, nearest[:, layout.parent[begin:end]])
    return [pa.array(each, mask=each < 0) for each in nearest]


def _kinds(types: pa.Array) -> Integers:
    """Returns the index of each type in `NAMED_TYPES`, or -1 for other types.

    Each distinct type is compared only once, because there are few of them.
    """
    encoded = types.dictionary_encode()
    places = {name: place for place, name in enumerate(NAMED_TYPES)}
    found = [places.get(compared(each), -1) for each in encoded.dictionary.to_pylist()]
    codes = pc.fill_null(encoded.indices, len(found)).to_numpy()
    kinds: Integers = np.array([*found, -1], np.int64)[codes]
    return kinds


def _paths(names: pa.Array, layout: _Layout) -> pa.ChunkedArray:
    """Returns the path of each node, in breadth-first order, from the paths of the level above."""
    escaped = pc.replace_substring(pc.fill_null(names, ""), "~", "~0")
    escaped = pc.replace_substring(escaped, "/", "~1")
    paths: list[pa.Array] = []
    begin_above = 0
    for begin, end in layout.levels:
        if paths:
            above = paths[-1].take(pa.array(layout.parent[begin:end] - begin_above))
        else:
            above = pa.repeat("", end)
        paths.append(pc.binary_join_element_wise(above, escaped[begin:end], "/"))
        begin_above = begin
    return pa.chunked_array(paths)


def _keys(
    executions: Sequence[Execution], sizes: Integers, cluster: str, tenant: str
) -> dict[str, pa.Array]:
    rows = int(sizes.sum())
    tree = pa.array(np.repeat(np.arange(len(executions)), sizes))
    ids = pa.array([execution.execution_id for execution in executions], pa.int64())
    fetched_at = pa.array(
        [execution.fetched_at for execution in executions], pa.timestamp("us", tz="UTC")
    )
    return {
        "cluster": pa.repeat(pa.scalar(cluster, pa.string()), rows),
        "tenant": pa.repeat(pa.scalar(tenant, pa.string()), rows),
        "execution_id": ids.take(tree),
        "fetched_at": fetched_at.take(tree),
    }

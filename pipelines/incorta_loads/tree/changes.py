"""Compares answers of one execution: which nodes changed their status, appeared or vanished."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

_NODE = ("type", "path")
_STATUS = ("state_type", "job_status")
COMPARED = (*_NODE, *_STATUS, "load_plan", "group_name", "schema_name", "table_name")
"""The columns of table `nodes` that a comparison reads."""

_NULL = "\0"  # no text of a tree contains it

Status = tuple[str | None, str | None]
"""State type and job status as received."""


class Place(NamedTuple):
    """What makes a node of one answer the same as a node of another answer.

    Attributes:
        type, path: of the node, as in `nodes`.
        occurrence: its number among the nodes of the answer with this type and path, from 0.
    """

    type: str | None
    path: str
    occurrence: int


class Seen(NamedTuple):
    """A node in one answer: its status, and the names of its load plan, group, schema and table."""

    status: Status
    names: tuple[str | None, ...]


Answer = dict[Place, Seen]
"""The nodes of one answer, in preorder."""


@dataclass(frozen=True, slots=True)
class NodeChange:
    """The change of one node from one answer to the next.

    Attributes:
        place: which node.
        names: its names as in `Seen`, in the later answer unless it vanished.
        before: status in the earlier answer; None if it appeared.
        after: status in the later answer; None if it vanished.
    """

    place: Place
    names: tuple[str | None, ...]
    before: Status | None
    after: Status | None

    @property
    def kind(self) -> str:
        """What happened to the node: changed, appeared or vanished."""
        if self.before is None:
            return "appeared"
        return "vanished" if self.after is None else "changed"


class Look(NamedTuple):
    """A moment at which an execution was seen.

    Attributes:
        at: when the answer was received.
        changes: its changes since the previous look; none at the first.
    """

    at: datetime
    changes: Sequence[NodeChange] = ()


def answer_of(nodes: pa.Table) -> Answer:
    """Returns the nodes of one execution, from its rows of table `nodes` in preorder."""
    types, paths, states, jobs, *names = (nodes[name].to_pylist() for name in COMPARED)
    numbers: Counter[tuple[str | None, str]] = Counter()
    answer: Answer = {}
    seen = zip(zip(states, jobs, strict=True), zip(*names, strict=True), strict=True)
    for key, node in zip(zip(types, paths, strict=True), seen, strict=True):
        answer[Place(*key, numbers[key])] = Seen(*node)
        numbers[key] += 1
    return answer


def changed_nodes(earlier: pa.Table, later: pa.Table) -> list[NodeChange]:
    """Returns the changes between two answers, given as rows of table `nodes` in preorder."""
    if _have_the_same_nodes(earlier, later):  # nearly always, and then few of them have changed
        is_changed = pc.or_(*(_differs(earlier, later, name) for name in _STATUS))
        earlier, later = earlier.filter(is_changed), later.filter(is_changed)
    return changes_between(answer_of(earlier), answer_of(later))


def _have_the_same_nodes(earlier: pa.Table, later: pa.Table) -> bool:
    """Whether both have the same nodes in the same order, and no path occurs twice."""
    if not earlier.select(_NODE).equals(later.select(_NODE)):
        return False
    return bool(pc.count_distinct(later["path"]).as_py() == later.num_rows)


def _differs(earlier: pa.Table, later: pa.Table, name: str) -> pa.ChunkedArray:
    return pc.not_equal(*(pc.fill_null(each[name], _NULL) for each in (earlier, later)))


def changes_between(earlier: Answer, later: Answer) -> list[NodeChange]:
    """Returns the changes: nodes in the order of the later answer, then those that vanished."""
    changes = []
    for place, node in later.items():
        before = earlier.get(place)
        if before is None:
            changes.append(NodeChange(place, node.names, None, node.status))
        elif before.status != node.status:
            changes.append(NodeChange(place, node.names, before.status, node.status))
    return changes + [
        NodeChange(place, node.names, node.status, None)
        for place, node in earlier.items()
        if place not in later
    ]


def answer_before(answer: Answer, changes: Sequence[NodeChange]) -> Answer:
    """Returns the previous answer, given the changes since then. Its order is not kept."""
    before = dict(answer)
    for change in changes:
        if change.before is None:
            del before[change.place]
        else:
            before[change.place] = Seen(change.before, change.names)
    return before

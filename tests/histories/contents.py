"""The contents of a warehouse and the expected contents, in the same form."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from histories.model import Expected, LedgerRow
from histories.world import Tree
from incorta_loads.warehouse.opening import open_for_reading
from support.answers import Seen, differences

Row = tuple[Any, ...]

_TO_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")

_NODES = (
    "SELECT execution_id, fetched_at, node_id, parent_id, last_descendant_id, depth, position, "
    "type, name, state_type, job_status, path, load_plan, group_name, schema_name, table_name, "
    "extra FROM load_status.nodes WHERE cluster = 'c' AND tenant = 'demo' "
    "ORDER BY execution_id, node_id"
)
_FETCHES = (
    "SELECT run_id, execution_id, fetched_at, outcome, http_status, is_final "
    "FROM load_status.fetches "
    "WHERE cluster = 'c' AND tenant = 'demo' ORDER BY run_id, execution_id"
)
_CHANGES = (
    "SELECT execution_id, type, path, occurrence, load_plan, group_name, schema_name, table_name, "
    "change, previous_state_type, previous_job_status, state_type, job_status, seen_after, seen_by "
    "FROM load_status.status_changes WHERE cluster = 'c' AND tenant = 'demo'"
)
_INVALID = (
    "SELECT execution_id, body, body_sha256, bytes FROM load_status.invalid_payloads "
    "WHERE cluster = 'c' AND tenant = 'demo' ORDER BY execution_id, body"
)


class Fetch(NamedTuple):
    """A row of the ledger."""

    run_id: str
    execution_id: int
    at: datetime
    outcome: str
    http_status: int
    is_final: bool | None


@dataclass(frozen=True)
class Contents:
    """All rows of the base tables; the `extra` column of nodes is decoded."""

    nodes: list[Row]
    fetches: list[Fetch]
    changes: list[Row]
    invalid: list[tuple[int, bytes]]

    @property
    def node_times(self) -> dict[int, datetime]:
        """Id → the time at which its nodes were received."""
        return {row[0]: row[1] for row in self.nodes}


def read(path: Path) -> Contents:
    """The contents that a reader finds."""
    with open_for_reading(path, 5) as connection:
        nodes = connection.execute(_NODES).fetchall()
        fetches = connection.execute(_FETCHES).fetchall()
        changes = connection.execute(_CHANGES).fetchall()
        invalid = connection.execute(_INVALID).fetchall()
        others = connection.execute(
            "SELECT count(*) FROM load_status.nodes WHERE (cluster, tenant) <> ('c', 'demo')"
        ).fetchone()
    assert others == (0,)
    for _, body, digest, size_bytes in invalid:
        assert (digest, size_bytes) == (hashlib.sha256(body).hexdigest(), len(body))
    return Contents(
        [(*row[:-1], None if row[-1] is None else json.loads(row[-1])) for row in nodes],
        [Fetch(*row) for row in fetches],
        sorted(changes, key=repr),
        [(execution_id, body) for execution_id, body, _, _ in invalid],
    )


def ledger(found: Contents, numbers: Mapping[str, int]) -> dict[int, list[LedgerRow]]:
    """The ledger in the warehouse, with run numbers instead of run ids."""
    rows: defaultdict[int, list[LedgerRow]] = defaultdict(list)
    for row in found.fetches:
        ledger_row = LedgerRow(
            numbers[row.run_id], row.at, row.outcome, row.http_status, row.is_final
        )
        rows[row.execution_id].append(ledger_row)
    return dict(rows)


def nodes(expected: Expected) -> list[Row]:
    """The rows of all trees by the design, by plain recursion."""
    rows: list[Row] = []
    for execution_id, (tree, at) in sorted(expected.trees.items()):
        rows += [(execution_id, at, *row) for row in _rows_of(tree)]
    return rows


def changes(expected: Expected) -> list[Row]:
    """The rows of `status_changes`: each answer is compared with the one before it."""
    rows = [
        (execution_id, *difference, earlier.last_at, later.first_at)
        for execution_id, answers in expected.answers.items()
        for earlier, later in pairwise(answers)
        for difference in differences(_seen(earlier.tree), _seen(later.tree))
    ]
    return sorted(rows, key=repr)


def _seen(tree: Tree) -> Iterator[Seen]:
    for row in _rows_of(tree):
        yield Seen(row[5], row[9], row[7], row[8], (row[10], row[11], row[12], row[13]))


def _rows_of(tree: Tree) -> list[Row]:
    rows: list[Row] = []
    _add_rows(rows, tree, None, 0, 0, "", (None,) * 4)
    return rows


def _add_rows(
    rows: list[Row],
    node: Tree,
    parent_id: int | None,
    depth: int,
    position: int,
    path_above: str,
    names_above: Sequence[str | None],
) -> None:
    node_id = len(rows)
    name, kind, status = node.get("name"), node.get("type"), node.get("status", {})
    path = path_above + "/" + (name or "").replace("~", "~0").replace("/", "~1")
    levels = zip(("load_plan", "group", "schema", "table"), names_above, strict=True)
    own = (kind or "").strip("\t\n\v\f\r ").translate(_TO_LOWER)
    names = [name if own == level else above for level, above in levels]
    rows.append(())  # a placeholder: the last descendant is known only after the children
    for place, child in enumerate(node.get("childStatusDetails", [])):
        _add_rows(rows, child, node_id, depth + 1, place, path, names)
    rows[node_id] = (
        *(node_id, parent_id, len(rows) - 1, depth, position, kind, name),
        *(status.get("stateType"), status.get("jobStatus"), path, *names, _extra(node)),
    )


def _extra(node: Tree) -> Tree | None:
    known = {"name", "type", "status", "childStatusDetails"}
    extra = {name: value for name, value in node.items() if name not in known}
    of_status = {
        name: value
        for name, value in node.get("status", {}).items()
        if name not in ("stateType", "jobStatus")
    }
    return (extra | ({"status": of_status} if of_status else {})) or None

"""Rules for comparing two answers of one execution."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from histories.world import TREES, Tree
from incorta_loads.tree.changes import (
    Answer,
    NodeChange,
    Place,
    Seen,
    answer_before,
    answer_of,
    changed_nodes,
    changes_between,
)
from incorta_loads.tree.decoding import decode
from incorta_loads.tree.flattening import Execution, flatten

NAMES = ("P", None, "s", "t")
RUNNING = ("Load State", "Running")
ENDED = ("Terminator State", "Success")


def rows(tree: Tree) -> pa.Table:
    body = json.dumps(tree).encode()
    execution = Execution(1, datetime(2026, 11, 30, tzinfo=UTC), decode(body))
    return flatten([execution], cluster="c", tenant="t")


def answer(tree: Tree) -> Answer:
    return answer_of(rows(tree))


def restated(tree: Tree) -> st.SearchStrategy[Tree]:
    """The same nodes, each with any status."""
    below = st.tuples(*map(restated, tree.get("childStatusDetails", [])))
    status = st.fixed_dictionaries(
        {}, optional={"stateType": st.sampled_from("ab"), "jobStatus": st.sampled_from("xy")}
    )
    return st.tuples(status, below).map(
        lambda drawn: tree | {"status": drawn[0], "childStatusDetails": list(drawn[1])}
    )


def test_a_node_is_known_by_type_path_and_occurrence() -> None:
    """Siblings may have the same name and type; a missing type is a type."""
    children = [{"type": "TABLE", "name": "a"}] * 2 + [{"name": "a"}]
    seen = answer({"name": "P", "childStatusDetails": children})
    assert [*seen] == [
        *((None, "/P", 0), ("TABLE", "/P/a", 0), ("TABLE", "/P/a", 1), (None, "/P/a", 0))
    ]


def test_an_equal_status_is_no_change() -> None:
    """Whatever else differs."""
    place = Place("TABLE", "/P/t", 0)
    assert changes_between({place: Seen(ENDED, NAMES)}, {place: Seen(ENDED, ("Q",) * 4)}) == []


def test_nodes_change_appear_and_vanish() -> None:
    """Those that vanished come last, with the names that they had."""
    a, b, c = (Place("TABLE", f"/P/{name}", 0) for name in "abc")
    earlier = {a: Seen(RUNNING, NAMES), b: Seen(ENDED, NAMES)}
    later = {c: Seen(RUNNING, NAMES), b: Seen(RUNNING, NAMES)}
    changes = changes_between(earlier, later)
    assert changes == [
        NodeChange(c, NAMES, None, RUNNING),
        NodeChange(b, NAMES, ENDED, RUNNING),
        NodeChange(a, NAMES, RUNNING, None),
    ]
    assert [each.kind for each in changes] == ["appeared", "changed", "vanished"]


@settings(max_examples=200, deadline=None)
@given(TREES, TREES)
def test_the_earlier_answer_follows_from_the_later_one_and_the_changes(
    one: Tree, other: Tree
) -> None:
    """In types, paths and statuses, for any two trees."""
    earlier, later = answer(one), answer(other)
    found = answer_before(later, changes_between(earlier, later))
    statuses = {place: node.status for place, node in found.items()}
    assert statuses == {place: node.status for place, node in earlier.items()}


@settings(max_examples=200, deadline=None)
@given(TREES, TREES.flatmap(lambda tree: st.tuples(st.just(tree), restated(tree))))
def test_rows_are_compared_as_answers_are(one: Tree, others: tuple[Tree, Tree]) -> None:
    """Whether the trees have the same nodes or not."""
    for earlier, later in (others, (one, others[0])):
        expected = changes_between(answer(earlier), answer(later))
        assert changed_nodes(rows(earlier), rows(later)) == expected

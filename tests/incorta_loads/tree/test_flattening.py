"""Rules for flattening response bodies into rows and restoring the trees."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incorta_loads.base_tables import NODES
from incorta_loads.tree.decoding import decode
from incorta_loads.tree.flattening import Execution, encode, flatten
from incorta_loads.tree.limits import MOST_LEVELS
from incorta_loads.tree.nodes import InvalidPayload

NOW = datetime(2026, 11, 23, 21, 43, 45, 123456, tzinfo=UTC)

Json = dict[str, Any]

DEMO: Json = {
    "name": "LoadPlan_Demo",
    "type": "LOAD_PLAN",
    "status": {"stateType": "Terminator State", "jobStatus": "Finished with Errors"},
    "childStatusDetails": [
        {
            "name": "Group 1",
            "type": "GROUP",
            "status": {"stateType": "Terminator State", "jobStatus": "Finished with Errors"},
            "childStatusDetails": [
                {
                    "name": "Sales/EU",
                    "type": "SCHEMA",
                    "retries": 1.50,
                    "status": {"stateType": "Terminator State", "jobStatus": "Failed", "code": 7},
                    "childStatusDetails": [
                        {"name": "Sales/EU.a~b", "type": "TABLE", "status": None},
                        {"name": "Sales/EU.c", "type": "TABLE"},
                    ],
                },
            ],
        },
        {"type": "GROUP", "childStatusDetails": []},
    ],
}


def rows_of(*bodies: bytes) -> list[Json]:
    executions = [Execution(i + 1, NOW, decode(body)) for i, body in enumerate(bodies)]
    rows: list[Json] = flatten(executions, cluster="c", tenant="t").to_pylist()
    return rows


# --- A plain, recursive definition of the rows ----------------------------------------------------


def escape(name: str | None) -> str:
    return (name or "").replace("~", "~0").replace("/", "~1")


def define(node: Json, parent: Json | None, position: int, rows: list[Json]) -> None:
    status = node.get("status") or {}
    extra = {k: v for k, v in node.items() if k not in DOCUMENTED}
    unknown_status = {k: v for k, v in status.items() if k not in ("stateType", "jobStatus")}
    if unknown_status:
        extra["status"] = unknown_status
    row: Json = {
        "node_id": len(rows),
        "parent_id": parent["node_id"] if parent else None,
        "depth": parent["depth"] + 1 if parent else 0,
        "position": position,
        "type": node.get("type"),
        "name": node.get("name"),
        "state_type": status.get("stateType"),
        "job_status": status.get("jobStatus"),
        "path": (parent["path"] if parent else "") + "/" + escape(node.get("name")),
        "extra": extra,
    }
    own = (node.get("type") or "").strip(BLANKS).translate(TO_LOWER)
    for column, kind in NEAREST.items():
        above = parent[column] if parent else None
        row[column] = node.get("name") if own == kind else above
    rows.append(row)
    for place, child in enumerate(node.get("childStatusDetails") or []):
        define(child, row, place, rows)
    row["last_descendant_id"] = len(rows) - 1


DOCUMENTED = ("name", "type", "status", "childStatusDetails")
BLANKS = "\t\n\v\f\r "
TO_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
NEAREST = {
    "load_plan": "load_plan",
    "group_name": "group",
    "schema_name": "schema",
    "table_name": "table",
}


def normal(node: Json) -> Json:
    """The node without fields that count as absent."""
    status = {
        k: v
        for k, v in (node.get("status") or {}).items()
        if not (k in ("stateType", "jobStatus") and v is None)
    }
    children = [normal(child) for child in node.get("childStatusDetails") or []]
    kept = {
        k: v
        for k, v in node.items()
        if k not in DOCUMENTED or (k in ("name", "type") and v is not None)
    }
    return (
        kept
        | ({"status": status} if status else {})
        | ({"childStatusDetails": children} if children else {})
    )


# --- Trees of every allowed shape ----------------------------------------------------------------

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
names = st.one_of(texts, st.sampled_from(["", "/", "~", "~1", "a", "=1+1", "\u202e", "<script>"]))
types = st.one_of(
    st.sampled_from(["LOAD_PLAN", "GROUP", "SCHEMA", "TABLE", "table", " Schema\v", "\u00a0TABLE"]),
    texts,
)
values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        texts,
        st.floats(allow_nan=False, allow_infinity=False),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(texts, inner, max_size=2)),
    max_leaves=4,
)


def with_unknown(known: dict[str, Any], unknown: st.SearchStrategy[str]) -> st.SearchStrategy[Json]:
    fields = st.fixed_dictionaries({}, optional=known)
    extra = st.one_of(st.just({}), st.dictionaries(unknown, values, max_size=2))
    return st.builds(lambda a, b: b | a, fields, extra)


statuses = with_unknown(
    {"stateType": st.none() | texts, "jobStatus": st.none() | texts},
    texts.filter(lambda name: name not in ("stateType", "jobStatus")),
)


def nodes_with(children: st.SearchStrategy[list[Json]]) -> st.SearchStrategy[Json]:
    return with_unknown(
        {
            "name": st.none() | names,
            "type": st.none() | types,
            "status": st.none() | statuses,
            "childStatusDetails": st.none() | children,
        },
        texts.filter(lambda name: name not in DOCUMENTED),
    )


trees = st.recursive(
    nodes_with(st.just([])), lambda inner: nodes_with(st.lists(inner, max_size=4)), max_leaves=12
)


@given(st.lists(trees, min_size=1, max_size=4))
def test_rows_match_the_recursive_definition(batch: list[Json]) -> None:
    """Order, parents, last descendants, depths, positions, paths, names and extras match for any
    tree."""
    rows = rows_of(*(json.dumps(tree).encode() for tree in batch))
    expected = []
    for execution_id, tree in enumerate(batch, start=1):
        defined: list[Json] = []
        define(tree, None, 0, defined)
        keys = {"cluster": "c", "tenant": "t", "execution_id": execution_id, "fetched_at": NOW}
        expected += [row | keys for row in defined]
    for row in rows:
        row["extra"] = json.loads(row["extra"]) if row["extra"] else {}
    assert rows == expected


@given(trees)
def test_the_tree_can_be_restored_from_its_rows(tree: Json) -> None:
    """Flattening loses nothing, except that null, absent, {} and [] are the same."""
    body = json.dumps(tree).encode()
    assert json.loads(encode(rows_of(body))) == normal(tree)


@given(trees, st.booleans())
def test_escaping_in_the_body_does_not_matter(tree: Json, ascii_only: bool) -> None:
    r"""Text as UTF-8 and as \u escapes gives the same rows."""
    other = json.dumps(tree, ensure_ascii=ascii_only, indent=2).encode()
    assert rows_of(other) == rows_of(json.dumps(tree).encode())


def test_every_cell_of_the_vendors_example() -> None:
    """The vendor's small example tree is compared cell by cell."""
    columns = [name for name in NODES.names[3:-1] if name not in ("state_type", "job_status")]
    rows = [tuple(row[column] for column in columns) for row in rows_of(json.dumps(DEMO).encode())]
    plan, sales = "LoadPlan_Demo", "/LoadPlan_Demo/Group 1/Sales~1EU"
    extra = '{"retries":1.5,"status":{"code":7}}'
    assert rows == [
        (0, None, 5, 0, 0, "LOAD_PLAN", plan, "/" + plan, plan, None, None, None, None),
        (1, 0, 4, 1, 0, "GROUP", "Group 1", f"/{plan}/Group 1", plan, "Group 1", None, None, None),
        (2, 1, 4, 2, 0, "SCHEMA", "Sales/EU", sales, plan, "Group 1", "Sales/EU", None, extra),
        (3, 2, 3, 3, 0, "TABLE", "Sales/EU.a~b", sales + "/Sales~1EU.a~0b", plan, "Group 1",
         "Sales/EU", "Sales/EU.a~b", None),
        (4, 2, 4, 3, 1, "TABLE", "Sales/EU.c", sales + "/Sales~1EU.c", plan, "Group 1",
         "Sales/EU", "Sales/EU.c", None),
        (5, 0, 5, 1, 1, "GROUP", None, f"/{plan}/", plan, None, None, None, None),
    ]  # fmt: skip


def chain_of(levels: int, leaf: bytes = b"{}", *, leaves: int = 1) -> bytes:
    opening = b"".join(
        b'{"name":"%x","type":"GROUP","childStatusDetails":[' % i for i in range(levels - 1)
    )
    return opening + b",".join([leaf] * leaves) + b"]}" * (levels - 1)


@pytest.mark.parametrize("levels", [1, 2, 400, 900, 1000, 3000, MOST_LEVELS])
def test_deep_trees_keep_every_level(levels: int) -> None:
    """The depth is not limited by recursion, and the tree is restored byte for byte."""
    body = chain_of(levels)
    rows = rows_of(body)
    assert [row["depth"] for row in rows] == list(range(levels))
    assert encode(rows) == body


@pytest.mark.parametrize("levels", [MOST_LEVELS + 1, 20_000, 200_000])
def test_too_many_levels_are_refused(levels: int) -> None:
    """A tree beyond the limit is an invalid payload with that reason."""
    with pytest.raises(InvalidPayload, match="more than 5,000 levels"):
        decode(chain_of(levels))


def test_wide_trees_keep_every_node() -> None:
    """The tree has 40,000 nodes below 100 levels."""
    body = chain_of(100, b'{"name":"leaf","type":"TABLE"}', leaves=39_901)
    rows = rows_of(body)
    assert len(rows) == 40_000
    assert rows[-1]["position"] == 39_900
    assert encode(rows) == body


def test_deep_and_wide_trees_whose_paths_fill_the_memory_are_refused() -> None:
    """The paths of 37,000 leaves below 3,000 levels have 600 MB."""
    body = chain_of(3000, b'{"name":"leaf"}', leaves=37_000)
    with pytest.raises(InvalidPayload, match="paths and names of its nodes take more than 64 MiB"):
        decode(body)


@pytest.mark.parametrize("levels", [3, 1000])
def test_undocumented_fields_are_kept_at_any_depth(levels: int) -> None:
    """Numbers keep their digits; the last of several equal fields counts."""
    leaf = (
        b'{"id":123456789012345678901234567890,"ms":1.10,"id2":1,"id2":1e400,"name":1,"name":"x"}'
    )
    rows = rows_of(chain_of(levels, leaf))
    assert rows[-1]["name"] == "x"
    assert rows[-1]["extra"] == '{"id":123456789012345678901234567890,"ms":1.10,"id2":1E+400}'


@pytest.mark.parametrize("depth", [1, 1000])
@pytest.mark.parametrize(
    ("leaf", "reason"),
    [
        (b'{"name":5}', "name must be a string, not a number"),
        (b'{"name":true}', "name must be a string, not true or false"),
        (b'{"type":["TABLE"]}', "type must be a string, not an array"),
        (b'{"status":"Success"}', "status must be an object, not a string"),
        (b'{"status":{"jobStatus":1.5}}', "status.jobStatus must be a string, not a number"),
        (b'{"childStatusDetails":{}}', "childStatusDetails must be an array, not an object"),
        (b'{"childStatusDetails":[null]}', "a node must be an object, not null"),
        (b"[]", "a node must be an object, not an array"),
        (b'"Success"', "a node must be an object, not a string"),
        (b'{"name":"a",}', "not JSON"),
        (b'{"name":NaN}', "not JSON"),
        (b'{"name":"\\ud800"}', "lone surrogate"),
        (b'{"x":"\\udc00"}', "lone surrogate"),
        (b'{"\\ud800\\u0041":1}', "lone surrogate"),
        (b'{"name":"\\u0000"}', r"character U\+0000"),
        (b'{"x":"\\\\\\u0000"}', r"character U\+0000"),
        (b'{"name":"a\x00"}', "not JSON"),
        (b'{"name":"\xff"}', "not UTF-8|not JSON"),
    ],
)  # fmt: skip
def test_an_invalid_tree_is_refused_with_its_reason(depth: int, leaf: bytes, reason: str) -> None:
    """The shape, the JSON or a text may be invalid, also below a deep tree."""
    with pytest.raises(InvalidPayload, match=reason):
        decode(chain_of(depth, leaf))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "the body is empty"),
        (b" \n", "the body is empty"),
        (b"<html></html>", "not JSON"),
        (b"\xef\xbb\xbf{}", "byte-order mark"),
        (b"{}{}", "not JSON"),
        (b'{"name":"cut', "not JSON"),
        (b"null", "a node must be an object, not null"),
        (b'{"x":' + b"[" * 3000 + b"]" * 3000 + b"}", "nested too deeply"),
    ],
)
def test_bodies_that_are_not_an_object_are_refused(body: bytes, reason: str) -> None:
    """The reason names the type of the body."""
    with pytest.raises(InvalidPayload, match=reason):
        decode(body)


def test_an_escaped_backslash_before_u0000_is_text() -> None:
    r"""`\\u0000` in JSON is a backslash and five characters, not U+0000."""
    assert rows_of(b'{"name":"\\\\u0000"}')[0]["name"] == "\\u0000"


def test_an_empty_batch_has_the_columns_of_nodes() -> None:
    """Without trees the result is a table without rows."""
    table = flatten([], cluster="c", tenant="t")
    assert (table.num_rows, table.schema) == (0, NODES)

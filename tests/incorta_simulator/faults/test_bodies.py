from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from incorta_simulator.faults import bodies


def nodes(tree: dict[str, Any]) -> list[dict[str, Any]]:
    return [tree, *(node for child in tree.get("childStatusDetails", []) for node in nodes(child))]


def depth(body: bytes) -> int:
    """The maximum nesting of containers, in a body without brackets in its texts."""
    deepest = level = 0
    for letter in body:
        level += (letter in b"{[") - (letter in b"}]")
        deepest = max(deepest, level)
    return deepest


def test_the_example_is_the_vendors() -> None:
    """It has plan, group, schema and table; the vendor's own text has an extra comma."""
    tree = json.loads(bodies.EXAMPLE)

    assert bodies.AS_DOCUMENTED.count(b"},]") == 1
    assert len(bodies.AS_DOCUMENTED) == len(bodies.EXAMPLE) + 1
    assert [(node["name"], node["type"]) for node in nodes(tree)] == [
        ("LoadPlan_Demo", "LOAD_PLAN"),
        ("Group 1", "GROUP"),
        ("OnlineStore", "SCHEMA"),
        ("OnlineStore.productmodel", "TABLE"),
    ]


@pytest.mark.parametrize(
    ("body", "table"),
    [
        (bodies.with_table(b"null"), None),
        (bodies.with_name(b"5"), {"name": 5}),
        (bodies.with_field(b'"x": [1]'), {"name": "OnlineStore.productmodel", "x": [1]}),
        (bodies.with_status(b"[]"), {"name": "t", "status": []}),
    ],
)
def test_the_example_can_contain_any_value(body: bytes, table: dict[str, Any] | None) -> None:
    """The value is three levels down, and the rest is unchanged."""
    changed = json.loads(body)
    (schema,) = changed["childStatusDetails"][0]["childStatusDetails"]
    (found,) = schema["childStatusDetails"]

    assert schema["name"] == "OnlineStore"
    assert found == table if table is None else found.items() >= table.items()


@pytest.mark.parametrize("name", bodies.NAMES.values(), ids=bodies.NAMES)
def test_all_nodes_get_the_same_name(name: str) -> None:
    """JSON decodes to the same name."""
    assert [node["name"] for node in nodes(json.loads(bodies.named(name)))] == [name] * 4


def test_odd_names_include_all_required_characters() -> None:
    """They are the names required by promise 5 of the issue."""
    assert bodies.NAMES["formula"] == "=cmd|' /C calc'!A0"
    assert bodies.NAMES["script"] == "<script>alert(1)</script>"
    assert len(bodies.NAMES["long"]) == 200_000
    for name, letters in {
        "slash": "/",
        "tilde": "~",
        "quotes": "\"'",
        "newlines": "\n\r",
        "right_to_left": "\u202e",
        "emoji": "\u200d",
        "combining_marks": "\u0351",
    }.items():
        assert set(letters) <= set(bodies.NAMES[name])


@pytest.mark.parametrize("levels", [1, 2, 300])
def test_a_deep_tree_has_the_requested_levels(levels: int) -> None:
    """There is one node on each level."""
    body = bodies.deep(levels)

    assert len(nodes(json.loads(body))) == levels
    assert depth(body) == 2 * levels - 1


def test_a_very_deep_tree_has_the_requested_levels() -> None:
    """It exceeds the depth of any recursive parser."""
    body = bodies.deep(200_000)

    assert body.count(b'"name"') == 200_000
    assert len(body) < 8 * 1024 * 1024


def test_a_wide_tree_has_the_requested_nodes() -> None:
    """A hundred thousand named nodes fit the default limit of a body."""
    body = bodies.wide(100_000)
    kinds = Counter(node["type"] for node in nodes(json.loads(body)))

    assert kinds == {"LOAD_PLAN": 1, "GROUP": 1, "SCHEMA": 1, "TABLE": 99_997}
    assert len({node["name"] for node in nodes(json.loads(body))}) == 100_000
    assert len(body) < 32 * 1024 * 1024


def test_a_deep_and_wide_tree_is_small_except_for_its_paths() -> None:
    """Each leaf is below all levels: a body of 2 MiB has paths of 6 GiB."""
    tree = json.loads(bodies.deep_and_wide(3, 5))
    leaves = [node for node in nodes(tree) if "childStatusDetails" not in node]

    assert (len(nodes(tree)), len(leaves)) == (8, 5)
    assert len(bodies.deep_and_wide(3_000, 100_000)) < 2 * 1024 * 1024
    assert 3_000 * 100_000 * len("/twenty characters 20") > 5.8 * 1024**3


def test_a_deep_field_is_not_a_level_of_the_tree() -> None:
    """The tree has one node, whatever the field contains."""
    assert json.loads(bodies.deep_field(2)) == {"name": "n", "other": [[]]}
    assert depth(bodies.deep_field(1_000)) == 1_001


def test_undocumented_fields_are_on_each_level() -> None:
    """Each node and each status has them."""
    for node in nodes(json.loads(bodies.UNDOCUMENTED_FIELDS)):
        assert {"id", "rate", "tags", "more"} < set(node)
        assert {"code", "progress"} < set(node["status"])


def test_integers_have_the_requested_digits() -> None:
    """They exceed 64 bits, and Python's default limit for parsing."""
    for digits in (30, 5_000):
        body = bodies.ODD_TREES[f"integer_of_{digits}_digits"]
        number = body.partition(b'"rows": ')[2].partition(b"}")[0]
        assert (number.isdigit(), len(number)) == (True, digits)

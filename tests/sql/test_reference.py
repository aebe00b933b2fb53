"""Plain Python against numbers computed by hand: the reference for the models is correct."""

from __future__ import annotations

from math import comb

import pytest

from sql.base_rows import NOON, Fetch, History, Node, Tree, rows
from sql.reference import chance
from sql.reference.keys import Row
from sql.reference.limits import Limits
from sql.reference.reading import Reading
from sql.sketches import sketch


def read(nodes: list[Node], fetches: list[Fetch] | None = None, **limits: int) -> Reading:
    return Reading(History(nodes, fetches or []), Limits(**limits))


def columns(found: list[Row], *names: str) -> list[tuple[object, ...]]:
    return [tuple(row[name] for name in names) for row in found]


def test_tails_are_sums_of_products_of_binomials() -> None:
    """Exact integers give the same result, far into the tail."""
    for x, total, one, other in ((3, 40, 10, 12), (15, 120, 25, 20), (60, 1_000, 70, 80)):
        ways = sum(comb(one, i) * comb(total - one, other - i) for i in range(x, other + 1))
        p = ways / comb(total, other)
        assert chance.both_at_least(x, total, one, other) == pytest.approx(p, rel=1e-12)
        at_least, _ = chance.fisher(x, other, one - x, total - other)
        assert at_least == pytest.approx(p, rel=1e-12)
    _, at_most = chance.fisher(1, 20, 9, 30)
    ways = sum(comb(10, i) * comb(40, 20 - i) for i in (0, 1))
    assert at_most == pytest.approx(ways / comb(50, 20), rel=1e-12)


def test_p_values_are_adjusted_for_their_number() -> None:
    """The result is the least p · tests / rank over all p-values at least as large."""
    assert chance.adjusted([0.01, 0.5, 0.02, 0.03]) == pytest.approx([0.04, 0.5, 0.04, 0.04])


def test_health_counts_streaks_and_flips() -> None:
    """Only counted runs are adjacent; a skipped run does not break a streak."""
    (row,) = read(sketch("t", {"a": ".X-X.pX"})).table_health
    del row["shrunken_error_rate"]
    assert row == {
        "cluster": "cluster",
        "tenant": "t",
        "schema_name": "s",
        "table_name": "a",
        "counted": 6,
        "errors": 4,
        "error_rate": 4 / 6,
        "worst_rank": 1,
        "behaviour": "intermittent",
        "is_broken": False,
        "current_streak": 2,
        "current_streak_is_error": True,
        "failing_since_execution_id": 6,
        "last_success_execution_id": 5,
        "runs_since_success": 2,
        "flips": 3,
        "flip_rate": 3 / 5,
        "first_execution_id": 1,
        "last_execution_id": 7,
    }


def test_rates_are_shrunken_towards_the_schema_and_the_tenant() -> None:
    """k = 20 runs of the rate above are added: the tenant has 3 of 8, and so has the schema."""
    found = read(sketch("t", {"a": ".XXX", "b": "...."})).table_health
    tenant = 3 / 8
    schema = (3 + 20 * tenant) / 28
    assert columns(found, "table_name", "shrunken_error_rate", "worst_rank") == [
        ("a", pytest.approx((3 + 20 * schema) / 24), 1),
        ("b", pytest.approx((0 + 20 * schema) / 24), 2),
    ]


def test_a_regression_compares_the_last_20_runs_with_100_before() -> None:
    """One streak is an outage, two are a regression; windows below 20 runs are not tested."""
    found = read(
        sketch(
            "t",
            {
                "again": "." * 30 + "XX." * 6 + "..",
                "once": "." * 30 + "XXXXXXXX" + "." * 12,
                "before": "XX." * 10 + "." * 20,
                "twice": "." * 30 + "X.X" + "." * 17,
                "short": "." * 19 + "X" * 20,
            },
        )
    ).mart("table_regressions")
    assert columns(
        found, "table_name", "recent_errors", "baseline_errors", "recent_episodes", "verdict"
    ) == [
        ("again", 12, 0, 6, "regressed"),
        ("once", 8, 0, 1, "outage"),
        ("before", 0, 20, 0, "improved"),
        ("twice", 2, 0, 2, "unchanged"),
        ("short", 20, 0, 1, "insufficient_data"),
    ]
    p_values = [comb(20, 12) / comb(50, 12), comb(20, 8) / comb(50, 8), 1.0, None, None]
    assert columns(found, "p_value") == [
        (p if p is None else pytest.approx(p, rel=1e-12),) for p in p_values
    ]
    assert found[0]["p_adjusted"] == pytest.approx(p_values[0] * 3, rel=1e-12)  # type: ignore[operator]


def test_an_episode_ends_with_the_next_counted_run() -> None:
    """A skipped run between them neither ends nor starts an episode."""
    found = read(sketch("t", {"a": "X.-pX-.X-"})).failure_episodes
    assert columns(
        found,
        *("first_execution_id", "last_execution_id", "errors", "failures"),
        *("ended_by_execution_id", "is_open"),
    ) == [(1, 1, 1, 1, 2, False), (4, 5, 2, 1, 7, False), (8, 8, 1, 1, None, True)]


def test_causes_are_ranked_by_the_executions_they_make_clean() -> None:
    """An execution is clean if all of its causes are fixed; running ones are recent too."""
    nodes = sketch("t", {"a": "XXX..", "b": "..XX.", "c": "..X.."}, unfinished="   R")
    assert columns(
        read(nodes).mart("fix_first"),
        *("name", "load_plan", "executions_failed", "executions_only_cause"),
        *("share_of_failed_executions", "last_execution_id", "fix_rank", "cumulative_clean_share"),
    ) == [
        ("a", None, 3, 2, 0.75, 3, 1, 0.5),
        ("b", None, 2, 1, 0.5, 4, 2, 0.75),
        ("c", None, 1, 0, 0.25, 3, 3, 1.0),
    ]


def test_tables_that_start_failing_together_are_related() -> None:
    """Starts count if both tables have a counted run; only the first run of a streak is a start."""
    letters = {
        "a": "XX..X...X...X..." + "." * 24,
        "b": "X...X...X...X..." + "." * 24,
        "c": ".X....X....X-..." + "." * 24,
    }
    (row,) = read(sketch("t", letters)).mart("co_failures")
    p = 1 / comb(40, 4)
    assert row == {
        "cluster": "cluster",
        "tenant": "t",
        "schema_name_a": "s",
        "table_name_a": "a",
        "schema_name_b": "s",
        "table_name_b": "b",
        "executions": 40,
        "starts_a": 4,
        "starts_b": 4,
        "starts_both": 4,
        "expected": 0.4,
        "p_value": pytest.approx(p, rel=1e-12),
        "p_adjusted": pytest.approx(3 * p, rel=1e-12),
    }


CONTRADICTIONS = Tree(
    "LOAD_PLAN",
    "p",
    "Success",
    (
        Tree("SCHEMA", "s", "Failed", (Tree("TABLE", "a", "Success"),)),
        Tree("VIEW", "v", "?", (Tree("TABLE", "b", "Running", (), "Load State"),)),
    ),
)


def test_conflicts_name_their_evidence() -> None:
    """The evidence is the first contradicting descendant; unknown words have none."""
    found = read(rows(CONTRADICTIONS, 1)).mart("status_conflicts")
    assert columns(found, "node_id", "rule", "evidence_node_id") == [
        (0, "success_above_error", 1),
        (0, "ended_above_running", 4),
        (1, "error_above_success", 2),
        (3, "ended_above_running", 4),
        (3, "unknown_status", None),
        (3, "unknown_type", None),
    ]


def test_gaps_are_split_where_the_reason_changes() -> None:
    """The latest response decides, then the later run; above the highest id there are no gaps."""
    nodes = [node for id_ in (1, 6, 8) for node in rows(CONTRADICTIONS, id_, tenant="t")]
    fetches = [
        Fetch("cluster", "t", 2, "r1", NOON, "not_found"),
        Fetch("cluster", "t", 3, "r1", NOON, "unavailable"),
        Fetch("cluster", "t", 3, "r2", NOON, "not_found"),
        Fetch("cluster", "t", 7, "r1", NOON, "forbidden"),
        Fetch("cluster", "t", 9, "r1", NOON, "not_found"),
    ]
    found = read(nodes, fetches).mart("gaps")
    assert columns(found, "first_id", "last_id", "ids", "reason") == [
        (2, 3, 2, "not_found"),
        (4, 5, 2, "never_asked"),
        (7, 7, 1, "forbidden"),
    ]

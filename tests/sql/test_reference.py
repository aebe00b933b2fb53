"""Plain Python against numbers computed by hand: the reference for the models is correct."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from hashlib import md5
from math import comb, factorial
from typing import Any

import pytest

from sql.base_rows import NOON, Fetch, History, Node, Tree, rows
from sql.reference import chance
from sql.reference.keys import Row
from sql.reference.limits import Limits
from sql.reference.reading import Reading
from sql.reference.trials import trials
from sql.sketches import sketch

P_RUNS_AGAIN = sum(comb(20, x) * comb(27, 5 - x) for x in (5,)) / comb(47, 5)


def read(nodes: list[Node], fetches: list[Fetch] | None = None, **limits: Any) -> Reading:
    return Reading(History(nodes, fetches or []), replace(Limits(), **limits))


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
        "design_effect": 1.0,
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


def test_long_streaks_of_errors_widen_the_intervals() -> None:
    """The open streak of `b` is not usual, but widens its own interval; `c` counts as 1."""
    found = read(sketch("t", {"a": "XXX" + "." * 17, "b": "." * 16 + "XXXX", "c": "." * 20}))
    usual = (9 / 3 + 1 + 1) / 3
    effects = [
        ((9 + 5 * usual) / (3 + 5) + 1) * (1 - 3 / 20) - 1,
        ((16 + 5 * usual) / (4 + 5) + 1) * (1 - 4 / 20) - 1,
        (0 + 5 * usual) / (0 + 5),
    ]
    assert min(effects) > 1
    assert columns(found.table_health, "design_effect") == [
        (pytest.approx(effect),) for effect in effects
    ]


@pytest.mark.parametrize(
    ("earlier", "streak", "behaviour"),
    [
        ("." * 20, "XXX", "broken_since"),
        ("XX." * 6 + "..", "XXX", "intermittent"),
        ("XX." * 6 + "..", "X" * 14, "broken_since"),
    ],
)
def test_a_streak_of_errors_may_be_chance(earlier: str, streak: str, behaviour: str) -> None:
    """After 12 errors in 20 runs, ((12 + 20 · t) / 40)³ is greater than 0.001."""
    drawings = {"a": earlier + streak, "b": "." * len(earlier + streak)}
    (row, _) = read(sketch("t", drawings)).table_health
    assert row["behaviour"] == behaviour


def test_trials_are_runs_after_two_successes() -> None:
    """A start counts once two successes followed it."""
    drawing = "..X..XX.X...X."
    counted = read(sketch("t", {"a": drawing})).series["cluster", "t", "s", "a"]
    assert [run["execution_id"] for run in trials(counted, gap=2)] == [3, 6, 12]
    ended = read(sketch("t", {"a": drawing + "."})).series["cluster", "t", "s", "a"]
    assert [run["execution_id"] for run in trials(ended, gap=2)] == [3, 6, 12, 13]


def test_a_regression_compares_starts_of_errors() -> None:
    """One long streak is an outage; a table without 25 trials is not tested."""
    found = read(
        sketch(
            "t",
            {
                "again": "." * 32 + "X.." * 5,
                "once": "." * 62 + "XXXXXXXX" + "." * 12,
                "before": "X.." * 25 + "." * 40,
                "same": "." * 62,
                "short": "." * 19 + "X" * 20,
            },
        )
    ).mart("table_regressions")
    assert columns(
        found,
        *("table_name", "recent_trials", "recent_starts", "baseline_trials", "baseline_starts"),
        *("since_execution_id", "verdict"),
    ) == [
        ("again", 5, 5, 30, 0, 33, "regressed"),
        ("once", 20, 1, 51, 0, None, "outage"),
        ("before", 40, 0, 24, 24, None, "improved"),
        ("same", 5, 0, 55, 0, None, "unchanged"),
        ("short", None, None, None, None, None, "insufficient_data"),
    ]
    assert columns(found, "p_value", "p_runs")[:2] == [
        (pytest.approx(2 / comb(35, 5), rel=1e-12), pytest.approx(P_RUNS_AGAIN, rel=1e-12)),
        (1.0, pytest.approx(comb(20, 8) / comb(82, 8), rel=1e-12)),
    ]
    assert found[2]["p_improved"] == pytest.approx(3 / comb(64, 24), rel=1e-12)


def test_since_when_is_a_start_with_bounds() -> None:
    """Each split of 35 trials with 5 starts is weighted by the likelihood of both sides."""
    (row,) = read(sketch("t", {"a": "." * 32 + "X.." * 5})).mart("table_regressions")
    weights = dict.fromkeys(range(1, 6), Fraction(0))
    for after in range(1, 35):
        k = min(after, 5)
        if k * 35 > 5 * after:
            before = beta(5 - k, 35 - after)
            weights[k] += beta(k, after) * before
    shares = [sum(list(weights.values())[:k]) / sum(weights.values()) for k in range(1, 6)]
    by = next(place for place, share in enumerate(shares) if share >= Fraction(25, 1000))
    after = next(place for place, share in enumerate(shares) if share >= Fraction(975, 1000))
    starts = [45, 42, 39, 36, 33, None]
    assert columns(
        [row], "since_execution_id", "changed_after_execution_id", "changed_by_execution_id"
    ) == [(33, starts[after + 1], starts[by])]


def beta(k: int, m: int) -> Fraction:
    return Fraction(factorial(k) * factorial(m - k), factorial(m + 1))


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
    assert {name: cell for name, cell in row.items() if "_key_" not in name} == {
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


def test_a_key_is_the_md5_of_its_parts() -> None:
    """A missing name is a part of its own, which no text equals."""
    (run,) = read([Node("c", "t", 7, type="TABLE", name="x", table_name="x")]).mart("table_runs")
    parts = {
        "execution_key": "1c\x1f1t\x1f17",
        "table_key": "1c\x1f1t\x1f0\x1f1x",
        "schema_key": "1c\x1f1t\x1f0",
        "plan_key": "1c\x1f1t\x1f0",
    }
    assert {name: run[name] for name in parts} == {
        name: md5(text.encode(), usedforsecurity=False).hexdigest() for name, text in parts.items()
    }

"""Small histories drawn by hypothesis, and limits small enough for them to reach every case."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from hypothesis import strategies as st

from sql.base_rows import NOON, Fetch, History, Node, StatusChange, Tree, rows
from sql.looked_at import seen
from sql.reference.limits import Limits
from sql.sketches import STATUSES
from support.answers import differences

SMALL = Limits(
    partial_window_executions=3,
    recent_executions=8,
    live_executions=15,
    latest_executions=3,
    prior_runs=4,
    behaviour_min_runs=3,
    behaviour_min_streak=2,
    recovered_runs=6,
    intermittent_runs=12,
    incident_min_errors=2,
    incident_min_tables=2,
    recent_runs=5,
    baseline_runs=12,
    regression_min_runs=4,
    broken_level=0.2137,
    broken_runs=7,
    prior_errors=2,
    regression_gap_runs=1,
    regression_windows=(2, 4, 7),
    regression_baseline_trials=8,
    regression_min_trials=3,
    regression_level=0.4137,  # no p-value of so few runs equals these
    verdict_level=0.4637,
    notify_level=0.3937,
    notify_again_level=0.5137,
    alert_settings=(
        {"name": "current"},
        {"name": "wide", "gap": 2, "widths": (3, 5), "baseline": 6, "notify_level": 0.5037},
    ),
    backtest_trials_after=4,
    backtest_min_trials=2,
    backtest_level=0.4337,
    backtest_short_runs=3,
    significance=0.3137,
    co_failure_tables=3,
    co_failure_min_episodes=2,
    co_failure_min_starts=1,
    duration_runs=4,
    duration_min_runs=2,
    time_zone="America/St_Johns",
)
"""Windows so short that a dozen executions fill them."""

_NAMES = st.sampled_from(["a", "b", "A", "", "/", None])
_STATUS = st.sampled_from(
    [
        *[("Terminator State", status) for status in ("Success", "Failed", "Skipped", "?")],
        ("Load State", "Running"),
        ("Load State", "In Queue"),
        (None, None),
    ]
)
_TYPES = st.sampled_from(
    [
        *("LOAD_PLAN", "GROUP", "SCHEMA", "TABLE", "TABLE"),
        *("table", " Table\t", "schema", "VIEW", "VIEW", None),
        *("folder", "dashboard", "BATCH", "job"),
    ]
)
TYPE_ROLES = [
    ["Folder\n", "schema"],
    ["DASHBOARD", "none"],
    ["batch", "group"],
    ["JOB", "load_plan"],
]
"""A user's rules for types; there is none for VIEW."""


def _tree(
    kind: str | None, name: str | None, status: tuple[str | None, str | None], below: list[Tree]
) -> Tree:
    return Tree(kind, name, status[1], tuple(below), status[0])


_LEAVES = st.builds(_tree, _TYPES, _NAMES, _STATUS, st.just([]))
any_tree = st.recursive(
    _LEAVES,
    lambda trees: st.builds(_tree, _TYPES, _NAMES, _STATUS, st.lists(trees, max_size=4)),
    max_leaves=12,
)
"""Any type above any type, each with any status."""

_letters = st.sampled_from(["....", "....", "XXX.", "XX. "]) | st.text(
    "...XXp- ", min_size=4, max_size=4
)
_alike = st.tuples(_letters, st.sampled_from("PPPW"), st.integers(1, 5), st.integers(0, 9))
"""Similar executions: letters of tables, plan, number, and 0 if the last one is running."""

_phases = st.lists(_alike, max_size=4) | st.lists(_alike, min_size=10, max_size=14)


@st.composite
def usual_trees(draw: st.DrawFn) -> list[Tree]:
    """Executions of two plans, with tables that keep their behaviour for some time."""
    trees: list[Tree] = []
    for letters, plan, repeated, runs in draw(_phases):
        tables = tuple(
            Tree("TABLE", name, STATUSES[letter])
            for name, letter in zip("abca", letters, strict=True)  # one name twice
            if letter.strip()
        )
        first = Tree("GROUP", "1", "Failed", (Tree("SCHEMA", "s", "Failed", tables),))
        blocked = Tree("SCHEMA", "t", "Failed", (Tree("TABLE", "d", "Skipped"),))
        tree = Tree("LOAD_PLAN", plan, "Success", (first, Tree("GROUP", "2", "Failed", (blocked,))))
        trees += [tree] * repeated
        if runs == 0:
            trees[-1] = tree._replace(state_type="Load State")
    return trees


@st.composite
def any_history(draw: st.DrawFn) -> History:
    """Usual and unusual trees in two tenants, ids with gaps, and their ledger rows."""
    nodes: list[Node] = []
    seen = History([], [], [])
    odd = st.lists(any_tree, max_size=3)
    for tenant, trees in (("usual", draw(usual_trees())), ("odd", draw(odd))):
        execution_id = 0
        for tree in trees:
            execution_id += draw(st.sampled_from([1, 1, 1, 2, 4]))
            own = rows(tree, execution_id, tenant=tenant)
            if draw(st.booleans()):
                own = _looked_at(draw, own, seen)
            nodes += own
    return History(nodes, [*seen.fetches, *draw(st.lists(_fetches, max_size=12))], seen.changes)


def _looked_at(draw: st.DrawFn, nodes: list[Node], found: History) -> list[Node]:
    """Adds looks at an execution before its present nodes, which are returned with their time."""
    earlier = draw(st.lists(st.sampled_from(["missed", "restated", "shorter"]), max_size=4))
    times = sorted(draw(st.sets(_TIMES, min_size=len(earlier) + 1, max_size=len(earlier) + 1)))
    before: tuple[datetime, list[Node]] | None = None
    for place, (at, kind) in enumerate(zip(times, [*earlier, "last"], strict=True)):
        root = nodes[0]
        key = (root.cluster, root.tenant, root.execution_id, f"run {place}", at)
        if kind == "missed" and before is None:
            found.fetches.append(Fetch(*key, "not_found"))
            continue
        answer = nodes
        if kind == "restated":
            statuses = [draw(_STATUS) for _ in nodes]
            answer = [
                node._replace(state_type=state, job_status=job)
                for node, (state, job) in zip(nodes, statuses, strict=True)
            ]
        elif kind == "shorter":
            answer = nodes[: draw(st.integers(1, len(nodes)))]
        answer = [node._replace(fetched_at=at) for node in answer]
        if kind == "last" or draw(st.booleans()):
            is_final = draw(st.sampled_from([True, False, None]))
            found.fetches.append(Fetch(*key, "loaded", is_final))
        if before is not None:
            found.changes.extend(_changes(before, (at, answer)))
        before = at, answer
    assert before is not None
    return before[1]


def _changes(
    before: tuple[datetime, list[Node]], after: tuple[datetime, list[Node]]
) -> Iterator[StatusChange]:
    (seen_after, earlier), (seen_by, later) = before, after
    for each in differences(map(seen, earlier), map(seen, later)):
        root = later[0]
        yield StatusChange(
            **{name: getattr(root, name) for name in ("cluster", "tenant", "execution_id")},
            **each._asdict(),
            seen_after=seen_after,
            seen_by=seen_by,
        )


_TIMES = st.integers(0, 40).map(lambda minutes: NOON + timedelta(minutes=minutes * 97))


_fetches = st.builds(
    Fetch,
    st.just("cluster"),
    st.sampled_from(["usual", "odd", "other"]),
    st.integers(1, 12),
    st.sampled_from(["run 1", "run 2"]),
    st.sampled_from([NOON, NOON + timedelta(days=31)]),
    st.sampled_from(
        ["loaded", "not_found", "forbidden", "rejected", "unavailable", "invalid_payload"]
    ),
    st.sampled_from([True, False, None]),
)

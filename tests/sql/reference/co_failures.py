"""`co_failures`: tables that begin to fail in the same execution more often than by chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from sql.reference.chance import adjusted, both_at_least
from sql.reference.keys import EXECUTION, SERIES, TENANT, Row, by, in_order, key, named
from sql.reference.limits import Limits
from sql.reference.series import AllSeries


@dataclass(frozen=True)
class Candidate:
    """A series that repeatedly began to fail, with ids of recent executions."""

    names: tuple[str | None, ...]
    counted: set[int]
    starts: set[int]


def co_failures(
    series: AllSeries,
    failure_episodes: Sequence[Row],
    executions: Sequence[Row],
    limits: Limits,
) -> list[Row]:
    recent = {key(execution, *EXECUTION) for execution in executions if execution["is_recent"]}
    began = by(
        [
            e
            for e in failure_episodes
            if (e["cluster"], e["tenant"], e["first_execution_id"]) in recent
        ],
        *TENANT,
    )
    found = []
    for episodes in began.values():
        pairs = [
            _pair(one, other)
            for one, other in combinations(_candidates(episodes, series, recent, limits), 2)
        ]
        found += _related([pair for pair in pairs if pair["executions"]], limits)
    return found


def _candidates(
    episodes_of_tenant: Sequence[Row],
    series: AllSeries,
    recent: set[tuple[object, ...]],
    limits: Limits,
) -> list[Candidate]:
    """The candidates, sorted by name."""
    often = [
        (names, episodes)
        for names, episodes in by(episodes_of_tenant, *SERIES).items()
        if len(episodes) >= limits.co_failure_min_episodes
    ]
    often.sort(key=lambda found: (-len(found[1]), in_order(*found[0][2:])))
    return [
        Candidate(
            names,
            {
                run["execution_id"]
                for run in series[names]
                if run["is_counted"] and key(run, *EXECUTION) in recent
            },
            {episode["first_execution_id"] for episode in episodes},
        )
        for names, episodes in sorted(
            often[: limits.co_failure_tables], key=lambda found: in_order(*found[0][2:])
        )
    ]


def _pair(one: Candidate, other: Candidate) -> Row:
    together = one.counted & other.counted
    starts_a, starts_b = one.starts & together, other.starts & together
    cluster, tenant, *names = *one.names, *other.names[2:]
    return {
        **named(TENANT, (cluster, tenant)),
        **named(("schema_name_a", "table_name_a", "schema_name_b", "table_name_b"), names),
        "executions": len(together),
        "starts_a": len(starts_a),
        "starts_b": len(starts_b),
        "starts_both": len(starts_a & starts_b),
    }


def _related(pairs_of_tenant: Sequence[Row], limits: Limits) -> list[Row]:
    tested = [
        pair
        for pair in pairs_of_tenant
        if min(pair["starts_a"], pair["starts_b"]) >= limits.co_failure_min_starts
    ]
    for pair in tested:
        total, one, other = key(pair, "executions", "starts_a", "starts_b")
        pair["expected"] = one * other / total
        pair["p_value"] = both_at_least(pair["starts_both"], total, one, other)
    for pair, p in zip(tested, adjusted([pair["p_value"] for pair in tested]), strict=True):
        pair["p_adjusted"] = p
    return [
        pair
        for pair in tested
        if pair["starts_both"] >= limits.co_failure_min_starts
        and pair["p_adjusted"] <= limits.significance
    ]

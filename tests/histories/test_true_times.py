"""The true times lie within the intervals, whatever the looks, kills and outages were."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any, Self

import duckdb
import pytest

from crashes.processes import in_process
from histories.runs import TOKEN, Moment, killed_run, run
from incorta_loads.analysis.build import build_models
from incorta_loads.analysis.outcomes import StatusOutcomes, TypeRoles
from incorta_loads.config.settings import load_settings
from incorta_loads.ingest.polling import watch_until_final
from incorta_loads.ingest.run import load_answer
from incorta_loads.warehouse.writing import open_for_writing
from incorta_simulator.company.company import Company
from incorta_simulator.company.plans import Group, Plan, Schema
from incorta_simulator.faults.faults import Exchange, Refusal
from incorta_simulator.server.simulator import Simulator
from support.proof import IS_PROOF

SEEDS = range(6) if IS_PROOF else (2,)
EVENTS = 40 if IS_PROOF else 20
PLAYED = 2 * EVENTS // 3
EVERY_SECONDS = 2.0

_PLANS = tuple(
    Plan(name, (Group("g", (Schema.of("A", tables), Schema.of("B", "x y"))), Group("h", (end,))))
    for name, tables, end in (
        ("Short", "p q", Schema.of("C", "z")),
        ("Long", "p q r s t u v w", Schema.of("A", "again")),
    )
)


@dataclass
class Passing:
    """The cluster's clock, which stands still but for moves, and its weather, which moves it.

    With every request it may move, before the answer is made; some requests are refused.

    Attributes:
        now: the cluster's time in seconds.
        moves: the moments of all moves, and the times to which the clock was moved.
    """

    draw: random.Random
    now: float = 0.0
    moves: list[tuple[datetime, float]] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def __call__(self) -> float:
        return self.now

    def move(self, most_seconds: float) -> None:
        """Moves the clock, by up to so many seconds."""
        later = self.now + self.draw.uniform(0, most_seconds)
        self.moves.append((datetime.now(UTC), later))
        self.now = later

    def reached(self, cluster_time: float) -> datetime | None:
        """The moment at which the clock reached a time; None if it has not."""
        return next((at for at, now in self.moves if now >= cluster_time), None)

    def strike(self, _execution_id: int, _nth_request: int) -> Self:
        return self

    def write(self, exchange: Exchange) -> None:
        with self.lock:
            self.move(self.draw.choice((0, 0, 0.5, 2)))
            if self.draw.random() < 0.05:
                Refusal(503).write(exchange)
            else:
                exchange.write_last(exchange.normal().encode())


class _Nowhere:
    """A screen that shows nothing."""

    def __getattr__(self, _name: str) -> Callable[..., None]:
        return lambda *_: None


@dataclass
class History:
    """A cluster whose time passes, and the warehouse that looks at it."""

    simulator: Simulator
    clock: Passing
    path: Path
    counts: Counter[str] = field(default_factory=Counter)

    def happens(self) -> None:
        """One event: mostly a run, sometimes a kill, an outage or somebody who watches."""
        draw = self.clock.draw
        self.clock.move(draw.choice((0.5, 3, 3, 12)))
        event = draw.choice((self.run, self.run, self.run, self.kill, self.outage, self.watch))
        self.counts[event.__name__] += 1
        event()

    def run(self) -> None:
        run(self.path, self.simulator.url, None, concurrency=1)

    def kill(self) -> None:
        """A run dies before or after one of its commits."""
        moment = Moment(self.clock.draw.randrange(2), self.clock.draw.random() < 0.5)
        in_process(killed_run, self.path, self.simulator.url, moment)

    def outage(self) -> None:
        """A run finds nobody, and the cluster starts again after it."""
        self.simulator.stop()
        run(self.path, self.simulator.url, None, concurrency=1)
        self.simulator.start()

    def watch(self) -> None:
        """Somebody watches the latest execution to its end."""
        settings = load_settings(
            {"cluster_url": self.simulator.url, "tenant": "demo", "token": TOKEN, "cluster": "c"}
            | {"max_attempts": 1}
        )
        watched = watch_until_final(
            settings,
            self.simulator.company.ids[-1],
            every_seconds=0,
            timeout_seconds=float("inf"),
            appear_seconds=0,
            outcome_of=StatusOutcomes().of,
            role_of=TypeRoles().of,
            screen=_Nowhere(),
        )
        assert watched.answer is not None
        with open_for_writing(self.path, 5) as warehouse:
            load_answer(warehouse, settings, watched.answer, watched.looks)


def read(path: Path, query: str) -> list[dict[str, Any]]:
    with duckdb.connect(path, read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        found = connection.execute(query)
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def is_within(truth: datetime, after: datetime | None, by: datetime | None) -> bool:
    """Whether the truth lies within an interval, of which each end may be unknown."""
    return (after is None or after < truth) and (by is None or truth <= by)


@pytest.mark.parametrize("seed", SEEDS)
def test_true_times_lie_within(
    tmp_path: Path, seed: int, report_figure: Callable[[str], None]
) -> None:
    """Starts and ends of executions and tables are within their intervals; most are known.

    No look that the warehouse has lies inside an interval, so that none is wider than need be.
    """
    clock = Passing(random.Random(seed))
    company = Company(_PLANS, executions=10, running=0, seed=seed, clock=clock)
    path = tmp_path / "warehouse.duckdb"
    with Simulator(company, token=TOKEN) as simulator:
        run(path, simulator.url, None)
        played = company.play(PLAYED, every=EVERY_SECONDS)
        simulator.faults.weather = clock  # type: ignore[assignment]
        history = History(simulator, clock, path)
        for _ in range(EVENTS):
            history.happens()
        clock.move(1_000)
        simulator.faults.weather = None
        run(path, simulator.url, None)
    build_models(path)
    looks = read(
        path,
        "SELECT execution_id, fetched_at AS at FROM load_status.fetches "
        "WHERE outcome IN ('loaded', 'not_found') UNION SELECT execution_id, "
        "unnest([seen_after, seen_by]) FROM load_status.status_changes",
    )
    wrong: list[object] = []
    known: Counter[str] = Counter()

    def check(row: dict[str, Any], name: str, cluster_time: float) -> None:
        truth, after, by = clock.reached(cluster_time), row[f"{name}_after"], row[f"{name}_by"]
        known[name] += after is not None and by is not None
        known[f"all {name}"] += 1
        if truth is None or not is_within(truth, after, by):
            wrong.append((row, name, truth))
        if any(
            each["execution_id"] == row["execution_id"] and after < each["at"] < by
            for each in looks
            if after and by
        ):
            wrong.append((row, name, "is too wide"))

    executions = read(path, "FROM load_analysis.execution_times")
    for row in executions:
        if row["execution_id"] in played:
            begin, end = company.times(row["execution_id"])[()]
            check(row, "started", begin)
            check(row, "ended", end)
    for row in read(path, "FROM load_analysis.table_times"):
        names = (row["group_name"], row["schema_name"], row["table_name"])
        begin, end = company.times(row["execution_id"])[names]
        check(row, "began", begin)
        check(row, "ended", end)
    report_figure(f"{dict(history.counts)} events: known of {dict(known)}, {len(wrong)} wrong")
    assert wrong == []
    assert {row["execution_id"] for row in executions} >= set(played)
    assert all(known[name] > known[f"all {name}"] // 2 for name in ("started", "ended", "began"))

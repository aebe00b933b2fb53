"""How often alerts are wrong, and how soon they come: drawn histories through the product's SQL.

    PYTHONPATH=tests python tests/benches/alarms.py [TABLES]

The tables that it prints are in docs/analysis.md. TABLES is the number of tables per model, 1,000
unless given.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from scipy.stats import hypergeom

from sql.base_rows import write_base_tables
from sql.compiled import Model, build, compiled_models
from sql.on_streaks import BACKTEST, STREAKS, VERDICTS, built_on_streaks, drawn, insert_series
from sql.stationary import CHANGES, NULL_MODELS, Drawn, Failed, insert_runs
from support.peaks import peak_mib

RUNS = 1_000
COVERAGE_RUNS = 120
LOOKS = (100, 200, 500, 1_000)
SEEDS = range(1, 6)
WIDTHS, BASELINE, AT_LEAST, LEVEL, AGAIN = (5, 10, 20, 40, 80), 200, 20, 0.0001, 0.1


def main(tables: int) -> None:
    compiled = _compiled()
    print(f"{tables} tables for each model and seed, {len(SEEDS)} seeds\n")
    _print_false_verdicts(compiled, tables)
    _print_false_messages(compiled, tables)
    _print_coverage(compiled, tables)
    _print_power(compiled, tables)
    _print_cost(compiled)


def _compiled() -> list[Model]:
    with tempfile.TemporaryDirectory() as directory:
        database = Path(directory) / "warehouse.duckdb"
        write_base_tables(database)
        return compiled_models(database, {})


def _print_false_verdicts(compiled: list[Model], tables: int) -> None:
    """False verdicts per 1,000 tables at one look, over all seeds and lengths of the history."""
    found = []
    for seed in SEEDS:
        whole = drawn(NULL_MODELS, RUNS, tables, seed)
        for runs in LOOKS:
            histories = {
                name: Drawn(each.failed[:runs], each.rates) for name, each in whole.items()
            }
            with built_on_streaks(compiled, histories) as warehouse:
                found.append(
                    warehouse.execute(
                        """
                        select tenant as model, verdict, count(*) as tables, $runs as runs
                        from load_analysis_steps.int_regressions
                        inner join load_analysis_steps.int_table_series using (series_id)
                        group by all
                        """,
                        {"runs": runs},
                    ).df()
                )
    counts = pd.concat(found).pivot_table(
        index="model", columns=["verdict", "runs"], values="tables", aggfunc="sum", fill_value=0
    )
    per_thousand = counts * 1_000 / (tables * len(SEEDS))
    print("False verdicts per 1,000 tables at one look, by number of runs\n")
    print(
        "| tables that do not change | "
        + " | ".join(
            f"{verdict}, {runs}" for verdict in ("regressed", "improved") for runs in LOOKS
        )
        + " |"
    )
    print("|---" * (1 + 2 * len(LOOKS)) + "|")
    for model in NULL_MODELS:
        cells = [
            f"{per_thousand.get((verdict, runs), pd.Series(dtype=float)).get(model, 0.0):.1f}"
            for verdict in ("regressed", "improved")
            for runs in LOOKS
        ]
        print(f"| {model} | " + " | ".join(cells) + " |")
    print()


def _print_false_messages(compiled: list[Model], tables: int) -> None:
    """False messages per 1,000 tables and 1,000 runs: as the backtest has them, and by replay."""
    print("False messages per 1,000 tables and 1,000 runs\n")
    print(
        "| tables that do not change | worse, at each start | worse, after every run (one seed) "
        "| eager, at each start | broken |"
    )
    print("|---|---|---|---|---|")
    for name, process in NULL_MODELS.items():
        messages = {"current worse": 0, "eager worse": 0, "current broken": 0}
        replayed = 0
        for seed in SEEDS:
            histories = drawn({name: process}, RUNS, tables, seed)
            with built_on_streaks(compiled, histories, backtest=True) as warehouse:
                for setting, kind, count in warehouse.execute(
                    "select setting, kind, messages from load_analysis.alert_backtest_summary"
                ).fetchall():
                    messages[f"{setting} {kind}"] += count
            if seed == SEEDS[0]:
                replayed = messages_after_every_run(histories[name].failed)
        per_seed = 1_000_000 / (tables * RUNS)
        per = per_seed / len(SEEDS)
        print(
            f"| {name} | {messages['current worse'] * per:.1f} | {replayed * per_seed:.1f} "
            f"| {messages['eager worse'] * per:.1f} | {messages['current broken'] * per:.0f} |",
            flush=True,
        )
    print()


def messages_after_every_run(failed: Failed) -> int:
    """Messages `worse` if somebody looks after every run of every table, by the definitions."""
    said = 0
    p_values = _PValues()
    for runs in failed.T:
        starts = _trials_by_run(runs)
        is_on = False
        known = None
        for trials in starts:
            if trials is known:
                continue
            known = trials
            p = p_values.of(trials)
            if not is_on and p is not None and p <= LEVEL:
                said, is_on = said + 1, True
            elif is_on and (p is None or p > AGAIN):
                is_on = False
    return said


def _trials_by_run(runs: np.ndarray) -> list[tuple[int, tuple[int, ...]]]:
    """After each run: the number of trials, and the starts among them, both as then known."""
    found = []
    trials, starts = 0, []
    successes, pending = 0, False
    known: tuple[int, tuple[int, ...]] = (0, ())
    for is_error in runs:
        at_risk = successes >= 2
        if at_risk and not is_error:
            trials += 1
        if is_error:
            pending = pending or at_risk
            successes = 0
        else:
            successes += 1
        if pending and successes == 2:
            trials += 1
            starts.append(trials)
            pending = False
        if (trials, len(starts)) != (known[0], len(known[1])):
            known = (trials, tuple(starts))
        found.append(known)
    return found


class _PValues:
    """P-values of windows, each computed once."""

    def __init__(self) -> None:
        self._tails: dict[tuple[int, int, int, int], float] = {}

    def of(self, trials: tuple[int, tuple[int, ...]]) -> float | None:
        """The least p-value over the tested widths, times their number."""
        count, starts = trials
        tested = []
        for width in WIDTHS:
            baseline = min(BASELINE, count - width)
            if baseline < AT_LEAST:
                break
            recent = sum(start > count - width for start in starts[-width:])
            before = sum(
                count - width - baseline < start <= count - width
                for start in starts[-(width + baseline) :]
            )
            tested.append(self._tail(width, recent, baseline, before))
        return min(1.0, len(tested) * min(tested)) if tested else None

    def _tail(self, width: int, recent: int, baseline: int, before: int) -> float:
        key = (width, recent, baseline, before)
        if key not in self._tails:
            self._tails[key] = float(
                hypergeom.sf(recent - 1, width + baseline, recent + before, width)
            )
        return self._tails[key]


def _print_coverage(compiled: list[Model], tables: int) -> None:
    """How many 95 % intervals of error rates hold the true rate."""
    held: dict[str, list[float]] = {name: [] for name in NULL_MODELS}
    for seed in SEEDS:
        histories = drawn(NULL_MODELS, COVERAGE_RUNS, tables, seed)
        with tempfile.TemporaryDirectory() as directory:
            database = Path(directory) / "warehouse.duckdb"
            write_base_tables(database)
            with duckdb.connect(str(database)) as warehouse:
                for name, each in histories.items():
                    insert_runs(warehouse, name, each.failed)
                build(warehouse, compiled)
                for name, each in histories.items():
                    ends = warehouse.execute(
                        """
                        select error_rate_low, error_rate_high
                        from load_analysis.failure_rates_by_table
                        where tenant = ? order by cast(table_name[2:] as integer)
                        """,
                        [name],
                    ).df()
                    inside = (ends.error_rate_low <= each.rates) & (
                        each.rates <= ends.error_rate_high
                    )
                    held[name].append(100 * float(inside.mean()))
    print(f"95 % intervals that hold the true error rate, {COVERAGE_RUNS} runs\n")
    print("| tables that do not change | share |")
    print("|---|---|")
    for name, shares in held.items():
        print(f"| {name} | {np.mean(shares):.0f} % |")
    print()


def _print_power(compiled: list[Model], tables: int) -> None:
    """How many changes are found, how soon, and whether it is said since when."""
    change, later = RUNS // 2, 80
    print(f"Tables that change after run {change}\n")
    print(
        "| error rate | worse is sent within 50 runs | 100 | 200 | median delay in runs "
        f"| broken is sent within 100 | regressed after {later} runs | since, within 20 runs "
        "| bounds hold the change |"
    )
    print("|---" * 9 + "|")
    for name, process in CHANGES.items():
        sent, verdicts = [], []
        for seed in SEEDS:
            histories = drawn({name: process}, RUNS, tables, seed)
            with built_on_streaks(compiled, histories, backtest=True) as warehouse:
                sent.append(warehouse.execute(_FIRST_MESSAGES, {"change": change}).df())
            cut = {
                name: Drawn(each.failed[: change + later], each.rates)
                for name, each in histories.items()
            }
            with built_on_streaks(compiled, cut) as warehouse:
                verdicts.append(warehouse.execute(_REGRESSED).df())
        total = tables * len(SEEDS)
        messages, regressed = pd.concat(sent), pd.concat(verdicts)
        delays = {
            kind: (messages[messages.kind == kind].told - change).to_numpy()
            for kind in ("worse", "broken")
        }
        every = np.concatenate([delays["worse"], np.full(total - len(delays["worse"]), np.inf)])
        holds = (regressed.after.fillna(0) <= change) & (regressed.by > change)
        cells = [
            *(f"{100 * (delays['worse'] <= most).sum() / total:.0f} %" for most in (50, 100, 200)),
            f"{np.median(every):.0f}",
            f"{100 * (delays['broken'] <= 100).sum() / total:.0f} %",
            f"{100 * len(regressed) / total:.0f} %",
            f"{100 * ((regressed.since - change - 1).abs() <= 20).mean():.0f} %",
            f"{100 * holds.mean():.0f} %",
        ]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


_FIRST_MESSAGES = """
select kind, table_name, min(told_at_execution_id) as told from load_analysis.alert_backtest
where setting = 'current' and told_at_execution_id > $change
group by all
"""
_REGRESSED = """
select
    points.since_execution_id as since,
    points.changed_after_execution_id as after,
    points.changed_by_execution_id as by
from load_analysis_steps.int_regressions as regressions
left join load_analysis_steps.int_change_points as points using (series_id)
where regressions.verdict = 'regressed'
"""


def _print_cost(compiled: list[Model]) -> None:
    """Time and memory of the statistics, each in a process of its own, on 10 million runs."""
    print("\nCost\n")
    print("| models | tables × runs | seconds | peak memory |")
    print("|---|---|---|---|")
    for what, names, tables in (
        ("from streaks to verdicts", VERDICTS, 10_000),
        ("backtest", BACKTEST, 1_000),
    ):
        with tempfile.TemporaryDirectory() as directory:
            database = Path(directory) / "warehouse.duckdb"
            prepared = (*STREAKS, *(VERDICTS if names is BACKTEST else ()))
            with duckdb.connect(str(database)) as warehouse:
                insert_series(
                    warehouse, drawn({"all": NULL_MODELS["streaks of 3"]}, RUNS, tables, 1)
                )
                build(warehouse, [model for model in compiled if model.name in prepared])
            models = json.dumps([model for model in compiled if model.name in names])
            started = time.perf_counter()
            process = subprocess.Popen(
                [sys.executable, "-c", _BUILD, str(database)], stdin=subprocess.PIPE, text=True
            )
            assert process.stdin is not None
            process.stdin.write(models)
            process.stdin.close()
            peak = peak_mib(process)
            seconds = time.perf_counter() - started
            assert process.returncode == 0
            size = f"{tables:,} × {RUNS:,}"
            print(f"| {what} | {size} | {seconds:.1f} | {peak:.0f} MiB |", flush=True)


_BUILD = """
import json, sys
import duckdb
with duckdb.connect(sys.argv[1], config={"memory_limit": "700MB"}) as warehouse:
    for schema, name, is_view, query in json.load(sys.stdin):
        warehouse.execute(f'create schema if not exists {schema}')
        warehouse.execute(f'create table {schema}."{name}" as {query}')
"""


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000)

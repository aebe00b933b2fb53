"""A small run with everything in it, what must be there after it, and what nobody may ever see."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path
from typing import Any, Literal

import duckdb

from crashes.points import Killer, Recorder, watch
from crashes.snapshots import Directory, Snapshots
from incorta_loads import batches
from incorta_loads.ingest import ingest_into
from incorta_loads.settings import load_settings
from incorta_loads.warehouse import open_for_reading, open_for_writing

NAME = "warehouse.duckdb"
EXECUTIONS_A_BATCH = 5  # so that the first run has several batches

State = dict[str, list[tuple[Any, ...]]]
"""Table → rows."""

_READ = {
    "nodes": "SELECT * EXCLUDE (fetched_at) FROM load_status.nodes ORDER BY ALL",
    "ledger": (
        "SELECT execution_id, arg_max(outcome, (fetched_at, run_id)), "
        "arg_max(http_status, (fetched_at, run_id)) FROM load_status.fetches GROUP BY 1 ORDER BY 1"
    ),
    "invalid_payloads": (
        "SELECT execution_id, body_sha256, error, body, bytes FROM load_status.invalid_payloads "
        "ORDER BY ALL"
    ),
    "columns": (
        "SELECT table_name, column_name, data_type, comment FROM duckdb_columns() "
        "WHERE schema_name = 'load_status' AND table_name NOT LIKE '\\_dlt%' ESCAPE '\\' "
        "ORDER BY ALL"
    ),
}

_BROKEN = {
    "an execution that is not whole": (
        "SELECT execution_id FROM load_status.nodes GROUP BY 1 "
        "HAVING count(*) <> max(last_descendant_id) + 1 OR count(*) <> count(DISTINCT node_id)"
        " OR count(DISTINCT fetched_at) > 1"
    ),
    "a ledger row ahead of its nodes": (
        "SELECT execution_id FROM load_status.fetches WHERE outcome = 'loaded' AND execution_id "
        "NOT IN (SELECT execution_id FROM load_status.nodes)"
    ),
    "a ledger row ahead of its body": (
        "SELECT execution_id FROM load_status.fetches WHERE outcome = 'invalid_payload' AND "
        "execution_id NOT IN (SELECT execution_id FROM load_status.invalid_payloads)"
    ),
    "two ledger rows of one run": (
        "SELECT execution_id FROM load_status.fetches GROUP BY execution_id, run_id "
        "HAVING count(*) > 1"
    ),
}


def run(home: Path, url: str, *, in_batches: bool = False) -> None:
    """One scheduled run, as the command makes it, with the warehouse in the folder `home`."""
    if in_batches:
        batches.MOST_EXECUTIONS = EXECUTIONS_A_BATCH
    settings = load_settings(
        {"cluster_url": url, "tenant": "demo", "token": "crash-token", "cluster": "c"}
        | {"probe_gap": 4, "max_attempts": 1, "concurrency": 1}
    )
    with open_for_writing(home / NAME, 5) as warehouse:
        done = ingest_into(
            warehouse, settings, None, stopping=threading.Event(), report=lambda _: None
        )
    assert done.ended_by is None


def record(home: Path, url: str, store: Path, *, in_batches: bool) -> list[tuple[str, Directory]]:
    """Each point of an undisturbed run, and what a kill there would leave."""
    recorder = Recorder(home, Snapshots(store))
    watch(recorder)
    run(home, url, in_batches=in_batches)
    return recorder.seen


def crash(home: Path, url: str, fatal: int, store: Path | None = None) -> Literal["survived"]:
    """A run that is killed at its point number `fatal`, unless it ends before.

    With a store, it writes beside the folder what the kill is going to leave.
    """

    def look() -> None:
        if store is not None:
            left = Snapshots(store).take(home)
            left_beside(home).write_text(json.dumps(left))

    watch(Killer(fatal, look))
    run(home, url)
    return "survived"


def left_beside(home: Path) -> Path:
    """Where `crash` writes what a kill is going to leave."""
    return home.with_name(f"{home.name}.left")


def state(home: Path) -> State:
    """What must be equal after any sequence of runs that ends with an undisturbed one."""
    with open_for_reading(home / NAME, 5) as connection:
        return {name: connection.execute(query).fetchall() for name, query in _READ.items()}


def broken(home: Path) -> str:
    """What no reader may ever see; empty when all is well."""
    path = home / NAME
    if not path.exists() or not path.stat().st_size:
        return ""  # nothing to read yet
    with open_for_reading(path, 5) as connection:
        if not _has_tables(connection):
            return ""
        found = {name: connection.execute(query).fetchall() for name, query in _BROKEN.items()}
    return "; ".join(f"{name}: {rows}" for name, rows in found.items() if rows)


def _has_tables(connection: duckdb.DuckDBPyConnection) -> bool:
    rows = connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'load_status'"
    ).fetchall()
    return {"nodes", "fetches", "invalid_payloads"} <= {name for (name,) in rows}


def wrong_after(crashed: Directory, store: Path, home: Path, url: str, expected: State) -> str:
    """What is wrong with a crashed directory or with what the next run makes of it; empty: nothing.

    Readers look at a copy: the next run finds what was left, not what a reader has tidied up.
    """
    snapshots = Snapshots(store)
    snapshots.restore(crashed, home)
    if seen := broken(home):
        return f"a reader sees {seen}"
    snapshots.restore(crashed, home)
    wrong = wrong_after_next_run(home, url, expected)
    shutil.rmtree(home)
    return wrong


def wrong_after_next_run(home: Path, url: str, expected: State) -> str:
    """What an undisturbed run leaves otherwise than it should; empty: nothing."""
    run(home, url)
    left = sorted(path.name for path in home.iterdir())
    if left != [NAME, f"{NAME}.lock"]:
        return f"the next run leaves {left}"
    if seen := broken(home):
        return f"after the next run a reader sees {seen}"
    now = state(home)
    return ", ".join(f"other {name}" for name in expected if now[name] != expected[name])

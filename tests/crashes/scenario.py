"""A small run with every kind of change, and the errors after a kill."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Literal

from crashes.points import Killer, Recorder, watch
from crashes.readers import State, broken, broken_changes, state_and_changes
from crashes.snapshots import Directory, Snapshots
from incorta_loads.analysis.outcomes import StatusOutcomes
from incorta_loads.config.settings import load_settings
from incorta_loads.ingest import batches
from incorta_loads.ingest.run import ingest_into
from incorta_loads.ingest.stopping import Stopping
from incorta_loads.warehouse.writing import open_for_writing

NAME = "warehouse.duckdb"
EXECUTIONS_A_BATCH = 5  # small enough for several batches in the first run


def run(home: Path, url: str, *, in_batches: bool = False) -> None:
    """Makes one scheduled run as the command does, with the warehouse in the folder `home`."""
    if in_batches:
        batches.MOST_EXECUTIONS = EXECUTIONS_A_BATCH
    settings = load_settings(
        {"cluster_url": url, "tenant": "demo", "token": "crash-token", "cluster": "c"}
        | {"probe_gap": 4, "max_attempts": 1, "concurrency": 1}
    )
    with open_for_writing(home / NAME, 5) as warehouse:
        done = ingest_into(
            warehouse,
            settings,
            None,
            outcome_of=StatusOutcomes().of,
            stopping=Stopping(),
            report=lambda _: None,
        )
    assert done.ended_by is None


def record(
    home: Path, url: str, store: Path, *, in_batches: bool = False
) -> list[tuple[str, Directory]]:
    """Each point of an undisturbed run, and the files that a kill there would leave."""
    recorder = Recorder(home, Snapshots(store))
    watch(recorder)
    run(home, url, in_batches=in_batches)
    return recorder.seen


def crash(home: Path, url: str, fatal: int, store: Path | None = None) -> Literal["survived"]:
    """A run that is killed at point number `fatal`, unless it ends before.

    With a store, it first writes the list of the current files beside the folder.
    """

    def look() -> None:
        if store is not None:
            left = Snapshots(store).take(home)
            left_beside(home).write_text(json.dumps(left))

    watch(Killer(fatal, look))
    run(home, url)
    return "survived"


def left_beside(home: Path) -> Path:
    """The path at which `crash` writes the list of files."""
    return home.with_name(f"{home.name}.left")


def wrong_after(crashed: Directory, store: Path, home: Path, url: str, expected: State) -> str:
    """The error in a crashed directory or after the next run, or an empty text.

    Readers use a copy, so that the next run finds the files unchanged by a reader.
    """
    snapshots = Snapshots(store)
    snapshots.restore(crashed, home)
    if seen := broken(home / NAME):
        return f"a reader sees {seen}"
    snapshots.restore(crashed, home)
    wrong = wrong_after_next_run(home, url, expected)
    shutil.rmtree(home)
    return wrong


def wrong_after_next_run(home: Path, url: str, expected: State) -> str:
    """The error after an undisturbed run, or an empty text."""
    run(home, url)
    left = sorted(path.name for path in home.iterdir())
    if left != [NAME, f"{NAME}.lock"]:
        return f"the next run leaves {left}"
    if seen := broken(home / NAME):
        return f"after the next run a reader sees {seen}"
    if seen := broken_changes(home / NAME):
        return f"after the next run there is {seen}"
    now = state_and_changes(home / NAME)
    return ", ".join(f"other {name}" for name in expected if now[name] != expected[name])

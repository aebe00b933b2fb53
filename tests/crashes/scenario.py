"""A small run with everything in it, and what must be there after it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from incorta_loads import batches
from incorta_loads.ingest import ingest_into
from incorta_loads.settings import Settings, load_settings
from incorta_loads.warehouse import open_for_writing

EXECUTIONS_A_BATCH = 5  # so that a small run has several batches

State = dict[str, list[tuple[Any, ...]]]

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


def run(database: Path, url: str) -> None:
    """One scheduled run, as the command makes it."""
    batches.MOST_EXECUTIONS = EXECUTIONS_A_BATCH
    settings: Settings = load_settings(
        {"cluster_url": url, "tenant": "demo", "token": "crash-token", "cluster": "c"}
        | {"probe_gap": 3, "max_attempts": 1, "concurrency": 1}
    )
    with open_for_writing(database, 5) as warehouse:
        done = ingest_into(
            warehouse, settings, None, stopping=threading.Event(), report=lambda _: None
        )
    assert done.ended_by is None


def state(database: Path) -> State:
    """What must be equal after any sequence of runs that ends with an undisturbed one."""
    with duckdb.connect(database, read_only=True) as connection:
        return {name: connection.execute(query).fetchall() for name, query in _READ.items()}


def broken(database: Path) -> dict[str, list[tuple[Any, ...]]]:
    """What no reader may ever see; empty when all is well."""
    if not database.exists():
        return {}
    with duckdb.connect(database) as connection:  # as the next opener: replays what was logged
        names = {
            name
            for (name,) in connection.execute(
                "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'load_status'"
            ).fetchall()
        }
        if not {"nodes", "fetches", "invalid_payloads"} <= names:
            return {}
        found = {name: connection.execute(query).fetchall() for name, query in _BROKEN.items()}
    return {name: rows for name, rows in found.items() if rows}


def in_child(action: Callable[[], None]) -> int:
    """Runs the action in a fork of this process; its exit code, or minus the signal.

    A fork has everything imported; this process itself opens no database and starts no thread.
    """
    child = os.fork()
    if child == 0:
        code = 1
        try:
            action()
            code = 0
        except BaseException as error:  # noqa: BLE001 (told by the exit code; a fork must not return)
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


_MUTATING = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "shutil.rmtree")


@dataclass
class Points:
    """Counts the operations of this process, and kills it at one of them.

    Attributes:
        fatal: number of the operation that is not survived; None: count only.
        seen: what each operation was.
    """

    fatal: int | None = None
    seen: list[str] = field(default_factory=list)

    def pass_by(self, what: str) -> None:
        """One more operation is about to happen, or has just happened."""
        if len(self.seen) == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        self.seen.append(what)


def watch(points: Points) -> None:
    """Every file operation of Python and every statement of DuckDB that writes becomes a point.

    For a process that ends soon: an audit hook cannot be taken back.
    """

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        writes = (
            event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
        )
        if writes or event in _MUTATING:
            points.pass_by(f"{event} {arguments[0]}")

    execute = duckdb.DuckDBPyConnection.execute

    def counted(self: duckdb.DuckDBPyConnection, query: Any, *args: Any, **kwargs: Any) -> Any:
        if re.match(r"\s*(--.*\s*)?(SELECT|SET|WITH|DESCRIBE)\b", str(query), re.IGNORECASE):
            return execute(self, query, *args, **kwargs)  # leaves what the point before left
        points.pass_by(f"before {str(query)[:60]}")
        result = execute(self, query, *args, **kwargs)
        points.pass_by(f"after {str(query)[:60]}")
        return result

    duckdb.DuckDBPyConnection.execute = counted  # type: ignore[method-assign]
    sys.addaudithook(hook)


def count_points(database: Path, url: str) -> list[str]:
    """The operations of an undisturbed run."""
    listing = database.with_suffix(".points")

    def action() -> None:
        points = Points()
        watch(points)
        run(database, url)
        listing.write_text(json.dumps(points.seen))

    assert in_child(action) == 0
    seen: list[str] = json.loads(listing.read_text())
    return seen


def crash(database: Path, url: str, fatal: int) -> None:
    """A run that is killed at its operation number `fatal`."""

    def action() -> None:
        watch(Points(fatal))
        run(database, url)

    code = in_child(action)
    assert code in (-signal.SIGKILL, 0), code


def recover(database: Path, url: str) -> None:
    """An undisturbed run."""
    assert in_child(lambda: run(database, url)) == 0


def copied(origin: Path | None, directory: Path) -> Path:
    """A directory of its own with a copy of the warehouse, or with none."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    database = directory / "warehouse.duckdb"
    if origin is not None:
        shutil.copy(origin, database)
    return database
